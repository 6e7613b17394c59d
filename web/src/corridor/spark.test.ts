import { expect, test } from 'vitest'
import type { Indicator } from '../schema'
import { spark } from './spark'

const INDICATOR: Indicator = {
  name: 'Haushalte',
  unit: 'Haushalte',
  direction: 'up',
  baseline: { date: '2026-01-01', value: 0 },
  target: { date: '2028-01-01', value: 100 },
  band: [
    { date: '2026-01-01', lower: 0, upper: 20 },
    { date: '2028-01-01', lower: 80, upper: 100 },
  ],
  readings: [{ date: '2027-01-01', value: 50 }],
}

test('the picture goes from the baseline to the target and ends its line at the last reading', () => {
  const picture = spark(INDICATOR, 108, 38)
  expect(picture?.line).toBe('4,34 54,19')
  expect(picture?.dot).toEqual({ x: 54, y: 19 })
  expect(picture?.band.split(' ')[0]).toBe('4,28')
})

test('no corridor, no picture', () => {
  expect(spark({ ...INDICATOR, band: [] }, 108, 38)).toBeNull()
})

test('a value that never changes lies in the middle', () => {
  const flat = { ...INDICATOR, baseline: { date: '2026-01-01', value: 5 }, readings: [] }
  const band = [{ date: '2028-01-01', lower: 5, upper: 5 }]
  expect(spark({ ...flat, band }, 108, 38)?.dot.y).toBe(19)
})
