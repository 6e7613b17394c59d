import { expect, test } from 'vitest'
import type { Status } from '../sync'
import { headline } from './connection'

const LIVE: Status = {
  link: 'live',
  since: 0,
  via: 'socket',
  relay: 'ok',
  writing: 'ok',
  waiting: 0,
  refused: 0,
  kept: true,
}

test.each<[Partial<Status>, string, string]>([
  [{}, 'state.live', 'calm'],
  [{ via: 'poll' }, 'state.poll', 'calm'],
  [{ relay: 'late' }, 'state.relay_late', 'wait'],
  [{ relay: 'late', writing: 'paused' }, 'state.writing_paused', 'wait'],
  [{ link: 'reconnecting', writing: 'paused' }, 'state.reconnecting', 'wait'],
  [{ link: 'offline' }, 'state.offline', 'off'],
  [{ link: 'outdated' }, 'state.outdated', 'off'],
  [{ link: 'signed-out' }, 'state.signed_out', 'off'],
])('%o is said as %s', (change, key, tone) => {
  expect(headline({ ...LIVE, ...change })).toMatchObject({ key, tone })
})
