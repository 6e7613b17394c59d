import type { Key } from '../lib/texts'
import type { Status } from '../sync'
import type { IconName } from '../ui/icons'

export interface Headline {
  key: Key
  icon: IconName
  tone: 'calm' | 'wait' | 'off'
  /** Changes on their way, to be said beside it. */
  waiting: number
}

/** What the header says of the connection: the worst thing that is true, and how much waits to be sent. */
export function headline(status: Status): Headline {
  const waiting = status.waiting
  switch (status.link) {
    case 'offline':
      return { key: 'state.offline', icon: 'offline', tone: 'off', waiting }
    case 'signed-out':
      return { key: 'state.signed_out', icon: 'offline', tone: 'off', waiting }
    case 'outdated':
      return { key: 'state.outdated', icon: 'reconnecting', tone: 'off', waiting }
    case 'reconnecting':
      return { key: 'state.reconnecting', icon: 'reconnecting', tone: 'wait', waiting }
    case 'live':
      return { ...whileLive(status), waiting }
  }
}

function whileLive(status: Status): Omit<Headline, 'waiting'> {
  if (status.writing === 'paused') return { key: 'state.writing_paused', icon: 'pause', tone: 'wait' }
  if (status.relay === 'late') return { key: 'state.relay_late', icon: 'reconnecting', tone: 'wait' }
  if (status.via === 'poll') return { key: 'state.poll', icon: 'check', tone: 'calm' }
  return { key: 'state.live', icon: 'check', tone: 'calm' }
}
