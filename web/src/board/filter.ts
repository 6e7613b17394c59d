// Which cards of a board are shown. Kept in the address, so that a filtered board can be sent to somebody.

import { folded } from '../lib/names.ts'
import type { Id } from '../schema.ts'

export interface Filter {
  mine: boolean
  unowned: boolean
  overdue: boolean
  /** Numbers of goals; a card that serves one of them is shown. */
  goals: readonly number[]
  text: string
}

export const NO_FILTER: Filter = {
  mine: false,
  unowned: false,
  overdue: false,
  goals: [],
  text: '',
}

/** What a filter asks of a task. */
export interface Filterable {
  owner: Id | null
  helpers: readonly Id[]
  goals: readonly { number: number }[]
  overdue: boolean
  /** Everything a person may look for, folded by `folded`. */
  words: string
}

export function isActive(filter: Filter): boolean {
  const { mine, unowned, overdue, goals, text } = filter
  return mine || unowned || overdue || goals.length > 0 || text.trim() !== ''
}

/** Reads the filter from an address; what is not understood is left out. */
export function filterFrom(query: URLSearchParams): Filter {
  const goals = (query.get('goal') ?? '').split(',').map(Number)
  return {
    mine: query.get('mine') === '1',
    unowned: query.get('unowned') === '1',
    overdue: query.get('overdue') === '1',
    goals: goals.filter((one) => Number.isInteger(one) && one > 0),
    text: query.get('q') ?? '',
  }
}

/** The address parameters of a filter; null takes one out. */
export function queryOf(filter: Filter): Record<string, string | null> {
  return {
    mine: filter.mine ? '1' : null,
    unowned: filter.unowned ? '1' : null,
    overdue: filter.overdue ? '1' : null,
    goal: filter.goals.length > 0 ? filter.goals.join(',') : null,
    q: filter.text.trim() || null,
  }
}

/**
 * Says of a task whether it is shown. "Mine" and "unowned" widen each other, since no task is both; everything else
 * narrows. `found` holds tasks whose description or comments contain the text, which only the server knows.
 */
export function matcher(
  filter: Filter,
  me: Id,
  found: ReadonlySet<Id> = new Set(),
): (id: Id, task: Filterable) => boolean {
  const wanted = folded(filter.text).split(/\s+/).filter(Boolean)
  const goals = new Set(filter.goals)
  return (id, task) => {
    if (filter.overdue && !task.overdue) return false
    if (goals.size > 0 && !task.goals.some((goal) => goals.has(goal.number))) return false
    if (!wanted.every((word) => task.words.includes(word)) && !found.has(id)) return false
    if (!filter.mine && !filter.unowned) return true
    const mine = task.owner === me || task.helpers.includes(me)
    return (filter.mine && mine) || (filter.unowned && task.owner === null)
  }
}
