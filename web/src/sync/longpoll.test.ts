import { beforeEach, expect, test } from 'vitest'
import type { EntriesPage, Id } from '../schema.ts'
import { httpOver } from './http.ts'
import { LongPoll } from './longpoll.ts'
import { Clock, settled } from './support/clock.ts'
import type { ReadProblem } from './types.ts'

interface Asked {
  space: Id
  after: number
  wait: number
  answer(status: number, body: unknown): void
}

let clock: Clock
let asked: Asked[]
let pages: EntriesPage[]
let told: string[]
let poll: LongPoll
const seqs = new Map<Id, number>()

beforeEach(() => {
  clock = new Clock()
  asked = []
  pages = []
  told = []
  seqs.clear()
  const fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { pathname, searchParams } = new URL(String(input), 'http://server')
      const number = (name: string) => Number(searchParams.get(name))
      const answer = (status: number, body: unknown) => resolve(new Response(JSON.stringify(body), { status }))
      asked.push({ space: pathname.split('/')[3] ?? '', after: number('after'), wait: number('wait'), answer })
      init?.signal?.addEventListener('abort', () => reject(new Error('aborted')))
    })
  const events = {
    page(page: EntriesPage) {
      pages.push(page)
      seqs.set(page.space, page.seq)
    },
    behind: (space: Id) => void told.push(`behind ${space}`),
    left: (space: Id) => void told.push(`left ${space}`),
    failed: (problem: ReadProblem) => void told.push(`failed ${problem.status}`),
  }
  poll = new LongPoll(httpOver({ fetch, later: clock.later }), events, clock.later)
})

const seats = (...spaces: Id[]) => spaces.map((space) => ({ space, seq: () => seqs.get(space) ?? 0 }))
const page = (space: Id, seq: number): EntriesPage => ({ space, seq, head: 'x', entries: [] })

test('asks for what comes after the last entry it has', async () => {
  poll.watch(seats('a'))
  asked[0]?.answer(200, page('a', 7))
  await settled()
  expect(pages).toHaveLength(1)
  expect(asked.map(({ after, wait }) => [after, wait])).toEqual([
    [0, 25],
    [7, 25],
  ])
})

test('holds two polls and asks for the others in turn, so that commands find a free connection', async () => {
  poll.watch(seats('a', 'b', 'c'))
  expect(asked.map(({ wait }) => wait)).toEqual([25, 25, 0])
  asked[2]?.answer(200, page('c', 1))
  await settled()
  expect(asked).toHaveLength(3)
  await clock.pass(4_000)
  expect(asked.map(({ space }) => space)).toEqual(['a', 'b', 'c', 'c'])
})

test('a poll that the server does not end is given up', async () => {
  poll.watch(seats('a'))
  await clock.pass(60_000)
  expect(told).toEqual(['failed 0'])
})

test.each([
  [410, 'behind a'],
  [404, 'left a'],
  [403, 'left a'],
  [401, 'failed 401'],
  [503, 'failed 0'],
  [418, 'failed 0'],
])('an answer %d is told as %s and ends the poll', async (status, expected) => {
  poll.watch(seats('a'))
  asked[0]?.answer(status, { status })
  await settled()
  expect(told).toEqual([expected])
  expect(asked).toHaveLength(1)
})

test('a seat that is given back is polled no more, the others are not disturbed', async () => {
  poll.watch(seats('a', 'b'))
  poll.watch(seats('b'))
  await settled()
  expect(told).toEqual([])
  expect(asked).toHaveLength(2)
  poll.stop()
  await settled()
  expect(told).toEqual([])
})
