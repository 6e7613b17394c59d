import type { Key } from '../lib/texts'
import type { Status } from '../sync'
import type { IconName } from '../ui/icons'

export interface Headline {
  key: Key
  icon: IconName
  tone: 'calm' | 'wait' | 'off'
}

/** What the header says of the connection: the worst thing that is true. */
export function headline({ link, writing, relay, via }: Status): Headline {
  if (link === 'offline') return { key: 'state.offline', icon: 'offline', tone: 'off' }
  if (link === 'signed-out') return { key: 'state.signed_out', icon: 'offline', tone: 'off' }
  if (link === 'outdated') return { key: 'state.outdated', icon: 'reconnecting', tone: 'off' }
  if (link === 'reconnecting') return { key: 'state.reconnecting', icon: 'reconnecting', tone: 'wait' }
  if (writing === 'paused') return { key: 'state.writing_paused', icon: 'pause', tone: 'wait' }
  if (relay === 'late') return { key: 'state.relay_late', icon: 'reconnecting', tone: 'wait' }
  return { key: via === 'poll' ? 'state.poll' : 'state.live', icon: 'check', tone: 'calm' }
}
