import { expect, test } from 'vitest'
import type { Entry } from '../schema.ts'
import { withEntries } from './news.ts'

const entry = (by: string, about: string, kind: 'person' | 'system' = 'person'): Entry => ({
  shown: 1,
  seq: 1,
  at: '',
  by: { kind, id: by, for: null },
  verb: 'task.move',
  about,
  command: '',
  changes: [],
  unseen: [],
  other: null,
})

test('changes of others are summed up, each person and task once', () => {
  const first = withEntries(null, [entry('a', 't1'), entry('b', 't1')], 'me')
  const both = withEntries(first, [entry('a', 't2')], 'me')
  expect(both).toEqual({ people: ['a', 'b'], tasks: ['t1', 't2'], changes: 3 })
})

test('what I did and what the calendar did is no news', () => {
  expect(withEntries(null, [entry('me', 't1'), entry('x', 't1', 'system')], 'me')).toBeNull()
})
