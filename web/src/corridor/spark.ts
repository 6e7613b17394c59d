import type { Day, Indicator } from '../schema'
import { bandOn, readingsOf } from './corridor'

export interface Spark {
  /** Points of SVG polygons and polylines. */
  band: string
  line: string
  dot: { x: number; y: number }
}

const MARGIN = 4

/** The small picture of an indicator: its corridor until the target, and the line of what happened so far. */
export function spark(indicator: Indicator, width: number, height: number): Spark | null {
  const { baseline, target, band } = indicator
  const days = [baseline.date, ...band.map((one) => one.date), target.date].sort()
  const edges = days.flatMap((day) => ({ day, ...(bandOn(band, day) ?? { lower: Number.NaN, upper: Number.NaN }) }))
  if (edges.some((edge) => Number.isNaN(edge.lower))) return null
  const line = readingsOf(indicator)
  const values = [...edges.flatMap((edge) => [edge.lower, edge.upper]), ...line.map((one) => one.value)]
  const x = scale(Date.parse(days[0] ?? ''), Date.parse(days[days.length - 1] ?? ''), MARGIN, width - MARGIN)
  const y = scale(Math.min(...values), Math.max(...values), height - MARGIN, MARGIN)
  const at = (day: Day, value: number) => `${x(Date.parse(day))},${y(value)}`
  const last = line[line.length - 1] ?? baseline
  return {
    band: [
      ...edges.map((edge) => at(edge.day, edge.upper)),
      ...edges.map((edge) => at(edge.day, edge.lower)).reverse(),
    ].join(' '),
    line: line.map((one) => at(one.date, one.value)).join(' '),
    dot: { x: x(Date.parse(last.date)), y: y(last.value) },
  }
}

function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  const share = (value: number) => (to === from ? 0.5 : (value - from) / (to - from))
  return (value) => Math.round((start + share(value) * (end - start)) * 10) / 10
}
