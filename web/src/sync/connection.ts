// When to connect, when to wait, when to give up on sockets: decided without a network, a clock or a die.
// What happens goes in, a list of consequences comes out; `link.ts` carries them out.

import type { ClientMessage } from '../schema.ts'
import { PROTOCOL } from '../schema.ts'

/** Grows with each failure and is never used whole: the wait is anything between nothing and this. */
export const FIRST_WAIT = 500
/** A server needs some seconds to start; doubling would make clients sleep as long again when it is there. */
export const GROWTH = 1.6
/** All clients of a restarted server are back soon, and a crowd of them does not come at once. */
export const LONGEST_WAIT = 8_000
/** After `restart` (1012) nobody failed: a second is enough to spread the clients. */
export const RESTART_WAIT = 1_000
/** A connection that lived shorter counts as one more failure: whatever ends it at once will do so again. */
export const STEADY = 10_000
/** From opening a socket to `welcome`. */
export const GREETING_WITHIN = 10_000
/** After so long without a server people are told *offline* instead of *reconnecting*. */
export const PATIENCE = 10_000
/** Answers to a ping that was sent because the device woke up. */
export const WAKE_WITHIN = 5_000
/** While entries come by long poll, the socket is tried again after this, doubled up to `LONGEST_UPGRADE`. */
export const FIRST_UPGRADE = 5_000
export const LONGEST_UPGRADE = 60_000
/** Half-open connections are noticed within twice this. */
export const LONGEST_BEAT = 15_000

export const Close = {
  TOO_LARGE: 1009,
  RESTART: 1012,
  MALFORMED: 4400,
  SIGNED_OUT: 4401,
  PROTOCOL: 4409,
} as const

export type Phase = 'stopped' | 'opening' | 'live' | 'probing' | 'waiting' | 'polling' | 'ended'
export type LinkState = 'live' | 'reconnecting' | 'offline' | 'signed-out' | 'outdated'
export type Timer = 'retry' | 'greeting' | 'beat' | 'silence' | 'patience' | 'upgrade'
export type Reading = 'ok' | 'signed-out' | 'none'

export interface Connection {
  phase: Phase
  link: LinkState
  since: number
  /** Failures in a row. */
  failures: number
  /** Attempts in a row to get from polling to a socket. */
  upgrades: number
  beat: number
  heardAt: number
  /** When a sign of life was asked for; none since then means the connection is dead. */
  askedAt: number
}

export type Input =
  | { on: 'start' }
  | { on: 'stop' }
  | { on: 'online' }
  | { on: 'offline' }
  | { on: 'visible' }
  | { on: 'opened' }
  | { on: 'heard' }
  | { on: 'closed'; code: number }
  | { on: 'welcome'; fits: 'yes' | 'schema' | 'person'; heartbeat: number }
  /** HTTP was asked whether it works at all, or a long poll ended. */
  | { on: 'read'; answer: Reading }
  | { on: 'timer'; timer: Timer }

export type Effect =
  | { do: 'open' | 'close' | 'probe' | 'reload' }
  | { do: 'send'; message: ClientMessage }
  | { do: 'timer'; timer: Timer; ms: number }
  | { do: 'clear'; timers: readonly Timer[] }
  /** Seats may be taken and commands sent. */
  | { do: 'up'; via: 'socket' | 'poll' }
  /** What is on its way is in doubt. */
  | { do: 'down' }
  /** A frame of ours was not understood: send what is in doubt one by one, by POST. */
  | { do: 'careful' }

export interface Env {
  now: number
  /** From 0 to below 1. */
  random: () => number
}

export type Step = [Connection, Effect[]]

const ALL: readonly Timer[] = ['retry', 'greeting', 'beat', 'silence', 'patience', 'upgrade']

export const AT_REST: Connection = {
  phase: 'stopped',
  link: 'reconnecting',
  since: 0,
  failures: 0,
  upgrades: 0,
  beat: LONGEST_BEAT,
  heardAt: 0,
  askedAt: 0,
}

/** Full jitter: the wait before the next attempt after so many failures. */
export function backOff(failures: number, random: () => number): number {
  return random() * Math.min(LONGEST_WAIT, FIRST_WAIT * GROWTH ** failures)
}

export function step(at: Connection, input: Input, env: Env): Step {
  if (input.on === 'stop') return [{ ...at, phase: 'stopped' }, [{ do: 'close' }, clear(ALL)]]
  if (at.phase === 'ended' || (at.phase === 'stopped' && input.on !== 'start')) return [at, []]
  switch (input.on) {
    case 'start':
      return open({ ...at, link: 'reconnecting', since: env.now }, [wait('patience', PATIENCE)])
    case 'opened':
      return [at, [{ do: 'send', message: { t: 'hello', protocol: PROTOCOL } }]]
    case 'welcome':
      return welcome(at, input, env)
    case 'heard':
      return [{ ...at, heardAt: env.now }, []]
    case 'closed':
      return closed(at, input.code, env)
    case 'read':
      return read(at, input.answer, env)
    case 'offline':
      return lost({ ...at, link: 'offline', since: env.now }, env)
    case 'online':
    case 'visible':
      return awake(at, env)
    case 'timer':
      return timer(at, input.timer, env)
    default:
      return input satisfies never
  }
}

function open(at: Connection, more: Effect[] = []): Step {
  return [
    { ...at, phase: at.phase === 'polling' ? 'polling' : 'opening' },
    [...more, { do: 'open' }, wait('greeting', GREETING_WITHIN)],
  ]
}

function welcome(at: Connection, input: Extract<Input, { on: 'welcome' }>, env: Env): Step {
  if (input.fits === 'person') return end(at, 'signed-out', env)
  if (input.fits === 'schema') return end(at, 'outdated', env, [{ do: 'reload' }])
  const beat = Math.min(input.heartbeat * 1000, LONGEST_BEAT)
  const effects: Effect[] = [
    clear(['greeting', 'patience', 'upgrade', 'retry']),
    wait('beat', beat),
    wait('silence', 2 * beat),
    { do: 'up', via: 'socket' },
  ]
  const live = { ...at, phase: 'live', upgrades: 0, beat, heardAt: env.now } as const
  return [linked(live, 'live', env), effects]
}

function closed(at: Connection, code: number, env: Env): Step {
  if (code === Close.SIGNED_OUT) return end(at, 'signed-out', env)
  if (code === Close.PROTOCOL) return end(at, 'outdated', env, [{ do: 'reload' }])
  if (at.phase === 'polling') return upgradeLater(at, env)
  if (at.phase === 'opening') return [{ ...at, phase: 'probing' }, [PROBE, clear(['greeting'])]]
  if (at.phase !== 'live') return [at, []]
  const [next, effects] = lost(at, env, code === Close.RESTART ? env.random() * RESTART_WAIT : null)
  const ours = code === Close.MALFORMED || code === Close.TOO_LARGE
  return [next, ours ? [{ do: 'careful' }, ...effects] : effects]
}

const PROBE: Effect = { do: 'probe' }

function upgradeLater(at: Connection, env: Env): Step {
  const most = Math.min(LONGEST_UPGRADE, FIRST_UPGRADE * 2 ** at.upgrades)
  const ms = most / 2 + (env.random() * most) / 2
  // Somebody else may have signed in meanwhile; on a socket `welcome` would say so.
  return [{ ...at, upgrades: at.upgrades + 1 }, [clear(['greeting']), wait('upgrade', ms), PROBE]]
}

function read(at: Connection, answer: Reading, env: Env): Step {
  if (answer === 'signed-out') return end(at, 'signed-out', env)
  if (at.phase === 'probing') return probed(at, answer, env)
  if (at.phase !== 'polling' || answer === 'ok') return [at, []]
  return lost(at, env)
}

/** HTTP works and the socket did not: something in between blocks sockets, so go on without one. */
function probed(at: Connection, answer: Reading, env: Env): Step {
  if (answer === 'none') {
    const failed = { ...at, phase: 'waiting', failures: at.failures + 1 } as const
    return [failed, [wait('retry', backOff(failed.failures, env.random))]]
  }
  const polling = linked({ ...at, phase: 'polling', failures: 0 }, 'live', env)
  const [next, [, later]] = upgradeLater(polling, env)
  return [next, [clear(['patience']), { do: 'up', via: 'poll' }, ...(later ? [later] : [])]]
}

/** The connection is gone: say so, and try again after `ms`, or the longer the more often it failed. */
function lost(at: Connection, env: Env, ms: number | null = null): Step {
  const failures = at.link === 'live' && env.now - at.since >= STEADY ? 0 : at.failures + 1
  const was = at.link === 'live' ? linked(at, 'reconnecting', env) : at
  const effects: Effect[] = [{ do: 'close' }, clear(['beat', 'silence', 'greeting', 'upgrade'])]
  effects.push(wait('retry', ms ?? backOff(failures, env.random)))
  if (at.phase === 'live' || at.phase === 'polling') effects.unshift({ do: 'down' })
  if (was.link === 'reconnecting') effects.push(wait('patience', PATIENCE))
  return [{ ...was, phase: 'waiting', failures }, effects]
}

/** The device woke up or got its network back: no more waiting, and no trust in a connection that may be dead. */
function awake(at: Connection, env: Env): Step {
  if (at.phase === 'waiting') return [at, [wait('retry', env.random() * FIRST_WAIT)]]
  if (at.phase !== 'live') return [at, []]
  return [{ ...at, askedAt: env.now }, [PING, wait('silence', WAKE_WITHIN)]]
}

const PING: Effect = { do: 'send', message: { t: 'ping' } }

function timer(at: Connection, which: Timer, env: Env): Step {
  switch (which) {
    case 'retry':
      return at.phase === 'waiting' ? open(at) : [at, []]
    case 'upgrade':
      return at.phase === 'polling' ? open(at) : [at, []]
    case 'greeting': {
      const [next, effects] = closed(at, 0, env)
      return [next, [{ do: 'close' }, ...effects]]
    }
    case 'beat':
      return at.phase === 'live' ? [at, [PING, wait('beat', at.beat)]] : [at, []]
    case 'silence':
      return silence(at, env)
    case 'patience':
      return [at.link === 'reconnecting' ? { ...at, link: 'offline' } : at, []]
    default:
      return which satisfies never
  }
}

function silence(at: Connection, env: Env): Step {
  if (at.phase !== 'live') return [at, []]
  const quiet = env.now - at.heardAt
  const unanswered = at.askedAt > at.heardAt && env.now - at.askedAt >= WAKE_WITHIN
  if (unanswered || quiet >= 2 * at.beat) return lost(at, env)
  return [at, [wait('silence', 2 * at.beat - quiet)]]
}

function end(at: Connection, link: LinkState, env: Env, more: Effect[] = []): Step {
  const down: Effect[] = at.phase === 'live' || at.phase === 'polling' ? [{ do: 'down' }] : []
  const ended = linked({ ...at, phase: 'ended' }, link, env)
  return [ended, [...down, { do: 'close' }, clear(ALL), ...more]]
}

function linked(at: Connection, link: LinkState, env: Env): Connection {
  return at.link === link ? at : { ...at, link, since: env.now }
}

const wait = (timer: Timer, ms: number): Effect => ({ do: 'timer', timer, ms })
const clear = (timers: readonly Timer[]): Effect => ({ do: 'clear', timers })
