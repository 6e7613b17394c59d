// Foresee and inverse together: what a command is foreseen to change, its inverse is foreseen to take back.

import { expect, test } from 'vitest'
import { type AnyCommand, type AnyEntity, AUDIENCES, type Change, type Entry, Viewer } from '../schema.ts'
import type { Foresee } from '../sync/registry.ts'
import { SpaceState } from '../sync/state.ts'
import {
  BOARD,
  column,
  goal,
  helped,
  id,
  line,
  ME,
  NOW,
  owned,
  person,
  SPACE,
  spaceOf,
  tagged,
  task,
} from './fixtures.ts'
import { type BoardVerb, FORESEEN, linesOf, mentionsIn } from './foresee.ts'
import { INVERSES, visibilityOf } from './inverse.ts'
import { byPlace } from './places.ts'

type BoardCommand = Extract<AnyCommand, { verb: BoardVerb }>

const T1 = task(1, 1, 'Haltestellen prüfen')
const board: AnyEntity = { kind: 'board', id: BOARD, to: AUDIENCES.area, title: 'Brett' }
const comment: AnyEntity = {
  kind: 'comment',
  id: id('k', 1),
  to: 7,
  task: T1.id,
  put_away_at: null,
  text: 'Gut',
  author: ME,
  at: NOW,
  mentions: [],
  edited_at: null,
}
const description: AnyEntity = {
  kind: 'description',
  id: T1.id,
  to: 7,
  task: T1.id,
  put_away_at: null,
  text: 'Alt',
  revision: 3,
  edited_at: NOW,
  edited_by: ME,
}

function world(): SpaceState {
  const state = spaceOf([
    board,
    column(1, 'Offen'),
    column(2, 'In Arbeit', { limit: 6, colour: 'blue' }),
    column(3, 'Wartet'),
    column(4, 'Erledigt', { done: true }),
    goal(1, 'Ortskerne'),
    { ...T1, described: true, comments: 1, due: '2026-12-01' },
    task(2, 1, 'Zweite'),
    task(3, 1, 'Dritte', { blocked_because: 'Antwort' }),
    task(4, 2, 'Vierte', { archived_at: NOW }),
    task(5, 4, 'Fünfte', { done_at: NOW, done_by: ME }),
    task(6, 3, 'Sechste', { binned_at: NOW }),
    owned(T1, ME),
    helped(T1, person(2)),
    tagged(T1, 1),
    line(T1, 1, 'eins', true),
    line(T1, 2, 'zwei'),
    line(T1, 3, 'drei'),
  ])
  state.open.add(T1.id)
  state.put(description)
  state.put(comment)
  return state
}

function foresee(state: SpaceState, command: BoardCommand, space = SPACE, carried: AnyEntity[] = []): void {
  const guess = FORESEEN[command.verb] as Foresee<BoardVerb> | null
  guess?.(state, command, { by: ME, now: '2026-11-17T09:00:00Z', command: id('x', 1), space, carried })
}

function copy(state: SpaceState): SpaceState {
  const other = new SpaceState(state.id)
  other.viewer = state.viewer
  for (const open of state.open) other.open.add(open)
  for (const entity of state) other.put(entity)
  return other
}

/** The entry the server would write for what differs between two states. */
function entryOf(before: SpaceState, after: SpaceState, command: BoardCommand): Entry {
  const changes: Change[] = []
  for (const one of before) {
    if (!after.get(one.kind, one.id)) changes.push({ do: 'drop', kind: one.kind, id: one.id, to: one.to })
  }
  for (const one of after) if (before.get(one.kind, one.id) !== one) changes.push({ do: 'put', entity: one })
  const about = aboutOf(command)
  const by = { kind: 'person', id: ME, for: null } as const
  return { shown: 1, seq: 2, at: NOW, by, verb: command.verb, about, command: '', changes, unseen: [], other: null }
}

function aboutOf(command: BoardCommand): string {
  if ('task' in command && command.verb !== 'task.duplicate') return command.task
  if ('id' in command) return command.id
  return 'column' in command ? command.column : (command as { board: string }).board
}

/** What people see of a state: order instead of places, no stamps. */
function seen(state: SpaceState) {
  const columns = [...state.all('column').values()].sort(byPlace)
  return {
    board: state.get('board', BOARD)?.title,
    columns: columns.map(({ title, colour, limit, done }) => ({ title, colour, limit, done })),
    tasks: columns.map((one) =>
      state
        .where('task', 'column', one.id)
        .sort(byPlace)
        .map((t) => seenTask(state, t.id)),
    ),
  }
}

function seenTask(state: SpaceState, taskId: string) {
  const one = state.get('task', taskId)
  return {
    ...[one?.title, one?.due, one?.to, one?.blocked_because, one?.comments, one?.described],
    stamps: [one?.done_at, one?.archived_at, one?.binned_at].map((stamp) => Boolean(stamp)),
    owner: state.get('ownership', taskId)?.person,
    helpers: state.where('helper', 'task', taskId).map((helper) => helper.person),
    goals: state.where('goal_tag', 'task', taskId).map((tag) => tag.goal),
    lines: linesOf(state, taskId).map(({ text, owner, due, done_at }) => [text, owner, due, Boolean(done_at)]),
    text: state.get('description', taskId)?.text,
    comments: state.where('comment', 'task', taskId).map((one) => one.text),
  }
}

const task1 = T1.id
const UNDONE: BoardCommand[] = [
  { verb: 'board.edit', board: BOARD, title: 'Anders' },
  { verb: 'column.add', id: id('c', 9), board: BOARD, title: 'Neu', after: id('c', 1) },
  { verb: 'column.edit', column: id('c', 2), title: 'Läuft', limit: null },
  { verb: 'column.edit', column: id('c', 1), done: true },
  { verb: 'column.move', column: id('c', 3), after: null },
  { verb: 'column.move', column: id('c', 1), after: id('c', 3) },
  { verb: 'column.remove', column: id('c', 1), tasks_to: id('c', 2) },
  { verb: 'column.remove', column: id('c', 1) },
  { verb: 'task.edit', task: task1, title: 'Neuer Titel' },
  { verb: 'task.edit', task: task1, due: null },
  { verb: 'task.describe', task: task1, text: 'Neu' },
  { verb: 'task.move', task: task1, column: id('c', 2), after: null },
  { verb: 'task.move', task: id('t', 2), column: id('c', 1), after: null },
  { verb: 'task.move', task: id('t', 2), column: id('c', 4), after: id('t', 5) },
  { verb: 'task.move', task: id('t', 5), column: id('c', 1), after: 'vanished' },
  { verb: 'task.assign', task: task1, person: person(2) },
  { verb: 'task.assign', task: task1 },
  { verb: 'task.assign', task: id('t', 2), person: person(2) },
  { verb: 'helper.add', task: task1, person: person(3) },
  { verb: 'helper.remove', task: task1, person: person(2) },
  { verb: 'goal_tag.add', task: id('t', 2), goal: id('g', 1) },
  { verb: 'goal_tag.remove', task: task1, goal: id('g', 1) },
  { verb: 'task.finish', task: id('t', 2) },
  { verb: 'task.reopen', task: id('t', 5) },
  { verb: 'task.block', task: task1, reason: 'Unterschrift' },
  { verb: 'task.block', task: id('t', 3), reason: 'anderes' },
  { verb: 'task.unblock', task: id('t', 3) },
  { verb: 'task.show', task: task1, visibility: 'public' },
  { verb: 'task.archive', task: task1 },
  { verb: 'task.unarchive', task: id('t', 4) },
  { verb: 'task.bin', task: task1 },
  { verb: 'task.restore', task: id('t', 6) },
  { verb: 'checklist_line.add', id: id('l', 9), task: task1, text: 'vier' },
  { verb: 'checklist_line.edit', task: task1, line: id('l', 1), text: 'EINS', due: '2026-12-24' },
  { verb: 'checklist_line.tick', task: task1, line: id('l', 2), done: true },
  { verb: 'checklist_line.tick', task: task1, line: id('l', 1), done: false },
  { verb: 'checklist_line.move', task: task1, line: id('l', 3), after: null },
  { verb: 'checklist_line.remove', task: task1, line: id('l', 1) },
  { verb: 'comment.add', id: id('k', 9), task: task1, text: 'Ja' },
  { verb: 'comment.edit', task: task1, comment: id('k', 1), text: 'Besser' },
  { verb: 'comment.remove', task: task1, comment: id('k', 1) },
]

for (const command of UNDONE) {
  test(`${command.verb} changes something, and its inverse takes it back: ${JSON.stringify(command)}`, () => {
    const before = world()
    const after = copy(before)
    foresee(after, command)
    expect(seen(after)).not.toEqual(seen(before))
    const entry = entryOf(before, after, command)
    const undoing = INVERSES[command.verb]?.({ entry, by: entry.by, before, after }, after) ?? []
    for (const { command: back, onlyIf } of undoing) {
      const undone = back as BoardCommand
      if (onlyIf && undone === undoing[0]?.command) expectHolds(after, undone, onlyIf)
      foresee(after, undone)
    }
    expect(seen(after)).toEqual(seen(before))
  })
}

/** `onlyIf` names the values as the command left them. */
function expectHolds(state: SpaceState, command: BoardCommand, onlyIf: Record<string, unknown>) {
  const kinds = ['checklist_line', 'comment', 'ownership', 'column', 'board', 'description', 'task'] as const
  const about = 'line' in command ? command.line : 'comment' in command ? command.comment : aboutOf(command)
  const all = kinds.flatMap((kind) => state.get(kind, about) ?? [])
  const fits = all.some((one) => Object.entries(onlyIf).every(([key, value]) => one[key as 'id'] === value))
  expect(fits || Object.values(onlyIf).every((value) => value === null)).toBe(true)
}

test('creating and duplicating go to the bin when taken back', () => {
  const before = world()
  const commands: BoardCommand[] = [
    {
      verb: 'task.create',
      id: id('t', 20),
      column: id('c', 1),
      title: 'Neu',
      owner: person(2),
      goals: [id('g', 1)],
      due: '2026-12-24',
      visibility: 'area',
    },
    { verb: 'task.duplicate', id: id('t', 20), task: task1, title: 'Kopie' },
  ]
  for (const command of commands) {
    const after = copy(before)
    foresee(after, command)
    const entry = entryOf(before, after, command)
    expect(INVERSES[command.verb]?.({ entry, by: entry.by, before, after }, after)).toEqual([
      {
        command: { verb: 'task.bin', task: id('t', 20) },
        onlyIf: { title: after.get('task', id('t', 20))?.title, column: id('c', 1) },
      },
    ])
  }
})

test('a new task stands where it was wished and carries what was chosen', () => {
  const state = world()
  foresee(state, {
    verb: 'task.create',
    id: id('t', 20),
    column: id('c', 1),
    title: 'Oben',
    first: true,
    owner: person(2),
    goals: [id('g', 1)],
    visibility: 'moderators',
  })
  foresee(state, { verb: 'task.create', id: id('t', 21), column: id('c', 1), title: 'Unten' })
  foresee(state, { verb: 'task.create', id: id('t', 22), column: id('c', 1), title: 'Mitte', after: task1 })
  foresee(state, { verb: 'task.create', id: id('t', 23), column: id('c', 4), title: 'Fertig' })
  const titles = state
    .where('task', 'column', id('c', 1))
    .sort(byPlace)
    .map((one) => one.title)
  expect(titles).toEqual(['Oben', 'Haltestellen prüfen', 'Mitte', 'Zweite', 'Dritte', 'Unten'])
  expect(seenTask(state, id('t', 20))).toMatchObject({ owner: person(2), goals: [id('g', 1)] })
  expect(state.get('task', id('t', 20))?.to).toBe(AUDIENCES.moderators)
  expect(state.get('task', id('t', 23))?.done_at).not.toBeNull()
})

test('a copy takes open checklist lines and goals along, not the owner', () => {
  const state = world()
  foresee(state, { verb: 'task.duplicate', id: id('t', 20), task: task1, title: 'Kopie' })
  expect(seenTask(state, id('t', 20))).toMatchObject({ goals: [id('g', 1)], owner: undefined, helpers: [] })
  expect(linesOf(state, id('t', 20)).map((one) => one.text)).toEqual(['zwei', 'drei'])
  const order = state
    .where('task', 'column', id('c', 1))
    .sort(byPlace)
    .map((one) => one.title)
  expect(order.slice(0, 2)).toEqual(['Haltestellen prüfen', 'Kopie'])
})

test('sending takes a task and its parts away here and puts them on the other board', () => {
  const here = world()
  const carried = [...here].filter((one) => one.id === task1 || ('task' in one && one.task === task1))
  const there = spaceOf([column(7, 'Dort'), column(8, 'Fertig', { done: true })], id('s', 2))
  const send = { verb: 'task.send', task: task1, space: id('s', 2) } as const
  foresee(here, send)
  foresee(there, send, SPACE, carried)
  expect(here.get('task', task1)).toBeUndefined()
  expect(here.where('goal_tag', 'task', task1)).toEqual([])
  expect(there.get('task', task1)?.column).toBe(id('c', 7))
  expect(there.get('ownership', task1)?.person).toBe(ME)
})

test('hiding a task from people like me takes it from my view', () => {
  const state = world()
  foresee(state, { verb: 'task.show', task: task1, visibility: 'moderators' })
  expect(state.get('task', task1)).toBeUndefined()
  const moderator = world()
  moderator.viewer = Viewer.MODERATOR
  foresee(moderator, { verb: 'task.show', task: task1, visibility: 'moderators' })
  expect(moderator.get('task', task1)?.to).toBe(AUDIENCES.moderators)
  expect(moderator.get('ownership', task1)?.to).toBe(AUDIENCES.moderators)
})

test('deleting takes all parts along', () => {
  const state = world()
  foresee(state, { verb: 'task.delete', task: task1 })
  expect([...state].filter((one) => 'task' in one && one.task === task1)).toEqual([])
})

test('commands for what is gone change nothing', () => {
  for (const command of UNDONE.filter((one) => one.verb.startsWith('task.') && one.verb !== 'task.describe')) {
    const state = spaceOf([column(1, 'Offen'), column(2, 'Läuft')])
    const gone = { ...command, task: id('t', 99) } as BoardCommand
    if (gone.verb === 'task.assign') continue
    expect(() => foresee(state, gone)).not.toThrow()
    expect([...state].length).toBe(2)
  }
})

test('every board verb that people may use has a guess or a reason, and every one a way back or a reason', () => {
  const without = (table: object) => Object.entries(table).flatMap(([verb, one]) => (one ? [] : [verb]))
  expect(without(FORESEEN)).toEqual(['board.apply_template', 'task.put_away'])
  expect(without(INVERSES)).toEqual(['board.apply_template', 'task.send', 'task.delete', 'task.put_away'])
})

test('mentions are read from the text once each', () => {
  expect(mentionsIn(`@[${person(2)}] und @[${person(3)}], @[${person(2)}] @[kein]`)).toEqual([person(2), person(3)])
})

test('visibility is read back from an audience', () => {
  expect(visibilityOf(AUDIENCES.area)).toBe('area')
  expect(visibilityOf(3)).toBeUndefined()
})
