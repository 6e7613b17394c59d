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

export interface Lead {
  /** Leads from now on, whoever did before. */
  take(): void
  stop(): void
}

/**
 * Tells whether this tab is the one that sends. Where the browser has no locks every tab sends everything: that is
 * only dearer, since the server knows each command by its id and each tab keeps the order.
 */
export function leadWhenFree(locks: Locks, name: string, tell: (leads: boolean) => void): Lead {
  // The request that counts: its lock is held until `end`, or it waits until `end`.
  let end: () => void = () => undefined
  let current = 0

  function ask(steal: boolean): void {
    const mine = ++current
    const waiting = new AbortController()
    const ended = new Promise<void>((resolve) => {
      end = () => {
        waiting.abort()
        resolve()
      }
    })
    const held = () => {
      if (mine === current) tell(true)
      return ended
    }
    const options = steal ? { steal } : { signal: waiting.signal }
    locks?.request(name, options, held).catch(() => {
      if (mine !== current) return
      tell(false)
      ask(false)
    })
  }

  if (locks) ask(false)
  else tell(true)
  return {
    take() {
      end()
      ask(true)
    },
    stop() {
      current += 1
      end()
    },
  }
}
