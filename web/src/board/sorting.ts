// The order of the list: by one column, up or down. What has no value comes last in both directions.

import type { Card, Lane } from './state.svelte.ts'

export type SortKey = 'title' | 'column' | 'owner' | 'due' | 'goal' | 'state'
export interface Sorting {
  by: SortKey
  down: boolean
}

/** A task in a row of the list. */
export interface Row {
  card: Card
  lane: Lane
}

/** The rows in the order wished; equal ones as they stand on the board. */
export function sorted(rows: readonly Row[], lanes: readonly Lane[], { by, down }: Sorting, language: string): Row[] {
  const collator = new Intl.Collator(language, { numeric: true })
  const values = new Map(rows.map((row) => [row, sortValue(row, lanes, by)]))
  return [...rows].sort((a, b) => {
    const [x, y] = [values.get(a) ?? null, values.get(b) ?? null]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : collator.compare(String(x), String(y))
    return down ? -order : order
  })
}

function sortValue({ card, lane }: Row, lanes: readonly Lane[], by: SortKey): string | number | null {
  const { view } = card
  switch (by) {
    case 'title':
      return view.task.title
    case 'column':
      return lanes.indexOf(lane)
    case 'owner':
      return view.ownerName || null
    case 'due':
      return view.task.due
    case 'goal':
      return view.goals[0]?.number ?? null
    case 'state':
      return view.done ? 3 : view.task.blocked_because ? 2 : view.lines.all > 0 ? view.lines.done / view.lines.all : 0
    default:
      return by satisfies never
  }
}
