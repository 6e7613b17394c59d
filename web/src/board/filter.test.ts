import { expect, test } from 'vitest'
import { folded } from '../lib/names.ts'
import { type Filterable, filterFrom, isActive, matcher, NO_FILTER, queryOf } from './filter.ts'

const task = (part: Partial<Filterable> = {}): Filterable => ({
  owner: null,
  helpers: [],
  goals: [],
  overdue: false,
  words: '',
  ...part,
})

test('no filter shows everything', () => {
  expect(matcher(NO_FILTER, 'me')('t', task())).toBe(true)
  expect(isActive(NO_FILTER)).toBe(false)
})

test('mine means owned or helped with', () => {
  const shown = matcher({ ...NO_FILTER, mine: true }, 'me')
  expect(shown('t', task({ owner: 'me' }))).toBe(true)
  expect(shown('t', task({ owner: 'other', helpers: ['me'] }))).toBe(true)
  expect(shown('t', task({ owner: 'other' }))).toBe(false)
  expect(shown('t', task())).toBe(false)
})

test('mine and unowned together show both', () => {
  const shown = matcher({ ...NO_FILTER, mine: true, unowned: true }, 'me')
  expect(shown('t', task({ owner: 'me' }))).toBe(true)
  expect(shown('t', task())).toBe(true)
  expect(shown('t', task({ owner: 'other' }))).toBe(false)
})

test('different sorts of filter narrow each other, goals widen', () => {
  const shown = matcher({ ...NO_FILTER, overdue: true, goals: [1, 3] }, 'me')
  expect(shown('t', task({ overdue: true, goals: [{ number: 3 }] }))).toBe(true)
  expect(shown('t', task({ overdue: true, goals: [{ number: 2 }] }))).toBe(false)
  expect(shown('t', task({ overdue: false, goals: [{ number: 1 }] }))).toBe(false)
})

test('every word must be found, accents and case do not matter', () => {
  const shown = matcher({ ...NO_FILTER, text: ' STRASSE  prufen ' }, 'me')
  expect(shown('t', task({ words: folded('Haltestelle Hauptstraße prüfen') }))).toBe(true)
  expect(shown('t', task({ words: folded('Hauptstraße') }))).toBe(false)
})

test('what the server found in a description is shown too', () => {
  const shown = matcher({ ...NO_FILTER, text: 'Rampe' }, 'me', new Set(['t']))
  expect(shown('t', task({ words: 'haltestelle' }))).toBe(true)
  expect(shown('u', task({ words: 'haltestelle' }))).toBe(false)
})

test('a filter survives the address', () => {
  const filter = { mine: true, unowned: false, overdue: true, goals: [1, 4], text: 'Bus & Bahn' }
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(queryOf(filter))) if (value) query.set(key, value)
  expect(filterFrom(new URLSearchParams(query.toString()))).toEqual(filter)
  expect(filterFrom(new URLSearchParams('goal=x,2,-1,2.5'))).toEqual({ ...NO_FILTER, goals: [2] })
})
