import type { Day } from '../schema'
import { dayOf } from './dates'

const MINUTE = 60_000
let timezone = $state('Europe/Berlin')
let now = $state.raw(Date.now())

/** The day it is in the area. Templates that read it follow midnight. */
const day = $derived(dayOf(new Date(now), timezone))

export const clock = {
  get today(): Day {
    return day
  },
  /** This minute. */
  get now(): number {
    return now
  },
  get timezone(): string {
    return timezone
  },
}

/** Sets the time zone of the area and follows the time from now on. A hidden tab catches up when it is seen again. */
export function startClock(zone: string): () => void {
  timezone = zone
  const tick = () => {
    now = Date.now()
  }
  const timer = setInterval(tick, MINUTE)
  document.addEventListener('visibilitychange', tick)
  tick()
  return () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
  }
}
