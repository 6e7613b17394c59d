import { expect, test } from 'vitest'
import type { CardView } from './cards.ts'
import { type Row, type SortKey, sorted } from './sorting.ts'

const lanes = [{ id: 'a' }, { id: 'b' }] as unknown as Row['lane'][]

function row(title: string, lane: number, view: Partial<CardView> & { due?: string | null } = {}): Row {
  const { due = null, ...rest } = view
  const whole = {
    task: { title, due, blocked_because: null },
    goals: [],
    ownerName: '',
    lines: { done: 0, all: 0 },
    ...rest,
  }
  return { card: { view: whole }, lane: lanes[lane] } as unknown as Row
}

const rows = [
  row('Ämter anrufen', 1, { due: '2026-12-01', ownerName: 'Öztürk' }),
  row('Bus 10', 0, { ownerName: 'Zeller' }),
  row('Bus 9', 0, { due: '2026-11-01' }),
]
const titles = (by: SortKey, down = false) =>
  sorted(rows, lanes, { by, down }, 'de').map((one) => one.card.view.task.title)

test('titles are sorted as the language does, numbers by size', () => {
  expect(titles('title')).toEqual(['Ämter anrufen', 'Bus 9', 'Bus 10'])
  expect(titles('title', true)).toEqual(['Bus 10', 'Bus 9', 'Ämter anrufen'])
})

test('what has no value comes last, up and down', () => {
  expect(titles('due')).toEqual(['Bus 9', 'Ämter anrufen', 'Bus 10'])
  expect(titles('due', true)).toEqual(['Ämter anrufen', 'Bus 9', 'Bus 10'])
  expect(titles('owner')).toEqual(['Ämter anrufen', 'Bus 10', 'Bus 9'])
})

test('columns are sorted as they stand on the board, equal rows keep their order', () => {
  expect(titles('column')).toEqual(['Bus 10', 'Bus 9', 'Ämter anrufen'])
})
