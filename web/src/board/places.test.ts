import { expect, test } from 'vitest'
import { byPlace, placeAfter, placeBetween } from './places.ts'

test('a place lies between its neighbours', () => {
  expect(placeBetween(null, null) > '').toBe(true)
  expect(placeBetween('V', null) > 'V').toBe(true)
  expect(placeBetween(null, 'V') < 'V').toBe(true)
  for (const [low, high] of [
    ['V', 'W'],
    ['V', 'VV'],
    ['Vz', 'W'],
    ['z', 'zz'],
    ['V', 'V01'],
  ] as const) {
    const place = placeBetween(low, high)
    expect(low < place && place < high, `${low} < ${place} < ${high}`).toBe(true)
  }
})

test('two hundred insertions at the same spot stay in order', () => {
  const places = [placeBetween(null, null)]
  for (let i = 0; i < 200; i += 1) {
    const high = i % 2 ? (places[1] ?? null) : null
    places.splice(1, 0, placeBetween(places[0] as string, high ?? places[1] ?? null))
  }
  expect([...places].sort()).toEqual(places)
  expect(new Set(places).size).toBe(201)
})

test('always on top stays in order too', () => {
  const places = [placeBetween(null, null)]
  for (let i = 0; i < 100; i += 1) places.unshift(placeBetween(null, places[0] as string))
  expect([...places].sort()).toEqual(places)
})

test('equal keys and foreign alphabets do not end in a loop', () => {
  expect(placeBetween('V', 'V') > 'V').toBe(true)
  expect(placeBetween('~', null).length).toBeGreaterThan(0)
  expect(placeBetween('0', '00').length).toBeGreaterThan(0)
})

test('a vanished neighbour means the end, null the top', () => {
  const lane = [
    { id: 'a', place: 'F' },
    { id: 'b', place: 'V' },
  ]
  expect(placeAfter(lane, 'gone') > 'V').toBe(true)
  expect(placeAfter(lane, null) < 'F').toBe(true)
  const place = placeAfter(lane, 'a')
  expect('F' < place && place < 'V').toBe(true)
  expect(placeAfter([], null)).toBe('V')
})

test('equal places are ordered by id', () => {
  const lane = [
    { id: 'b', place: 'F' },
    { id: 'a', place: 'F' },
    { id: 'c', place: 'A' },
  ]
  expect(lane.sort(byPlace).map((one) => one.id)).toEqual(['c', 'a', 'b'])
})
