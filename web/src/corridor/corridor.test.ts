import { expect, test } from 'vitest'
import type { Indicator } from '../schema'
import { bandOn, lastReading, readingsOf, standing } from './corridor'

const BAND = [
  { date: '2026-12-31', lower: 15, upper: 18 },
  { date: '2028-12-31', lower: 20, upper: 24 },
  { date: '2030-12-31', lower: 25, upper: 31 },
]

function indicator(change: Partial<Indicator> = {}): Indicator {
  return {
    name: 'Ortsteile mit Stundentakt oder Rufbus',
    unit: 'von 31 Ortsteilen',
    direction: 'up',
    baseline: { date: '2025-12-31', value: 14 },
    target: { date: '2030-12-31', value: 26 },
    band: BAND,
    readings: [{ date: '2026-10-31', value: 14 }],
    ...change,
  }
}

test('the corridor is straight between its points, and exact on them', () => {
  expect(bandOn(BAND, '2028-12-31')).toEqual({ lower: 20, upper: 24 })
  expect(bandOn(BAND, '2027-12-31')?.lower).toBeCloseTo(17.5, 2)
  expect(bandOn(BAND, '2029-12-31')?.upper).toBeCloseTo(27.5, 2)
})

test('before the first and after the last point it goes on as it came', () => {
  expect(bandOn(BAND, '2025-12-31')?.lower).toBeCloseTo(12.5, 1)
  expect(bandOn(BAND, '2032-12-31')?.upper).toBeCloseTo(38, 1)
})

test('points in any order give the same corridor', () => {
  expect(bandOn([...BAND].reverse(), '2027-06-30')).toEqual(bandOn(BAND, '2027-06-30'))
})

test('a corridor of one point is the same on every day', () => {
  expect(bandOn(BAND.slice(0, 1), '2030-01-01')).toEqual({ lower: 15, upper: 18 })
})

test('without points there is no corridor', () => {
  expect(bandOn([], '2026-12-31')).toBeNull()
  expect(standing(indicator({ band: [] }))).toBeNull()
})

test('a value that should rise and does not is below, and that is the wrong side', () => {
  expect(standing(indicator())).toMatchObject({ where: 'below', worse: true })
})

test('more than planned is above, and not wrong', () => {
  const readings = [{ date: '2026-12-31', value: 19 }]
  expect(standing(indicator({ readings }))).toMatchObject({ where: 'above', worse: false })
})

test('for a value that should fall, above is the wrong side', () => {
  const readings = [{ date: '2026-12-31', value: 19 }]
  expect(standing(indicator({ readings, direction: 'down' }))).toMatchObject({ worse: true })
})

test('both edges lie inside', () => {
  for (const value of [15, 18]) {
    const readings = [{ date: '2026-12-31', value }]
    expect(standing(indicator({ readings }))?.where).toBe('inside')
  }
})

test('the newest reading counts wherever it stands in the list', () => {
  const readings = [
    { date: '2026-10-31', value: 16 },
    { date: '2026-06-30', value: 12 },
  ]
  expect(lastReading(indicator({ readings }))).toEqual({ date: '2026-10-31', value: 16 })
  expect(lastReading(indicator({ readings: [] }))).toEqual({ date: '2025-12-31', value: 14 })
})

test('a day that was measured twice counts once, with the later word on it', () => {
  const readings = [
    { date: '2026-10-31', value: 16 },
    { date: '2025-12-31', value: 13 },
  ]
  expect(readingsOf(indicator({ readings }))).toEqual([
    { date: '2025-12-31', value: 13 },
    { date: '2026-10-31', value: 16 },
  ])
})
