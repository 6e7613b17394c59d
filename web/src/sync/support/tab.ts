import type { Me } from '../../schema.ts'
import { SCHEMA } from '../../schema.ts'
import { startClient } from '../client.ts'
import { Storage } from '../storage.ts'
import type { Locks } from '../tabs.ts'
import type { Client, Stop } from '../types.ts'
import { channelOf, type World } from '../world.ts'
import { type Clock, settled } from './clock.ts'
import type { TestServer } from './server.ts'

export const ME: Me = {
  person: '0190a000-0000-7000-8000-00000000e001',
  name: 'Anna Berg',
  area: '0190a000-0000-7000-8000-0000000a0001',
  area_name: 'Selmachtal',
  area_role: 'member',
  language: 'de',
  timezone: 'Europe/Berlin',
  instance: '0190a000-0000-7000-8000-000000000abc',
  schema: SCHEMA,
  demo: true,
}

type TabEvent = 'online' | 'offline' | 'visible' | 'hidden'

/** One tab of a browser: a client whose clock, die, network and device are in the test's hands. */
export class Tab {
  readonly client: Client
  readonly reloads: string[] = []
  tell: (event: TabEvent) => void = () => undefined
  readonly #locks = new AbortController()

  constructor(clock: Clock, server: TestServer, me: Me = ME, locks?: Locks) {
    const world: World = {
      now: () => clock.now,
      random: () => 0.5,
      later: clock.later,
      fetch: server.fetch,
      openSocket: server.openSocket,
      storage: (name) => new Storage(name),
      locks: locks === undefined ? this.#lockManager() : locks,
      channel: channelOf,
      watch: (tell): Stop => {
        this.tell = tell
        return () => undefined
      },
      reload: (version) => {
        this.reloads.push(version)
        return true
      },
    }
    this.client = startClient(me, world)
  }

  /** The tab is killed: nothing is flushed, nobody says goodbye. */
  async kill(): Promise<void> {
    this.#locks.abort()
    this.client.stop()
    await settled()
  }

  /** The browser's own locks, which end with the tab. */
  #lockManager(): Locks {
    return navigator.locks
  }
}
