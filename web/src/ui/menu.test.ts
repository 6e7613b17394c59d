import { expect, test } from 'vitest'
import { placeAfterKey, placeOfLetter } from './menu'

test.each([
  ['ArrowDown', -1, 0],
  ['ArrowDown', 2, 0],
  ['ArrowUp', 0, 2],
  ['ArrowUp', -1, 2],
  ['Home', 2, 0],
  ['End', 0, 2],
  ['x', 0, null],
])('%s from %d leads to %s of three', (key, at, expected) => {
  expect(placeAfterKey(key, at, 3)).toBe(expected)
})

test('an empty menu has no place to go to', () => {
  expect(placeAfterKey('ArrowDown', -1, 0)).toBeNull()
})

test('a letter goes to the next item that begins with it, around the end', () => {
  const labels = ['Offen', 'In Arbeit', 'Öffnen', 'Erledigt']
  expect(placeOfLetter('o', 0, labels)).toBe(2)
  expect(placeOfLetter('o', 2, labels)).toBe(0)
  expect(placeOfLetter('z', 0, labels)).toBeNull()
})
