import { expect, test, vi } from 'vitest'
import type { AnyCommand } from '../schema.ts'
import type { Row } from './outbox.ts'
import { registerForesee } from './registry.ts'
import { Shown } from './shown.ts'
import { SpaceState } from './state.ts'
import { newTask } from './support/server.ts'

let guesses = 0
registerForesee('task.edit', (draft, { task, title }) => {
  guesses += 1
  if (title !== undefined) draft.patch('task', task, { title })
})
registerForesee('task.delete', () => {
  throw new Error('a mistake in a guess')
})

function shown(tasks = 3) {
  const confirmed = new SpaceState('s')
  for (let number = 1; number <= tasks; number += 1) confirmed.put(newTask(`t${number}`, 'c1', `A${number}`, 'me'))
  const view = new Shown(confirmed, 'me')
  view.refresh(
    [...confirmed].map(({ kind, id }) => `${kind}:${id}` as const),
    [],
  )
  return { confirmed, view }
}

const row = (id: string, command: AnyCommand): Row => ({
  id,
  space: 's',
  command,
  expects: null,
  onlyIf: null,
  at: '2026-11-16T09:00:00Z',
  about: 's',
  state: 'waiting',
  reason: null,
  needs: null,
  order: 1,
  sent: false,
  carried: [],
  seqs: {},
})
const edit = (id: string, task: string, title: string) => row(id, { verb: 'task.edit', task, title })

test('only what looks different is told, everything else stays the same object', () => {
  const { confirmed, view } = shown()
  const other = view.state.get('task', 't2')
  expect([...view.refresh([], [edit('1', 't1', 'B')])]).toEqual(['task:t1'])
  expect(view.state.get('task', 't2')).toBe(other)
  const guessed = view.state.get('task', 't1')
  confirmed.patch('task', 't2', { title: 'C' })
  expect([...view.refresh(['task:t2'], [edit('1', 't1', 'B')])]).toEqual(['task:t2'])
  expect(view.state.get('task', 't1')).toBe(guessed)
})

test('the entry that confirms a guess changes nothing on the screen', () => {
  const { confirmed, view } = shown()
  view.refresh([], [edit('1', 't1', 'B')])
  confirmed.patch('task', 't1', { title: 'B' })
  expect([...view.refresh(['task:t1'], [])]).toEqual([])
})

test('a guess that is taken back shows the truth again', () => {
  const { view } = shown()
  view.refresh([], [edit('1', 't1', 'B'), edit('2', 't1', 'C')])
  expect([...view.refresh([], [edit('2', 't1', 'C')])]).toEqual([])
  expect([...view.refresh([], [])]).toEqual(['task:t1'])
  expect(view.state.get('task', 't1')?.title).toBe('A1')
})

test('a queue that grows is not guessed all over', () => {
  const { view } = shown()
  const rows = [edit('1', 't1', 'B'), edit('2', 't2', 'C'), edit('3', 't3', 'D')]
  view.refresh([], rows.slice(0, 2))
  guesses = 0
  expect([...view.refresh([], rows)]).toEqual(['task:t3'])
  expect(guesses).toBe(1)
  // A row that got its place is another object with the same command.
  expect([
    ...view.refresh(
      [],
      rows.map((one) => ({ ...one, order: 5 })),
    ),
  ]).toEqual([])
  expect(guesses).toBe(1)
})

test('a mistake in a guess does not stand in the way', () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const { view } = shown()
  view.refresh([], [row('1', { verb: 'task.delete', task: 't1' }), edit('2', 't2', 'B')])
  expect(view.state.get('task', 't2')?.title).toBe('B')
  expect(warned).toHaveBeenCalledOnce()
  warned.mockRestore()
})

test('a guess sees what the guess before it changed', () => {
  const { view } = shown()
  view.refresh([], [edit('1', 't1', 'B'), row('2', { verb: 'task.edit', task: 't1', due: '2026-12-01' })])
  expect(view.state.get('task', 't1')?.title).toBe('B')
})
