import 'fake-indexeddb/auto'
// Loaded when they are needed, which would take longer than these tests wait.
import './longpoll.ts'
import './part.ts'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AnyEntity, Column, Id } from '../schema.ts'
import { registerForesee, registerInverse } from './registry.ts'
import { Clock, settled } from './support/clock.ts'
import { newTask, TestServer } from './support/server.ts'
import { ME, Tab } from './support/tab.ts'
import type { Client, Outcome, Overwritten, SpaceChange } from './types.ts'

const SPACE = '0190a000-0000-7000-8000-000000005001'
const OTHER = '0190a000-0000-7000-8000-000000005002'
const COLUMN = '0190a000-0000-7000-8000-00000000c001'
const TASK = '0190a000-0000-7000-8000-00000000a001'

const id = (number: number): Id => `0190a000-0000-7000-8000-${String(number).padStart(12, '0')}`
const column = (columnId: Id): Column => ({
  kind: 'column',
  id: columnId,
  to: 15,
  board: SPACE,
  title: 'Offen',
  place: 'A',
  colour: null,
  limit: null,
  done: false,
})

registerForesee('task.create', (draft, { id: task, column: into, title }, { by }) =>
  draft.put(newTask(task, into, title, by)),
)
registerForesee('task.edit', (draft, { task, title }) => {
  if (title !== undefined) draft.patch('task', task, { title })
})
registerForesee('task.send', (draft, { task, space }, { carried }) => {
  if (draft.id === space) for (const entity of carried) draft.put(entity)
  else draft.drop('task', task)
})
registerForesee('comment.add', (draft, { id: comment, task, text }, { by, now }) => {
  const rest = { to: 7, put_away_at: null, mentions: [], edited_at: null }
  draft.put({ kind: 'comment', id: comment, task, text, author: by, at: now, ...rest })
})
registerInverse('task.edit', ({ entry, before, after }) => {
  const [was, now] = [before.get('task', entry.about), after.get('task', entry.about)]
  if (!was || !now) return null
  return [{ command: { verb: 'task.edit', task: was.id, title: was.title }, onlyIf: { title: now.title } }]
})

let clock: Clock
let server: TestServer
let tabs: Tab[]

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
  clock = new Clock()
  server = new TestServer(ME)
  server.found(SPACE, [column(COLUMN), newTask(TASK, COLUMN, 'Stand planen', ME.person)])
  server.found(OTHER, [column(id(77))])
  tabs = []
})

afterEach(async () => {
  for (const tab of tabs) await tab.kill()
})

function open(...rest: ConstructorParameters<typeof Tab> extends [Clock, TestServer, ...infer R] ? R : never): Tab {
  const tab = new Tab(clock, server, ...rest)
  tabs.push(tab)
  return tab
}

async function close(tab: Tab): Promise<void> {
  tabs = tabs.filter((one) => one !== tab)
  await tab.kill()
}

async function seated(tab = open()) {
  const { client } = tab
  const seat = client.open(SPACE)
  const changes: SpaceChange[] = []
  seat.subscribe((change) => changes.push(change))
  await settled()
  return { tab, client, seat, changes, title: (task = TASK) => seat.state.get('task', task)?.title }
}

const rename = (title: string, task = TASK) => ({ verb: 'task.edit', task, title }) as const
const create = (task: Id, title = 'Neu') => ({ verb: 'task.create', id: task, column: COLUMN, title }) as const

/** Collects what promises resolve to. */
function results(...promises: Promise<Outcome | null>[]): (Outcome | null)[] {
  const done: (Outcome | null)[] = []
  for (const promise of promises) void promise.then((outcome) => done.push(outcome))
  return done
}

describe('a seat', () => {
  test('shows a snapshot, then follows', async () => {
    const { client, seat, changes, title } = await seated()
    expect(client.status).toMatchObject({ link: 'live', via: 'socket' })
    expect(seat.status).toBe('ready')
    expect(changes[0]).toMatchObject({ fresh: true })
    server.write(SPACE, [{ do: 'patch', kind: 'task', id: TASK, fields: { title: 'B' }, was: {}, to: 7 }])
    await settled()
    expect(title()).toBe('B')
    expect(changes.at(-1)).toMatchObject({ fresh: false, entries: [{ seq: 1 }] })
    expect([...(changes.at(-1)?.keys ?? [])]).toEqual([`task:${TASK}`])
  })

  test('SEAT1 a hole makes it take a snapshot', async () => {
    const { title } = await seated()
    const lost = server.spaces.get(SPACE)
    const line = [...server.lines][0]
    line?.seats.delete(SPACE)
    server.write(SPACE, [{ do: 'patch', kind: 'task', id: TASK, fields: { title: 'B' }, was: {}, to: 7 }])
    line?.seats.add(SPACE)
    server.write(SPACE, [{ do: 'put', entity: newTask(id(2), COLUMN, 'C', 'x') }])
    await settled()
    expect(title()).toBe('B')
    expect(title(id(2))).toBe('C')
    expect(lost?.state.seq).toBe(2)
    expect(server.requests.filter((path) => path.endsWith('/snapshot'))).toHaveLength(2)
  })

  test('SEAT2 another head (a restored backup) makes it take a snapshot', async () => {
    const first = await seated()
    server.write(SPACE, [{ do: 'patch', kind: 'task', id: TASK, fields: { title: 'B' }, was: {}, to: 7 }])
    await settled()
    server.drop(1006)
    const there = server.spaces.get(SPACE)
    server.found(SPACE, [column(COLUMN), newTask(TASK, COLUMN, 'von früher', ME.person)])
    expect(there).toBeDefined()
    await clock.pass(1_000)
    expect(first.title()).toBe('von früher')
    expect(first.seat.state.seq).toBe(0)
  })

  test('handles share it, and the last one gives it back after a while', async () => {
    const { client, seat } = await seated()
    const second = client.open(SPACE)
    expect(second.state).toBe(seat.state)
    seat.close()
    seat.close()
    await clock.pass(20_000)
    expect(server.said.some((message) => message.t === 'unwatch')).toBe(false)
    second.close()
    await clock.pass(20_000)
    expect(server.said.some((message) => message.t === 'unwatch')).toBe(true)
  })

  test('a space that is not mine is gone, without a word of what is in it', async () => {
    const { client } = await seated()
    const seat = client.open(id(404))
    await settled()
    expect([seat.status, seat.why]).toEqual(['gone', 'no_access'])
  })

  test('CLI4 when access ends the seat is empty, and the device too', async () => {
    const { tab, client, seat } = await seated()
    client.keepDraft(SPACE, TASK, 'title', 'halb getippt')
    await clock.pass(1_000)
    server.up = false
    server.sendAll([{ t: 'left', space: SPACE, reason: 'no_access' }])
    await settled()
    expect([seat.status, seat.why]).toEqual(['gone', 'no_access'])
    expect(seat.state.get('task', TASK)).toBeUndefined()
    await close(tab)
    const again = await seated()
    expect(again.seat.status).toBe('loading')
    expect(await again.client.draft(SPACE, TASK, 'title')).toBeUndefined()
  })

  test('presence is told, and said again after a reconnect', async () => {
    const { seat } = await seated()
    seat.sayPresence({ task: TASK, writing: true })
    server.sendAll([{ t: 'presence', space: SPACE, people: [{ person: 'x', where: null }] }])
    await settled()
    expect(seat.present).toEqual([{ person: 'x', where: null }])
    server.drop(1006)
    await settled()
    expect(seat.present).toEqual([])
    await clock.pass(1_000)
    const said = server.said.filter((message) => message.t === 'presence')
    expect(said).toEqual([1, 2].map(() => ({ t: 'presence', space: SPACE, where: { task: TASK, writing: true } })))
  })
})

describe('a command', () => {
  test('is shown at once, marked, and the entry replaces the guess', async () => {
    const { client, seat, changes, title } = await seated()
    server.holds = true
    const done = results(client.do(SPACE, rename('B')))
    expect(title()).toBe('B')
    expect(seat.confirmed.get('task', TASK)?.title).toBe('Stand planen')
    expect([...(changes.at(-1)?.keys ?? [])]).toEqual([`task:${TASK}`, `mark:${TASK}`])
    expect(seat.mark(TASK).waiting).toHaveLength(1)
    expect(client.status.waiting).toBe(1)
    await settled()
    server.answer()
    await settled()
    expect(done).toMatchObject([{ ok: true, seqs: { [SPACE]: 1 } }])
    expect(seat.mark(TASK).waiting).toEqual([])
    expect(client.pending).toEqual([])
    expect(seat.confirmed.get('task', TASK)?.title).toBe('B')
  })

  test('says what its author saw', async () => {
    const { client } = await seated()
    void client.do(SPACE, rename('B'))
    await settled()
    expect(server.said).toContainEqual(expect.objectContaining({ t: 'do', expects: { title: 'Stand planen' } }))
  })

  test('CLI2 refused: the change is gone, the text is kept, until it is discarded', async () => {
    const { client, seat, title } = await seated()
    server.refuseNext = { reason: 'not_allowed' }
    const done = results(client.do(SPACE, rename('B')))
    await settled()
    expect(done).toMatchObject([{ ok: false, reason: { reason: 'not_allowed' } }])
    expect(title()).toBe('Stand planen')
    const [refused] = seat.mark(TASK).refused
    expect(refused).toMatchObject({ command: rename('B'), reason: { reason: 'not_allowed' } })
    expect(client.status).toMatchObject({ waiting: 0, refused: 1 })
    client.discard(refused?.id ?? '')
    expect(client.pending).toEqual([])
  })

  test('CLI2 a refused task stays on the board with its dependents, survives a reload, and can be sent again', async () => {
    const first = await seated()
    server.refuseNext = { reason: 'column_full', column: COLUMN, limit: 5 }
    void first.client.do(SPACE, create(id(9)))
    void first.client.do(SPACE, rename('Neuer Name', id(9)))
    await settled()
    expect(first.title(id(9))).toBe('Neuer Name')
    expect(first.seat.mark(id(9)).refused.map(({ state }) => state)).toEqual(['refused', 'held'])
    await close(first.tab)

    const { client, seat, title } = await seated()
    expect(title(id(9))).toBe('Neuer Name')
    const [refused] = seat.mark(id(9)).refused
    const done = results(client.resend(refused?.id ?? '', create(id(9), 'Anderer Titel')))
    await settled()
    expect(done).toMatchObject([{ ok: true }])
    expect(client.pending).toEqual([])
    expect(seat.confirmed.get('task', id(9))?.title).toBe('Neuer Name')
  })

  test('CMD7 when nothing can be written it waits, and goes again', async () => {
    const { client } = await seated()
    server.refuseNext = { reason: 'unavailable' }
    const done = results(client.do(SPACE, rename('B')), client.do(SPACE, rename('C')))
    await settled()
    expect(done).toEqual([])
    await clock.pass(5_000)
    expect(done).toMatchObject([{ ok: true }, { ok: true }])
    expect(server.arrived.map(({ command }) => (command as { title: string }).title)).toEqual(['B', 'B', 'C'])
  })

  test('CMD2 the same id goes again when the answer was lost', async () => {
    const { client, title } = await seated()
    server.losesAnswers = true
    server.lines.values().next().value?.seats.clear()
    const done = results(client.do(SPACE, rename('B')))
    await settled()
    server.losesAnswers = false
    server.crash()
    await settled()
    expect(done).toEqual([])
    expect(client.status.link).toBe('reconnecting')
    server.up = true
    await clock.pass(5_000)
    expect(done).toMatchObject([{ ok: true, seqs: { [SPACE]: 1 } }])
    expect(server.spaces.get(SPACE)?.entries).toHaveLength(1)
    expect(title()).toBe('B')
  })

  test('its entry is proof enough when the answer was lost', async () => {
    const { client } = await seated()
    server.losesAnswers = true
    const done = results(client.do(SPACE, rename('B')))
    await settled()
    expect(done).toMatchObject([{ ok: true, seqs: { [SPACE]: 1 } }])
    expect(client.pending).toEqual([])
  })

  test('of two spaces is shown in both at once', async () => {
    const { client, seat } = await seated()
    const other = client.open(OTHER)
    await settled()
    server.holds = true
    void client.do(SPACE, { verb: 'task.send', task: TASK, space: OTHER, column: id(77) })
    expect(seat.state.get('task', TASK)).toBeUndefined()
    expect(other.state.get('task', TASK)?.title).toBe('Stand planen')
    await settled()
    server.answer()
    await settled()
    expect(client.pending).toEqual([])
  })

  test('FRM2 a frame that is not understood is not sent like that again', async () => {
    const { client } = await seated()
    server.holds = true
    const done = results(client.do(SPACE, rename('B')))
    await settled()
    server.held.length = 0
    server.holds = false
    server.drop(4400)
    await clock.pass(3_000)
    expect(server.requests.filter((path) => path === `POST /api/spaces/${SPACE}/commands`)).toHaveLength(1)
    expect(done).toMatchObject([{ ok: true }])
  })
})

describe('offline', () => {
  test('CLI1 what was typed survives a killed tab, in order, and arrives once', { timeout: 60_000 }, async () => {
    const first = await seated()
    await clock.pass(1_000)
    server.crash()
    first.tab.tell('offline')
    for (let number = 0; number < 1_000; number += 1)
      void first.client.do(SPACE, create(id(number), `Aufgabe ${number}`))
    await until(async () => (await everythingKept('outbox')).length === 1_000)
    expect(first.client.status).toMatchObject({ link: 'offline', waiting: 1_000 })
    await close(first.tab)

    const second = await seated()
    expect(second.client.status.waiting).toBe(1_000)
    expect(second.title(id(999))).toBe('Aufgabe 999')
    server.up = true
    await clock.pass(60_000)
    expect(second.client.status).toMatchObject({ link: 'live', waiting: 0 })
    const arrived = server.arrived.map(({ command }) => (command as { id: Id }).id)
    expect(arrived).toEqual(Array.from({ length: 1_000 }, (_, number) => id(number)))
    expect(second.seat.confirmed.all('task').size).toBe(1_001)
  })

  test('CLI5 reading works from what the device kept, entries included', async () => {
    const first = await seated()
    server.write(SPACE, [{ do: 'patch', kind: 'task', id: TASK, fields: { title: 'B' }, was: {}, to: 7 }])
    await clock.pass(1_000)
    await close(first.tab)
    server.crash()
    const { seat, title } = await seated()
    expect(seat.status).toBe('ready')
    expect(title()).toBe('B')
    expect(seat.state).toMatchObject({ seq: 1, viewer: 2 })
  })

  test('CLI4 what was hidden from me is not on the device any more', async () => {
    const first = await seated()
    server.write(SPACE, [{ do: 'patch', kind: 'task', id: TASK, fields: { title: 'geheim' }, was: {}, to: 7 }])
    await clock.pass(1_000)
    server.write(SPACE, [{ do: 'drop', kind: 'task', id: TASK, to: 7 }])
    await clock.pass(1_000)
    await close(first.tab)
    expect(JSON.stringify(await everythingKept())).not.toContain('geheim')
  })

  test('CLI4 a newer snapshot takes the place of what is kept at once, the first one when the page is drawn', async () => {
    server.found(SPACE, [column(COLUMN), newTask(TASK, COLUMN, 'geheim', ME.person)])
    const first = await seated()
    expect(await everythingKept('spaces')).toEqual([])
    await clock.pass(1_000)
    expect(JSON.stringify(await everythingKept('spaces'))).toContain('geheim')
    await close(first.tab)
    server.found(SPACE, [column(COLUMN)])
    // What happened meanwhile is too long ago to be told: the server says `behind`.
    server.tooLongAgo = true
    await seated()
    expect(JSON.stringify(await everythingKept())).not.toContain('geheim')
  })

  test('with what it holds a seat goes on, without another snapshot', async () => {
    const first = await seated()
    await clock.pass(1_000)
    await close(first.tab)
    server.write(SPACE, [{ do: 'patch', kind: 'task', id: TASK, fields: { title: 'B' }, was: {}, to: 7 }])
    server.requests.length = 0
    const { title } = await seated()
    expect(title()).toBe('B')
    expect(server.requests).toEqual([])
    expect(server.said).toContainEqual({ t: 'watch', space: SPACE, since: 0, head: '5001.0', viewer: 2 })
  })

  test('half-open connections are noticed within 30 s', async () => {
    const { client } = await seated()
    server.silent = true
    await clock.pass(30_000)
    expect(client.status.link).toBe('reconnecting')
    await clock.pass(60_000)
    expect(client.status.link).toBe('offline')
    server.silent = false
    await clock.pass(60_000)
    expect(client.status.link).toBe('live')
  })

  test('drafts are kept until they are dropped', async () => {
    const first = await seated()
    first.client.keepDraft(SPACE, TASK, 'comment', 'halb getip')
    first.client.keepDraft(SPACE, TASK, 'comment', 'halb getippt')
    expect(await first.client.draft(SPACE, TASK, 'comment')).toBe('halb getippt')
    await clock.pass(1_000)
    await close(first.tab)
    const { client } = await seated()
    expect(await client.draft(SPACE, TASK, 'comment')).toBe('halb getippt')
    client.dropDraft(SPACE, TASK, 'comment')
    expect(await client.draft(SPACE, TASK, 'comment')).toBeUndefined()
  })

  test('another person finds nothing of mine', async () => {
    const first = await seated()
    server.crash()
    void first.client.do(SPACE, rename('B'))
    await clock.pass(1_000)
    await close(first.tab)
    const other = await seated(open({ ...ME, person: id(5) }))
    expect(other.client.pending).toEqual([])
    expect(other.seat.status).toBe('loading')
  })
})

describe('without sockets', () => {
  test('CLI6 everything works by POST and long poll, and a socket takes over when it can', async () => {
    server.blocksSockets = true
    const { client, seat, title } = await seated()
    await clock.pass(1_000)
    expect(client.status).toMatchObject({ link: 'live', via: 'poll' })
    const done = results(client.do(SPACE, rename('B')))
    await clock.pass(100)
    expect(done).toMatchObject([{ ok: true }])
    server.refuseNext = { reason: 'not_allowed' }
    const refused = results(client.do(SPACE, rename('C')))
    await clock.pass(100)
    expect(refused).toMatchObject([{ ok: false, reason: { reason: 'not_allowed' } }])
    expect(title()).toBe('B')
    server.blocksSockets = false
    await clock.pass(120_000)
    expect(client.status).toMatchObject({ link: 'live', via: 'socket' })
    server.write(SPACE, [{ do: 'patch', kind: 'task', id: TASK, fields: { title: 'D' }, was: {}, to: 7 }])
    await settled()
    expect(title()).toBe('D')
    expect(seat.state.seq).toBe(2)
  })
})

describe('several tabs', () => {
  test('CLI3 show the same, one sends, and each gets its answer', async () => {
    const [first, second] = [await seated(), await seated()]
    server.holds = true
    const done = results(second.client.do(SPACE, rename('B')))
    await settled()
    expect(first.title()).toBe('B')
    expect(first.seat.mark(TASK).waiting).toHaveLength(1)
    expect(first.client.status.waiting).toBe(1)
    expect(server.held).toHaveLength(1)
    server.holds = false
    server.answer()
    await settled()
    expect(done).toMatchObject([{ ok: true }])
    expect([first.client.pending, second.client.pending]).toEqual([[], []])
    expect(server.arrived).toHaveLength(1)
  })

  test('CLI3 when the one that sends is closed, the next takes over', async () => {
    const [first, second] = [await seated(), await seated()]
    server.holds = true
    const done = results(second.client.do(SPACE, rename('B')))
    await settled()
    server.held.length = 0
    server.holds = false
    await close(first.tab)
    await settled()
    expect(done).toMatchObject([{ ok: true }])
    expect(second.client.pending).toEqual([])
  })

  test('CLI3 when the one that sends is asleep, the one in use takes over', async () => {
    const asleep = new TestServer(ME)
    asleep.up = false
    const first = new Tab(clock, asleep)
    tabs.push(first)
    await settled()
    const second = await seated()
    const done = results(second.client.do(SPACE, rename('B')))
    await settled()
    expect(done).toEqual([])
    await clock.pass(6_000)
    expect(done).toMatchObject([{ ok: true }])
    await settled()
    expect(first.client.pending).toEqual([])
    await close(second.tab)
    void first.client.do(SPACE, rename('C'))
    asleep.up = true
    asleep.found(SPACE, [column(COLUMN), newTask(TASK, COLUMN, 'B', ME.person)])
    await clock.pass(30_000)
    expect(asleep.arrived).toHaveLength(1)
  })

  test('CLI1 what is sent again from one tab is kept, whatever the others hear', async () => {
    const [first, second] = [await seated(), await seated()]
    server.refuseNext = { reason: 'not_allowed' }
    void first.client.do(SPACE, rename('B'))
    await settled()
    server.crash()
    await settled()
    void second.client.resend(second.client.pending[0]?.id ?? '', rename('C'))
    await settled()
    for (const { tab } of [first, second]) await close(tab)
    const { title } = await seated()
    expect(title()).toBe('C')
  })

  test('a refusal stands in both, and is discarded in both', async () => {
    const [first, second] = [await seated(), await seated()]
    server.refuseNext = { reason: 'not_allowed' }
    void second.client.do(SPACE, rename('B'))
    await settled()
    expect(first.client.status.refused).toBe(1)
    first.client.discard(first.client.pending[0]?.id ?? '')
    await settled()
    expect([first.client.pending, second.client.pending]).toEqual([[], []])
  })

  test('without locks all send, and it takes effect once', async () => {
    const [, second] = [await seated(open(ME, null)), await seated(open(ME, null))]
    const done = results(second.client.do(SPACE, rename('B')), second.client.do(SPACE, rename('C')))
    await settled()
    expect(done).toMatchObject([{ ok: true }, { ok: true }])
    expect(server.spaces.get(SPACE)?.entries).toHaveLength(2)
  })

  test('CLI4 signing out in one ends both and wipes the device', async () => {
    const [first, second] = [await seated(), await seated()]
    server.holds = true
    void first.client.do(SPACE, rename('B'))
    await clock.pass(1_000)
    expect(await first.client.signOut()).toBe(true)
    await settled()
    expect(second.client.status.link).toBe('signed-out')
    expect(second.seat.status).toBe('gone')
    expect(await everythingKept()).toEqual([])
  })

  test('signing out needs the server', async () => {
    const { client } = await seated()
    server.crash()
    expect(await client.signOut()).toBe(false)
    expect(client.status.link).not.toBe('signed-out')
  })
})

describe('the session and the version', () => {
  test('an ended session keeps the outbox', async () => {
    const first = await seated()
    server.holds = true
    void first.client.do(SPACE, rename('B'))
    await settled()
    server.drop(4401)
    await settled()
    expect(first.client.status).toMatchObject({ link: 'signed-out', waiting: 1 })
    await close(first.tab)
    server.holds = false
    const { client, title } = await seated()
    await settled()
    expect(client.status).toMatchObject({ link: 'live', waiting: 0 })
    expect(title()).toBe('B')
  })

  test('nothing is sent or read as somebody else who signed in in this browser', async () => {
    server.blocksSockets = true
    const { client } = await seated()
    server.holds = true
    await clock.pass(1_000)
    server.me = { ...ME, person: id(5) }
    await clock.pass(60_000)
    expect(client.status.link).toBe('signed-out')
    void client.do(SPACE, rename('B'))
    await settled()
    expect(server.arrived).toEqual([])
  })

  test('what was just typed is kept before the page reloads', async () => {
    const { tab, client } = await seated()
    server.schema = 'newer'
    server.drop(1012)
    await clock.pass(450)
    client.keepDraft(SPACE, TASK, 'title', 'halb getippt')
    await clock.pass(100)
    await until(async () => tab.reloads.length > 0)
    expect(await everythingKept('drafts')).toEqual(['halb getippt'])
  })

  test('CLI1 what waits outlives a restored backup: the page comes again and sends it', async () => {
    const first = await seated()
    await Promise.all([first.client.do(SPACE, rename('B')), settled()])
    server.crash()
    void first.client.do(SPACE, rename('C'))
    await until(async () => (await everythingKept('outbox')).length === 1)
    const instance = id(900)
    server.me = { ...ME, instance }
    server.found(SPACE, [column(COLUMN), newTask(TASK, COLUMN, 'Stand planen', ME.person)])
    server.up = true
    await clock.pass(10_000)
    await until(async () => first.tab.reloads.length > 0)
    expect(first.tab.reloads).toEqual([`${instance} ${ME.schema}`])
    await close(first.tab)
    server.arrived.splice(0)

    const { client, seat, title } = await seated(open(server.me))
    await settled()
    expect(server.arrived).toMatchObject([{ command: { title: 'C' } }])
    expect(client.status).toMatchObject({ link: 'live', waiting: 0, refused: 0 })
    expect([title(), seat.confirmed.seq]).toEqual(['C', 1])
  })

  test('a page that can keep nothing does not go by itself while something waits', async () => {
    globalThis.indexedDB = undefined as unknown as IDBFactory
    const { tab, client } = await seated()
    server.holds = true
    void client.do(SPACE, rename('B'))
    await settled()
    server.schema = 'newer'
    server.drop(1012)
    await clock.pass(2_000)
    expect(client.status).toMatchObject({ link: 'outdated', kept: false, waiting: 1 })
    expect(tab.reloads).toEqual([])
  })

  test('another schema reloads the page', async () => {
    server.schema = 'newer'
    const { tab, client } = await seated()
    expect(tab.reloads).toEqual([`${ME.instance} newer`])
    expect(client.status.link).toBe('outdated')
  })

  test('the header learns of a late relay and of paused writing', async () => {
    const { client } = await seated()
    server.sendAll([{ t: 'state', relay: 'late', writing: 'paused' }])
    await settled()
    expect(client.status).toMatchObject({ relay: 'late', writing: 'paused' })
  })
})

describe('undo and restore', () => {
  test('undo takes back my last change, if nobody changed it since', async () => {
    const { client, title } = await seated()
    await Promise.all([client.do(SPACE, rename('B')), settled()])
    const undone = results(client.undo(SPACE))
    await settled()
    expect(undone).toMatchObject([{ ok: true }])
    expect(title()).toBe('Stand planen')
    expect(server.said).toContainEqual(expect.objectContaining({ t: 'do', only_if: { title: 'B' } }))
    expect(await client.undo(SPACE)).toBeNull()
  })

  test('undo passes by what was refused', async () => {
    const { client, title } = await seated()
    await Promise.all([client.do(SPACE, rename('B')), settled()])
    server.refuseNext = { reason: 'not_allowed' }
    await Promise.all([client.do(SPACE, rename('C')), settled()])
    await Promise.all([client.undo(SPACE), settled()])
    expect(title()).toBe('Stand planen')
  })

  test('undo of what is on its way waits for it', async () => {
    const { client, title } = await seated()
    server.holds = true
    void client.do(SPACE, rename('B'))
    await settled()
    const undone = results(client.undo(SPACE))
    server.holds = false
    server.answer()
    await settled()
    expect(undone).toMatchObject([{ ok: true }])
    expect(title()).toBe('Stand planen')
  })

  test('undo of what was never sent sends nothing', async () => {
    const { client, title } = await seated()
    server.crash()
    await settled()
    const done = results(client.do(SPACE, rename('B')))
    await settled()
    const undone = results(client.undo(SPACE))
    await settled()
    expect([...done, ...undone]).toMatchObject([
      { ok: false, reason: null },
      { ok: false, reason: null },
    ])
    expect(title()).toBe('Stand planen')
    server.up = true
    await clock.pass(30_000)
    expect(server.arrived).toEqual([])
  })

  test('MRG2 who was overwritten unseen is told, once, and can restore', async () => {
    const { client, title } = await seated()
    const told: Overwritten[] = []
    client.subscribeOverwritten((overwritten) => told.push(overwritten))
    await Promise.all([client.do(SPACE, rename('meins')), settled()])
    const fields = { title: 'ihres' }
    const was = { title: 'meins' }
    server.write(SPACE, [{ do: 'patch', kind: 'task', id: TASK, fields, was, to: 7 }], {
      about: TASK,
      unseen: ['title'],
    })
    await settled()
    expect(told).toMatchObject([{ kind: 'task', id: TASK, field: 'title', mine: 'meins', theirs: 'ihres' }])
    const restored = results(client.restore(told[0] as Overwritten))
    await settled()
    expect(restored).toMatchObject([{ ok: true }])
    expect(title()).toBe('meins')
  })

  test('nobody is told of a change by one who had seen it, nor of a value that was not theirs', async () => {
    const { client } = await seated()
    const told: Overwritten[] = []
    client.subscribeOverwritten((overwritten) => told.push(overwritten))
    const patch = (title: string, unseen: string[]) =>
      server.write(SPACE, [{ do: 'patch', kind: 'task', id: TASK, fields: { title }, was: {}, to: 7 }], { unseen })
    patch('A', ['title'])
    await settled()
    await Promise.all([client.do(SPACE, rename('meins')), settled()])
    patch('B', [])
    patch('C', ['title'])
    await settled()
    expect(told).toEqual([])
  })
})

describe('the cold part of a task', () => {
  const comment = (number: number, text: string): AnyEntity => ({
    kind: 'comment',
    id: id(number),
    to: 7,
    task: TASK,
    put_away_at: null,
    text,
    author: 'x',
    at: `2026-11-16T09:00:0${number}Z`,
    mentions: [],
    edited_at: null,
  })
  const opened = async (client: Client) => {
    const part = client.taskPart(SPACE, TASK)
    await until(async () => part.status !== 'loading')
    return part
  }
  const say = (number: number, text: string) =>
    server.write(SPACE, [{ do: 'put', entity: comment(number, text) }], { verb: 'comment.add', about: TASK })

  test('is read when opened, kept live, and rendered again by the server', async () => {
    const { client } = await seated()
    say(1, 'Erster')
    await settled()
    const part = await opened(client)
    expect(part.comments.map(({ html }) => html)).toEqual(['<p>Erster</p>'])
    let told = 0
    part.subscribe(() => {
      told += 1
    })
    say(2, 'Zweiter')
    await settled()
    expect(part.comments.map(({ comment: { text }, html }) => [text, html])).toEqual([
      ['Erster', '<p>Erster</p>'],
      ['Zweiter', null],
    ])
    await clock.pass(1_000)
    expect(part.comments.at(-1)?.html).toBe('<p>Zweiter</p>')
    expect(told).toBeGreaterThan(1)
  })

  test('shows my own comment before the server has it', async () => {
    const { client } = await seated()
    const part = await opened(client)
    server.holds = true
    void client.do(SPACE, { verb: 'comment.add', id: id(8), task: TASK, text: 'Ich auch' })
    expect(part.comments.map(({ comment: { text }, html }) => [text, html])).toEqual([['Ich auch', null]])
    await settled()
    server.answer()
    await settled()
    expect(part.comments).toHaveLength(1)
  })

  test('what happens while it is being read is not lost', async () => {
    const { client } = await seated()
    say(1, 'Erster')
    server.lateParts = []
    const part = client.taskPart(SPACE, TASK)
    await until(async () => server.lateParts?.length === 1)
    say(2, 'Zweiter')
    server.write(SPACE, [{ do: 'patch', kind: 'comment', id: id(1), fields: { text: 'Geändert' }, was: {}, to: 7 }])
    await settled()
    expect(part.status).toBe('loading')
    server.lateParts[0]?.()
    await settled()
    expect(part.comments.map(({ comment: { text } }) => text)).toEqual(['Geändert', 'Zweiter'])
  })

  test('leaves nothing in the space when it is closed', async () => {
    const { client, seat } = await seated()
    say(1, 'Erster')
    await settled()
    const part = await opened(client)
    expect(seat.state.all('comment').size).toBe(1)
    part.close()
    expect(seat.state.all('comment').size).toBe(0)
    expect(seat.state.get('task', TASK)).toBeDefined()
  })

  test('is gone with its task', async () => {
    const { client } = await seated()
    const part = await opened(client)
    server.write(SPACE, [{ do: 'drop', kind: 'task', id: TASK, to: 7 }])
    await settled()
    expect(part.status).toBe('gone')
  })

  test('offline it says so, and is there once the server is', async () => {
    const { client } = await seated()
    server.crash()
    await settled()
    const part = await opened(client)
    expect(part.status).toBe('failed')
    server.up = true
    await clock.pass(10_000)
    expect(part.status).toBe('ready')
  })
})

async function until(reached: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 500 && !(await reached()); round += 1) await settled()
}

/** All that any database of this device holds. */
async function everythingKept(only?: string): Promise<unknown[]> {
  const kept: unknown[] = []
  for (const { name = '' } of await indexedDB.databases()) {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(name)
      request.onsuccess = () => resolve(request.result)
    })
    for (const store of only ? [only] : db.objectStoreNames) {
      const request = db.transaction(store).objectStore(store).getAll()
      kept.push(...(await new Promise<unknown[]>((resolve) => (request.onsuccess = () => resolve(request.result)))))
    }
    db.close()
  }
  return kept
}
