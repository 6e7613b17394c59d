import { type OpenSocket, socketTo } from './socket.ts'
import { Storage } from './storage.ts'
import type { Channel, Locks, TabMessage } from './tabs.ts'
import type { Stop } from './types.ts'

/** Everything outside that the client touches: given to it, so that tests can hold the clock and the die. */
export interface World {
  now(): number
  random(): number
  later(run: () => void, ms: number): Stop
  fetch: typeof fetch
  openSocket: OpenSocket
  storage(name: string): Storage
  locks: Locks
  channel(name: string, heard: (message: TabMessage) => void): Channel
  /** Network and visibility of this tab; `hidden` is the last moment at which something can be kept. */
  watch(tell: (event: 'online' | 'offline' | 'visible' | 'hidden') => void): Stop
  /** Loads the page anew for the sake of `version`, once; false if that was done already and did not help. */
  reload(version: string): boolean
}

/** The browser. */
export function browser(): World {
  return {
    now: Date.now,
    random: Math.random,
    later(run, ms) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    fetch: (...request) => fetch(...request),
    openSocket: socketTo(`${location.origin.replace(/^http/, 'ws')}/ws`),
    storage: (name) => new Storage(name),
    // Only secure contexts have them, whatever the types say.
    locks: (navigator as Partial<Navigator>).locks ?? null,
    channel: channelOf,
    watch: watchTab,
    reload: reloadOnce,
  }
}

export function channelOf(name: string, heard: (message: TabMessage) => void): Channel {
  const channel = new BroadcastChannel(name)
  let open = true
  channel.onmessage = ({ data }) => open && heard(data as TabMessage)
  return {
    // What is under way when the client stops has nobody to tell it to.
    post: (message) => open && channel.postMessage(message),
    close() {
      open = false
      channel.close()
    },
  }
}

function watchTab(tell: (event: 'online' | 'offline' | 'visible' | 'hidden') => void): Stop {
  const ended = new AbortController()
  const { signal } = ended
  addEventListener('online', () => tell('online'), { signal })
  addEventListener('offline', () => tell('offline'), { signal })
  addEventListener('pagehide', () => tell('hidden'), { signal })
  const seen = () => tell(document.visibilityState === 'visible' ? 'visible' : 'hidden')
  document.addEventListener('visibilitychange', seen, { signal })
  return () => ended.abort()
}

function reloadOnce(version: string): boolean {
  if (sessionStorage.getItem('korridor-reloaded') === version) return false
  sessionStorage.setItem('korridor-reloaded', version)
  location.reload()
  return true
}
