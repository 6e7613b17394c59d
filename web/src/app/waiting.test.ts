import { expect, test } from 'vitest'
import type { WaitingTask } from '../schema'
import { byWhen } from './waiting'

const task = (title: string, due: string | null): WaitingTask => ({
  space: 's',
  task: title,
  title,
  due,
  column: 'Offen',
  blocked_because: null,
})

test('tasks are grouped by when they are due, in order', () => {
  const groups = byWhen(
    [
      task('none', null),
      task('far', '2026-12-24'),
      task('today', '2026-11-16'),
      task('old', '2026-10-01'),
      task('week', '2026-11-23'),
      task('yesterday', '2026-11-15'),
    ],
    '2026-11-16',
  )
  expect(groups.map((group) => [group.when, group.tasks.map((one) => one.title)])).toEqual([
    ['late', ['old', 'yesterday']],
    ['week', ['today', 'week']],
    ['later', ['far']],
    ['undated', ['none']],
  ])
})

test('no tasks, no groups', () => {
  expect(byWhen([], '2026-11-16')).toEqual([])
})
