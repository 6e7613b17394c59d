// Carries out what `connection.ts` decides.

import type { ClientMessage, Me, ServerMessage, Welcome } from '../schema.ts'
import { PROTOCOL, SCHEMA } from '../schema.ts'
import { AT_REST, type Connection, type Effect, type Input, step, type Timer } from './connection.ts'
import type { Http } from './http.ts'
import type { Socket } from './socket.ts'
import type { ReadProblem, Stop } from './types.ts'
import type { World } from './world.ts'

export interface LinkEvents {
  up(via: 'socket' | 'poll'): void
  down(): void
  careful(): void
  /** The messages of one frame. */
  received(messages: Exclude<ServerMessage, Welcome>[]): void
  /** The server speaks another version. */
  reload(version: string): void
  /** What the header says may have changed. */
  changed(state: Connection): void
}

export class Link {
  state: Connection = AT_REST
  readonly #world: World
  readonly #http: Http
  readonly #me: Me
  readonly #events: LinkEvents
  readonly #timers = new Map<Timer, Stop>()
  #socket: Socket | null = null
  #version = ''

  constructor(world: World, http: Http, me: Me, events: LinkEvents) {
    this.#world = world
    this.#http = http
    this.#me = me
    this.#events = events
  }

  input(input: Input): void {
    const { now, random } = this.#world
    const [next, effects] = step(this.state, input, { now: now(), random })
    const changed = next.link !== this.state.link || next.phase !== this.state.phase
    this.state = next
    for (const effect of effects) this.#do(effect)
    if (changed) this.#events.changed(this.state)
  }

  send(messages: readonly ClientMessage[]): void {
    this.#socket?.send(messages)
  }

  /** A read over HTTP failed or worked: that says something of the connection too. */
  read(problem: ReadProblem): void {
    if (problem.status === 401) this.input({ on: 'read', answer: 'signed-out' })
    else if (problem.status === 0 || problem.status >= 500) this.input({ on: 'read', answer: 'none' })
  }

  #do(effect: Effect): void {
    switch (effect.do) {
      case 'open':
        return this.#open()
      case 'close':
        return this.#close()
      case 'send':
        return this.send([effect.message])
      case 'probe':
        return void this.#probe()
      case 'timer':
        return this.#start(effect.timer, effect.ms)
      case 'clear':
        return effect.timers.forEach((timer) => {
          this.#clear(timer)
        })
      case 'reload':
        return this.#events.reload(this.#version)
      case 'up':
        return this.#events.up(effect.via)
      case 'down':
        return this.#events.down()
      case 'careful':
        return this.#events.careful()
      default:
        effect satisfies never
    }
  }

  #open(): void {
    this.#close()
    this.#socket = this.#world.openSocket({
      opened: () => this.input({ on: 'opened' }),
      closed: (code) => {
        this.#socket = null
        this.input({ on: 'closed', code })
      },
      received: (messages) => this.#received(messages),
    })
  }

  #close(): void {
    this.#socket?.close()
    this.#socket = null
  }

  #received(messages: readonly ServerMessage[]): void {
    this.input({ on: 'heard' })
    const others: Exclude<ServerMessage, Welcome>[] = []
    for (const message of messages) {
      if (message.t === 'welcome') this.#welcomed(message)
      else others.push(message)
    }
    if (others.length) this.#events.received(others)
  }

  #welcomed({ protocol, schema, instance, person, heartbeat }: Welcome): void {
    this.#version = `${instance} ${schema}`
    const other = protocol !== PROTOCOL || schema !== SCHEMA || instance !== this.#me.instance
    const fits = other ? 'schema' : person === this.#me.person ? 'yes' : 'person'
    this.input({ on: 'welcome', fits, heartbeat })
  }

  async #probe(): Promise<void> {
    const answer = await this.#http.get<Me>('/api/me').then(
      ({ body }) => (body.person === this.#me.person ? 'ok' : 'signed-out'),
      (problem: ReadProblem) => (problem.status === 401 ? 'signed-out' : 'none'),
    )
    this.input({ on: 'read', answer })
  }

  #start(timer: Timer, ms: number): void {
    this.#clear(timer)
    const fire = () => {
      this.#timers.delete(timer)
      this.input({ on: 'timer', timer })
    }
    this.#timers.set(timer, this.#world.later(fire, ms))
  }

  #clear(timer: Timer): void {
    this.#timers.get(timer)?.()
    this.#timers.delete(timer)
  }
}
