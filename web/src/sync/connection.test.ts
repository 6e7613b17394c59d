import { describe, expect, test } from 'vitest'
import {
  AT_REST,
  backOff,
  Close,
  type Connection,
  type Effect,
  FIRST_WAIT,
  GREETING_WITHIN,
  GROWTH,
  type Input,
  LONGEST_WAIT,
  PATIENCE,
  RESTART_WAIT,
  step,
  WAKE_WITHIN,
} from './connection.ts'

const half = () => 0.5

/** Plays inputs, each with the moment at which it comes. */
function play(...inputs: [number, Input][]): { at: Connection; effects: Effect[] } {
  let at = AT_REST
  let effects: Effect[] = []
  for (const [now, input] of inputs) [at, effects] = step(at, input, { now, random: half })
  return { at, effects }
}

const START: [number, Input] = [0, { on: 'start' }]
const OPENED: [number, Input] = [10, { on: 'opened' }]
const WELCOME: [number, Input] = [20, { on: 'welcome', fits: 'yes', heartbeat: 15 }]
const closed = (now: number, code: number): [number, Input] => [now, { on: 'closed', code }]
const read = (now: number, answer: 'ok' | 'none' | 'signed-out'): [number, Input] => [now, { on: 'read', answer }]
const timer = (now: number, timer: Extract<Input, { on: 'timer' }>['timer']): [number, Input] => [
  now,
  { on: 'timer', timer },
]
const LIVE = [START, OPENED, WELCOME] as const
const names = (effects: Effect[]) => effects.map((effect) => effect.do)
const waitOf = (effects: Effect[], timer: string) =>
  effects.find((effect) => effect.do === 'timer' && effect.timer === timer)

describe('getting live', () => {
  test('opens, says hello, is live with the welcome', () => {
    expect(names(play(START).effects)).toEqual(['timer', 'open', 'timer'])
    expect(play(START, OPENED).effects).toEqual([{ do: 'send', message: { t: 'hello', protocol: 1 } }])
    const { at, effects } = play(...LIVE)
    expect(at).toMatchObject({ phase: 'live', link: 'live', since: 20 })
    expect(effects).toContainEqual({ do: 'up', via: 'socket' })
    expect(waitOf(effects, 'silence')).toMatchObject({ ms: 30_000 })
  })

  test('no welcome in time counts as failed', () => {
    const { at, effects } = play(START, OPENED, timer(GREETING_WITHIN, 'greeting'))
    expect(at.phase).toBe('probing')
    expect(names(effects)).toContain('close')
  })

  test('another schema reloads, another person ends', () => {
    const schema = play(START, OPENED, [20, { on: 'welcome', fits: 'schema', heartbeat: 15 }])
    expect(schema.at).toMatchObject({ phase: 'ended', link: 'outdated' })
    expect(names(schema.effects)).toContain('reload')
    const person = play(START, OPENED, [20, { on: 'welcome', fits: 'person', heartbeat: 15 }])
    expect(person.at).toMatchObject({ phase: 'ended', link: 'signed-out' })
  })
})

describe('losing it', () => {
  test('says so at once and comes back after a random part of the first wait', () => {
    const { at, effects } = play(...LIVE, closed(50_000, 1006))
    expect(at).toMatchObject({ phase: 'waiting', link: 'reconnecting', since: 50_000 })
    expect(names(effects)[0]).toBe('down')
    expect(waitOf(effects, 'retry')).toMatchObject({ ms: FIRST_WAIT / 2 })
  })

  test('after a while it is offline, since the moment it was lost', () => {
    const { at } = play(...LIVE, closed(50_000, 1006), timer(50_000 + PATIENCE, 'patience'))
    expect(at).toMatchObject({ link: 'offline', since: 50_000 })
  })

  test('waits longer after each failure', () => {
    const failing = [
      ...LIVE,
      closed(50_000, 1006),
      timer(51_000, 'retry'),
      closed(51_001, 1006),
      read(51_002, 'none'),
    ] as const
    expect(waitOf(play(...failing).effects, 'retry')).toMatchObject({ ms: (FIRST_WAIT * GROWTH) / 2 })
    const again = play(...failing, timer(52_000, 'retry'), closed(52_001, 1006), read(52_002, 'none'))
    expect(waitOf(again.effects, 'retry')).toMatchObject({ ms: (FIRST_WAIT * GROWTH ** 2) / 2 })
  })

  test.each([0, 0.5, 0.999999])('jitter %d stays within its bounds', (value) => {
    for (let failures = 0; failures < 40; failures += 1) {
      const ms = backOff(failures, () => value)
      expect(ms).toBeGreaterThanOrEqual(0)
      expect(ms).toBeLessThan(Math.min(LONGEST_WAIT, FIRST_WAIT * GROWTH ** failures))
    }
  })

  test('a connection that never lasts is not opened again at once', () => {
    const flapping = [...LIVE, closed(100, 1013), timer(500, 'retry'), [510, WELCOME[1]]] as [number, Input][]
    expect(waitOf(play(...LIVE, closed(100, 1013)).effects, 'retry')).toMatchObject({ ms: (FIRST_WAIT * GROWTH) / 2 })
    const again = play(...flapping, closed(520, 1013))
    expect(waitOf(again.effects, 'retry')).toMatchObject({ ms: (FIRST_WAIT * GROWTH ** 2) / 2 })
    const lasted = play(...flapping, closed(60_000, 1013))
    expect(waitOf(lasted.effects, 'retry')).toMatchObject({ ms: FIRST_WAIT / 2 })
  })

  test('a restart is no failure', () => {
    const { effects } = play(...LIVE, closed(5_000, Close.RESTART))
    expect(waitOf(effects, 'retry')).toMatchObject({ ms: RESTART_WAIT / 2 })
  })

  test.each([Close.MALFORMED, Close.TOO_LARGE])('FRM2 after %d the next commands go carefully', (code) => {
    expect(names(play(...LIVE, closed(5_000, code)).effects).slice(0, 2)).toEqual(['careful', 'down'])
  })

  test('signed out and outdated do not come back', () => {
    const out = play(...LIVE, closed(5_000, Close.SIGNED_OUT))
    expect(out.at).toMatchObject({ phase: 'ended', link: 'signed-out' })
    expect(names(out.effects)).toEqual(['down', 'close', 'clear'])
    expect(names(play(...LIVE, closed(5_000, Close.PROTOCOL)).effects)).toContain('reload')
    expect(play(...LIVE, closed(5_000, Close.SIGNED_OUT), [6_000, { on: 'online' }]).effects).toEqual([])
  })
})

describe('SEAT5 silence', () => {
  test('a beat asks for a sign of life', () => {
    const { effects } = play(...LIVE, timer(15_020, 'beat'))
    expect(effects).toEqual([
      { do: 'send', message: { t: 'ping' } },
      { do: 'timer', timer: 'beat', ms: 15_000 },
    ])
  })

  test('nothing heard for two beats: gone', () => {
    const { at, effects } = play(...LIVE, timer(30_020, 'silence'))
    expect(at).toMatchObject({ phase: 'waiting', link: 'reconnecting' })
    expect(names(effects).slice(0, 2)).toEqual(['down', 'close'])
  })

  test('something heard: the rest of the time is left', () => {
    const { at, effects } = play(...LIVE, [20_000, { on: 'heard' }], timer(30_020, 'silence'))
    expect(at.phase).toBe('live')
    expect(effects).toEqual([{ do: 'timer', timer: 'silence', ms: 19_980 }])
  })

  test('a beat of the server that is too long does not delay the notice', () => {
    const { effects } = play(START, OPENED, [20, { on: 'welcome', fits: 'yes', heartbeat: 120 }])
    expect(waitOf(effects, 'silence')).toMatchObject({ ms: 30_000 })
  })

  test('awake again, an unanswered ping is enough', () => {
    const woken = [...LIVE, [20_000, { on: 'visible' }]] as [number, Input][]
    expect(waitOf(play(...woken).effects, 'silence')).toMatchObject({ ms: WAKE_WITHIN })
    expect(play(...woken, timer(20_000 + WAKE_WITHIN, 'silence')).at.phase).toBe('waiting')
    const answered = play(...woken, [20_050, { on: 'heard' }], timer(20_000 + WAKE_WITHIN, 'silence'))
    expect(answered.at.phase).toBe('live')
  })
})

describe('the device', () => {
  test('offline is said at once, and attempts go on', () => {
    const { at, effects } = play(...LIVE, [5_000, { on: 'offline' }])
    expect(at).toMatchObject({ link: 'offline', since: 5_000, phase: 'waiting' })
    expect(names(effects)).toContain('close')
    expect(waitOf(effects, 'retry')).toBeDefined()
  })

  test('online again it does not wait for its turn', () => {
    const { effects } = play(...LIVE, [5_000, { on: 'offline' }], [60_000, { on: 'online' }])
    expect(effects).toEqual([{ do: 'timer', timer: 'retry', ms: FIRST_WAIT / 2 }])
  })
})

describe('without sockets', () => {
  const BLOCKED = [START, closed(100, 1006)] as const

  test('a failed upgrade asks whether HTTP works', () => {
    expect(names(play(...BLOCKED).effects)).toContain('probe')
  })

  test('if it does, entries come by long poll, and the socket is tried again later', () => {
    const { at, effects } = play(...BLOCKED, read(200, 'ok'))
    expect(at).toMatchObject({ phase: 'polling', link: 'live' })
    expect(effects).toContainEqual({ do: 'up', via: 'poll' })
    expect(waitOf(effects, 'upgrade')).toBeDefined()
  })

  test('another failed upgrade disturbs nothing', () => {
    const { at, effects } = play(...BLOCKED, read(200, 'ok'), timer(6_000, 'upgrade'), closed(6_100, 1006))
    expect(at).toMatchObject({ phase: 'polling', link: 'live' })
    expect(names(effects)).toEqual(['clear', 'timer', 'probe'])
  })

  test('a socket that works takes over', () => {
    const { at, effects } = play(...BLOCKED, read(200, 'ok'), timer(6_000, 'upgrade'), [6_100, WELCOME[1]])
    expect(at.phase).toBe('live')
    expect(effects).toContainEqual({ do: 'up', via: 'socket' })
  })

  test('when polls fail too it is lost', () => {
    const { at, effects } = play(...BLOCKED, read(200, 'ok'), read(9_000, 'none'))
    expect(at).toMatchObject({ phase: 'waiting', link: 'reconnecting', since: 9_000 })
    expect(names(effects)).toContain('down')
  })

  test('when HTTP says signed out it ends', () => {
    expect(play(...BLOCKED, read(200, 'signed-out')).at).toMatchObject({ link: 'signed-out' })
  })
})

test('stop ends everything, and start begins anew', () => {
  const { at, effects } = play(...LIVE, [9_000, { on: 'stop' }])
  expect(at.phase).toBe('stopped')
  expect(names(effects)).toEqual(['close', 'clear'])
  expect(play(...LIVE, [9_000, { on: 'stop' }], closed(9_001, 1006)).effects).toEqual([])
  expect(play(...LIVE, [9_000, { on: 'stop' }], [9_500, { on: 'start' }]).at.phase).toBe('opening')
})
