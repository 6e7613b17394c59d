import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { AnyEntity, Entry, Hidden, Snapshot } from '../schema.ts'
import { apply, Hole } from './reducer.ts'
import { SpaceState } from './state.ts'
import { newTask } from './support/server.ts'

/** Recorded by the server: a snapshot, the entries after it, and the snapshot that they lead to, for one viewer. */
interface Vector {
  snapshot: Snapshot
  entries: (Entry | Hidden)[]
  result: Snapshot
}

const FOLDER = process.env.KORRIDOR_VECTORS ?? resolve(import.meta.dirname, '../../../tests/vectors')
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))

function vectorsIn(name: string): Vector[] {
  const read = JSON.parse(readFileSync(resolve(FOLDER, name), 'utf8')) as Vector | Vector[]
  return Array.isArray(read) ? read : [read]
}

function sorted({ entities, ...rest }: Snapshot): Snapshot {
  const name = ({ kind, id }: AnyEntity) => `${kind}:${id}`
  return { ...rest, entities: [...entities].sort((a, b) => (name(a) < name(b) ? -1 : 1)) }
}

describe('SEE2 snapshot and entries give the next snapshot', () => {
  test('there are vectors', () => {
    expect(names.length).toBeGreaterThan(0)
  })

  test.each(names)('%s', (name) => {
    for (const { snapshot, entries, result } of vectorsIn(name)) {
      const state = SpaceState.of(snapshot)
      for (const entry of entries) apply(state, entry)
      state.head = result.head
      expect(sorted(state.snapshot())).toEqual(sorted(result))
    }
  })
})

describe('apply', () => {
  const empty = () => {
    const state = new SpaceState('space')
    state.seq = 4
    return state
  }

  test('ORD1 a hole is noticed and changes nothing', () => {
    const state = empty()
    expect(() => apply(state, { shown: 0, seq: 6 })).toThrow(Hole)
    expect(state.seq).toBe(4)
  })

  test('an entry that is known already is skipped', () => {
    const state = empty()
    expect(apply(state, { shown: 0, seq: 4 })).toEqual([])
    expect(state.seq).toBe(4)
  })

  test('SEE4 a bare number counts', () => {
    const state = empty()
    apply(state, { shown: 0, seq: 5 })
    expect(state.seq).toBe(5)
  })
})

describe('what a state keeps', () => {
  const task = newTask('t1', 'c1', 'A', 'me')
  const comment: AnyEntity = {
    kind: 'comment',
    id: 'k1',
    to: 7,
    task: 't1',
    put_away_at: null,
    text: 'x',
    author: 'me',
    at: '2026-11-16T09:00:00Z',
    mentions: [],
    edited_at: null,
  }

  test('neither cold kinds nor what was put away', () => {
    const state = new SpaceState('space')
    state.put(comment)
    state.put(task)
    state.put({ ...task, put_away_at: '2026-11-16T09:00:00Z' })
    expect([...state]).toEqual([])
  })

  test('both for a task whose part is open, until it is closed', () => {
    const state = new SpaceState('space')
    state.open.add('t1')
    state.put(comment)
    state.put({ ...task, put_away_at: '2026-11-16T09:00:00Z' })
    expect([...state]).toHaveLength(2)
    expect(state.snapshot().entities).toEqual([])
    expect(state.closePart('t1').sort()).toEqual(['comment:k1', 'task:t1'])
    expect([...state]).toEqual([])
  })

  test('indexes follow every change', () => {
    const state = new SpaceState('space')
    state.put(task)
    expect(state.where('task', 'column', 'c1').map(({ id }) => id)).toEqual(['t1'])
    state.put({ ...task, id: 't2' })
    state.patch('task', 't1', { column: 'c2' })
    expect(state.where('task', 'column', 'c1').map(({ id }) => id)).toEqual(['t2'])
    expect(state.where('task', 'column', 'c2').map(({ id }) => id)).toEqual(['t1'])
    state.drop('task', 't1')
    expect(state.where('task', 'column', 'c2')).toEqual([])
  })

  test('a patch of what is not kept passes by', () => {
    const state = new SpaceState('space')
    state.patch('task', 'nowhere', { title: 'B' })
    expect([...state]).toEqual([])
  })

  test('a newer snapshot changes only what differs', () => {
    const state = SpaceState.of({ space: 's', seq: 1, head: 'a', viewer: 2, entities: [task, { ...task, id: 't2' }] })
    const kept = state.get('task', 't1')
    const entities = [{ ...task }, { ...task, id: 't3' }]
    const changed = state.become({ space: 's', seq: 5, head: 'b', viewer: 4, entities })
    expect(changed.sort()).toEqual(['task:t2', 'task:t3'])
    expect(state.get('task', 't1')).toBe(kept)
    expect(state).toMatchObject({ seq: 5, head: 'b', viewer: 4 })
  })
})
