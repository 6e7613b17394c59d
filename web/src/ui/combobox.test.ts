import { expect, test } from 'vitest'
import { type Choice, fitting, LONGEST } from './combobox'

const PEOPLE: Choice[] = [
  { value: 'a', label: 'Petra Nußrainer', detail: 'Gemeinde Wiesenlohr' },
  { value: 'b', label: 'Mirela Petrović', detail: 'Omnibus Dorfner' },
  { value: 'c', label: 'Josef Dorfner', detail: 'Omnibus Dorfner' },
]
const found = (typed: string) => fitting(PEOPLE, typed).map((one) => one.value)

test('nothing typed offers everything in the given order', () => {
  expect(found('')).toEqual(['a', 'b', 'c'])
})

test('names and what stands behind them are searched', () => {
  expect(found('omnibus')).toEqual(['b', 'c'])
  expect(found('petr')).toEqual(['a', 'b'])
})

test('what begins with the typed text comes first', () => {
  expect(found('jo')).toEqual(['c'])
  expect(fitting([...PEOPLE].reverse(), 'petr').map((one) => one.value)).toEqual(['a', 'b'])
})

test('the list has an end', () => {
  const many = Array.from({ length: LONGEST + 1 }, (_, index) => ({ value: `${index}`, label: 'x' }))
  expect(fitting(many, 'x')).toHaveLength(LONGEST)
})
