import type { Band, Day, Indicator, Reading } from '../schema'

/** Where the last reading lies. `worse` says whether that is the side one does not want to be on. */
export interface Standing {
  where: 'inside' | 'below' | 'above'
  worse: boolean
  reading: Reading
}

/**
 * The corridor on a day: straight between its points. Before the first and after the last point the nearest two are
 * followed on, so that a corridor set for the end of a year can be compared with a reading of that summer.
 */
export function bandOn(band: readonly Band[], day: Day): { lower: number; upper: number } | null {
  const points = [...band].sort((a, b) => a.date.localeCompare(b.date))
  const last = points[points.length - 1]
  if (!last) return null
  const next = Math.min(
    Math.max(
      1,
      points.findIndex((point) => point.date >= day),
    ),
    points.length - 1,
  )
  const after = day > last.date ? last : (points[next] ?? last)
  const before = points[points.indexOf(after) - 1] ?? after
  const share = after === before ? 0 : (time(day) - time(before.date)) / (time(after.date) - time(before.date))
  const between = (from: number, to: number) => from + (to - from) * share
  return { lower: between(before.lower, after.lower), upper: between(before.upper, after.upper) }
}

/** Where an indicator stands: its last reading against the corridor of that day. Null without a corridor. */
export function standing(indicator: Indicator): Standing | null {
  const reading = lastReading(indicator)
  const band = bandOn(indicator.band, reading.date)
  if (!band) return null
  if (reading.value < band.lower) return { where: 'below', worse: indicator.direction === 'up', reading }
  if (reading.value > band.upper) return { where: 'above', worse: indicator.direction === 'down', reading }
  return { where: 'inside', worse: false, reading }
}

/** The newest reading; the baseline counts until there is another. */
export function lastReading(indicator: Indicator): Reading {
  return readingsOf(indicator).at(-1) ?? indicator.baseline
}

/** What was measured, oldest first, one value a day: the baseline too, unless that day was measured again. */
export function readingsOf({ baseline, readings }: Indicator): Reading[] {
  const byDay = new Map([baseline, ...readings].map((reading) => [reading.date, reading]))
  return [...byDay.values()].sort((a, b) => a.date.localeCompare(b.date))
}

const time = (day: Day) => Date.parse(day)
