import { session } from '../lib/session.svelte'
import type { Id, Overview, SpaceLine } from '../schema'

// Often enough that a page with counts is never far from the truth, seldom enough to cost nothing.
const EVERY = 20_000

let current = $state.raw<Overview | null>(null)
let failed = $state(false)

/** My spaces and what waits for me, as the server last said. */
export const overview = {
  get spaces(): readonly SpaceLine[] {
    return current?.spaces ?? []
  },
  get waiting(): Overview['waiting'] {
    return current?.waiting ?? []
  },
  get ready(): boolean {
    return current !== null
  },
  /** Whether the last attempt to read it failed: what is shown may be old. */
  get failed(): boolean {
    return failed
  },
  space(id: Id): SpaceLine | undefined {
    return current?.spaces.find((one) => one.id === id)
  },
}

/** Reads it again. */
export async function refreshOverview(): Promise<void> {
  try {
    current = await session.client.overview()
    failed = false
  } catch {
    failed = true
  }
}

/** Keeps it fresh while somebody looks at it. */
export function keepOverview(): () => void {
  const look = () => {
    if (document.visibilityState === 'visible') void refreshOverview()
  }
  const timer = setInterval(look, EVERY)
  document.addEventListener('visibilitychange', look)
  look()
  return () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', look)
  }
}

/** Forgets it, for the next person. */
export function forgetOverview(): void {
  current = null
}
