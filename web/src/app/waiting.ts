import { daysBetween } from '../lib/dates'
import type { Day, WaitingTask } from '../schema'

export type When = 'late' | 'week' | 'later' | 'undated'

/** Tasks by when they are due, each group in order; empty groups are left out. Due today is no delay. */
export function byWhen(tasks: readonly WaitingTask[], today: Day): { when: When; tasks: WaitingTask[] }[] {
  const order: When[] = ['late', 'week', 'later', 'undated']
  const sorted = [...tasks].sort((a, b) => (a.due ?? '9').localeCompare(b.due ?? '9'))
  return order
    .map((when) => ({ when, tasks: sorted.filter((task) => whenOf(task.due, today) === when) }))
    .filter((group) => group.tasks.length > 0)
}

function whenOf(due: Day | null, today: Day): When {
  if (due === null) return 'undated'
  const left = daysBetween(today, due)
  if (left < 0) return 'late'
  return left <= 7 ? 'week' : 'later'
}
