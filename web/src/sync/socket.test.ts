import { expect, test } from 'vitest'
import type { ClientMessage } from '../schema.ts'
import { newId } from './ids.ts'
import { frames } from './socket.ts'

const comment = (text: string): ClientMessage => ({
  t: 'do',
  id: newId(),
  space: 's',
  command: { verb: 'comment.add', id: newId(), task: 't', text },
})

test('one message is a frame of its own, several share one', () => {
  expect(frames([])).toEqual([])
  expect(frames([{ t: 'ping' }])).toEqual(['{"t":"ping"}'])
  expect(frames([{ t: 'ping' }, { t: 'ping' }])).toEqual(['[{"t":"ping"},{"t":"ping"}]'])
})

test('no frame is larger than the server takes, in bytes, and none is lost', () => {
  const messages = Array.from({ length: 40 }, (_, number) => comment('ä€🙂'.repeat(number * 40)))
  const made = frames(messages)
  for (const frame of made) expect(new TextEncoder().encode(frame).length).toBeLessThanOrEqual(64 * 1024)
  const back = made.flatMap((frame) => [JSON.parse(frame) as ClientMessage | ClientMessage[]].flat())
  expect(back).toEqual(messages)
})

test('no frame holds more messages than the server takes', () => {
  const made = frames(Array.from({ length: 1_000 }, () => ({ t: 'ping' }) as const))
  for (const frame of made) expect((JSON.parse(frame) as unknown[]).length).toBeLessThanOrEqual(256)
})

test('ids are UUIDv7 and sort by their moment', () => {
  const [first, second] = [newId(1_700_000_000_000), newId(1_700_000_000_001)]
  expect(first).toMatch(/^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(first < second).toBe(true)
  expect(new Set(Array.from({ length: 1_000 }, () => newId(0))).size).toBe(1_000)
})
