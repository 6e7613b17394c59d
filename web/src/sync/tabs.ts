import type { Id } from '../schema.ts'
import type { Row } from './outbox.ts'

/** What the tabs of one person tell each other. */
export type TabMessage =
  | { t: 'row'; row: Row }
  | { t: 'gone'; id: Id }
  /** To the tab that sends: take this back if nobody can know it yet. */
  | { t: 'withdraw'; id: Id }
  | { t: 'signed-out' }

export interface Channel {
  post(message: TabMessage): void
  close(): void
}

/** The locks of a browser, as far as they are needed here; null where there are none (plain http). */
export type Locks = Pick<LockManager, 'request'> | null

/**
 * Calls `lead` once this tab is the one that sends. Where the browser has no locks every tab sends everything: that is
 * only dearer, since the server knows each command by its id and each tab keeps the order.
 */
export function leadWhenFree(locks: Locks, name: string, lead: () => void): () => void {
  const stop = new AbortController()
  if (!locks) {
    lead()
    return () => undefined
  }
  const ended = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()))
  const held = () => {
    if (!stop.signal.aborted) lead()
    return ended
  }
  locks.request(name, { signal: stop.signal }, held).catch(() => undefined)
  return () => stop.abort()
}
