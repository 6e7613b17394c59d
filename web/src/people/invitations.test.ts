import { describe, expect, it } from 'vitest'
import type { Invitation } from '../schema.ts'
import { addressesIn, cameBy, hashOf, linkOf, newToken, openOnes } from './invitations.ts'

const NOW = '2026-11-16T09:00:00Z'
const one = (fields: Partial<Invitation>): Invitation => ({
  kind: 'invitation',
  id: 'a',
  to: 1,
  token_hash: '',
  role: 'member',
  expires_at: '2026-11-23T09:00:00Z',
  most_uses: 5,
  created_by: 'mira',
  created_at: '2026-11-16T08:00:00Z',
  organisation: null,
  note: '',
  uses: 0,
  revoked_at: null,
  ...fields,
})

describe('a token', () => {
  it('is long, fit for an address, and another one each time', () => {
    const [first, second] = [newToken(), newToken()]
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(first).not.toBe(second)
  })

  it('goes to the server as its hash, and to people in the fragment', async () => {
    expect(await hashOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(new URL(linkOf('abc', 'https://k.example')).hash).toBe('#abc')
  })
})

describe('addresses', () => {
  it('are found in a list, a table and the line of a mail program, each once', () => {
    const pasted = 'Name;E-Mail\nNora;nora@a.example\n"Nils Neu" <Nils@b.example>, nora@A.example; mailto:o@c.example.'
    expect(addressesIn(pasted)).toEqual(['nora@a.example', 'nils@b.example', 'o@c.example'])
  })

  it('are none where there are none', () => {
    expect(addressesIn('  \n;,')).toEqual([])
  })

  it('that are broken are kept, so that somebody is told', () => {
    expect(addressesIn('nora@@a')).toEqual(['nora@@a'])
  })
})

describe('open invitations', () => {
  it('are those that have not run out, are not used up and not revoked; the newest first', () => {
    const all = [
      one({ id: 'older', created_at: '2026-11-15T08:00:00Z' }),
      one({ id: 'newer' }),
      one({ id: 'expired', expires_at: NOW }),
      one({ id: 'used up', uses: 5 }),
      one({ id: 'revoked', revoked_at: NOW }),
    ]
    expect(openOnes(all, NOW).map(({ id }) => id)).toEqual(['newer', 'older'])
  })

  it('know who came by them', () => {
    const part = (person: string, invitation: string | null, role: 'guest' | 'moderator' = 'guest') =>
      ({ person, invitation, role }) as Parameters<typeof cameBy>[1][number]
    const all = [part('nora', 'a'), part('max', null), part('nils', 'b'), part('mira', 'a', 'moderator')]
    expect(cameBy('a', all).map(({ person }) => person)).toEqual(['nora'])
  })
})
