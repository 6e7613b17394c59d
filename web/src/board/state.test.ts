import { expect, test } from 'vitest'
import { type AnyEntity, AUDIENCES, type Change, type Entry, type Id, type Task } from '../schema.ts'
import type { Key, Mark } from '../sync/index.ts'
import { keyOfChange, make } from '../sync/reducer.ts'
import type { SpaceState } from '../sync/state.ts'
import { NO_FILTER } from './filter.ts'
import {
  AREA,
  BOARD,
  column,
  goal,
  id,
  line,
  ME,
  NOW,
  owned,
  participant,
  person,
  spaceOf,
  tagged,
  task,
} from './fixtures.ts'
import { BoardModel } from './state.svelte.ts'

const OTHER = person(2)
const UNMARKED: Mark = { waiting: [], refused: [] }

class World {
  readonly state: SpaceState
  readonly area: SpaceState
  readonly model: BoardModel
  marks = new Map<Id, Mark>()
  constructor(entities: AnyEntity[]) {
    const board: AnyEntity = { kind: 'board', id: BOARD, to: AUDIENCES.area, title: 'Brett' }
    const columns = [column(1, 'Offen', { limit: 2 }), column(2, 'In Arbeit'), column(3, 'Erledigt', { done: true })]
    this.state = spaceOf([board, ...columns, participant(2, 'Josef Dorfner'), ...entities])
    this.area = spaceOf([goal(3, 'Mobil'), goal(1, 'Ortskerne')], AREA)
    const source = { state: this.state, mark: (about: Id) => this.marks.get(about) ?? UNMARKED }
    this.model = new BoardModel(source, this.area, ME, '2026-11-16')
  }

  /** Changes by somebody; without an author a guess of mine. */
  change(changes: Change[], by: Id | null = null, about = '', verb = 'task.move'): void {
    for (const change of changes) make(this.state, change)
    const author = { kind: 'person', id: by ?? '', for: null } as const
    const rest = { command: '', changes, unseen: [], other: null }
    const entry: Entry = { shown: 1, seq: 2, at: NOW, by: author, verb, about, ...rest }
    const keys = new Set<Key>(changes.map(keyOfChange))
    this.model.change({ keys, entries: by ? [entry] : [], fresh: false })
  }

  titles(): string[][] {
    return this.model.lanes.map((lane) => lane.cards.map((card) => card.view.task.title))
  }
}

const patch = (one: Task, fields: Partial<Task>): Change => ({
  do: 'patch',
  kind: 'task',
  id: one.id,
  fields,
  was: {},
  to: 7,
})
const [A, B, C] = [task(1, 1, 'A'), task(2, 1, 'B', { due: '2026-11-13' }), task(3, 2, 'C')]

test('lanes hold the tasks that stand on the board, in order', () => {
  const away = [{ archived_at: NOW }, { binned_at: NOW }, { put_away_at: NOW }]
  const { model, titles } = bound(new World([B, A, C, ...away.map((part, i) => task(10 + i, 1, 'weg', part))]))
  expect(titles()).toEqual([['A', 'B'], ['C'], []])
  expect(model.lanes.map((lane) => [lane.count, lane.open])).toEqual([
    [2, 2],
    [1, 1],
    [0, 0],
  ])
  expect([model.shown, model.total]).toEqual([3, 3])
  expect(model.goals.map((one) => one.number)).toEqual([1, 3])
})

test('a patch of one task makes its card anew and leaves all others as they were', () => {
  const world = new World([A, B, C])
  const [first, second] = [world.model.card(A.id), world.model.card(B.id)]
  const [view, list] = [second?.view, world.model.lanes[0]?.cards]
  world.change([patch(A, { title: 'A neu' })], OTHER)
  expect(world.model.card(A.id)).toBe(first)
  expect(first?.view.task.title).toBe('A neu')
  expect(second?.view).toBe(view)
  expect(world.model.lanes[0]?.cards).toBe(list)
})

test('when all is read anew, only what says something else is another view', () => {
  const world = new World([A, B, tagged(A, 3), line(B, 1, 'eins'), owned(C, OTHER), C])
  const views = () => [A, B, C].map((one) => world.model.card(one.id)?.view)
  const before = views()
  world.model.areaChanged()
  expect(views().map((view, at) => view === before[at])).toEqual([true, true, true])
  world.area.put(goal(3, 'Anders'))
  world.state.put(line(B, 1, 'eins, anders'))
  world.state.put(participant(2, 'Josef Dorfner-Berg'))
  world.model.areaChanged()
  expect(views().map((view, at) => view === before[at])).toEqual([false, false, false])
})

test('a move touches two lanes and no third', () => {
  const world = new World([A, B, C])
  const third = world.model.lanes[2]?.cards
  world.change([patch(A, { column: id('c', 2), place: 'Z' })], OTHER)
  expect(world.titles()).toEqual([['B'], ['C', 'A'], []])
  expect(world.model.lanes[2]?.cards).toBe(third)
})

test('parts change their card, also when they are dropped', () => {
  const world = new World([A, tagged(A, 3), line(A, 1, 'eins', true), line(A, 2, 'zwei')])
  const card = world.model.card(A.id)
  expect(card?.view).toMatchObject({ owner: null, lines: { done: 1, all: 2 }, goals: [{ number: 3 }] })
  world.change([{ do: 'put', entity: owned(A, OTHER) }])
  expect(card?.view).toMatchObject({ owner: OTHER, ownerName: 'Josef Dorfner' })
  world.change([{ do: 'drop', kind: 'checklist_line', id: id('l', 2), to: 7 }])
  world.change([{ do: 'drop', kind: 'goal_tag', id: `${A.id}:3`, to: 7 }])
  world.change([{ do: 'drop', kind: 'ownership', id: A.id, to: 7 }])
  expect(card?.view).toMatchObject({ owner: null, lines: { done: 1, all: 1 }, goals: [] })
})

test('the filter hides, the counts of the lanes stay', () => {
  const world = new World([A, B, C])
  world.model.show({ ...NO_FILTER, overdue: true })
  expect(world.titles()).toEqual([['B'], [], []])
  expect([world.model.shown, world.model.total, world.model.lanes[0]?.count]).toEqual([1, 3, 2])
  world.change([patch(C, { due: '2026-11-01' })], OTHER)
  expect(world.titles()).toEqual([['B'], ['C'], []])
  world.model.show({ ...NO_FILTER, text: 'nirgends' }, new Set([A.id]))
  expect(world.titles()).toEqual([['A'], [], []])
})

test('a limit is passed only by open tasks', () => {
  const world = new World([A, B])
  const lane = world.model.lanes[0]
  expect(lane?.isOverLimit).toBe(false)
  world.change([{ do: 'put', entity: task(9, 1, 'noch eine') }])
  expect(lane?.isOverLimit).toBe(true)
  world.change([patch(A, { done_at: NOW })])
  expect(lane?.isOverLimit).toBe(false)
})

test('what others take away stays while I am busy with it, and says who', () => {
  const world = new World([A, B, C])
  world.model.hold(A.id)
  world.change([patch(A, { binned_at: NOW })], OTHER, A.id, 'task.bin')
  expect(world.titles()[0]).toEqual(['A', 'B'])
  expect(world.model.card(A.id)?.gone).toEqual({ verb: 'task.bin', by: OTHER })
  expect(world.model.lanes[0]?.count).toBe(1)
  world.model.release(A.id)
  expect(world.titles()[0]).toEqual(['B'])
})

test('a task that comes back is no longer gone', () => {
  const world = new World([A])
  world.model.hold(A.id)
  world.change([{ do: 'drop', kind: 'task', id: A.id, to: 7 }], OTHER, A.id, 'task.show')
  expect(world.model.card(A.id)?.gone).not.toBeNull()
  world.change([{ do: 'put', entity: A }], OTHER, A.id, 'task.show')
  expect(world.model.card(A.id)?.gone).toBeNull()
  world.model.release(A.id)
  expect(world.titles()[0]).toEqual(['A'])
})

test('what I take away myself goes at once', () => {
  const world = new World([A, B])
  world.model.hold(A.id)
  world.change([patch(A, { archived_at: NOW })])
  expect(world.titles()[0]).toEqual(['B'])
  world.model.hold(B.id)
  world.change([patch(B, { archived_at: NOW })], ME, B.id, 'task.archive')
  expect(world.titles()[0]).toEqual([])
})

test('in the air a card keeps its place, afterwards it goes where others put it', () => {
  const world = new World([A, B, C])
  world.model.hold(A.id)
  world.model.pin(A.id, true)
  world.change([patch(A, { column: id('c', 2), place: 'Z' })], OTHER, A.id)
  expect(world.titles()).toEqual([['A', 'B'], ['C'], []])
  world.change([patch(C, { column: id('c', 1), place: 'A' })], OTHER, C.id)
  expect(world.titles()).toEqual([['C', 'A', 'B'], [], []])
  world.model.pin(A.id, false)
  world.model.release(A.id)
  expect(world.titles()).toEqual([['C', 'B'], ['A'], []])
})

test('columns come, go and change places', () => {
  const world = new World([A, C])
  const kept = world.model.lanes[1]
  world.change([{ do: 'put', entity: column(4, 'Ganz vorn', { place: '0' }) }], OTHER)
  expect(world.model.lanes.map((lane) => lane.column.title)).toEqual(['Ganz vorn', 'Offen', 'In Arbeit', 'Erledigt'])
  expect(world.model.lanes[2]).toBe(kept)
  world.change(
    [patch(A, { column: id('c', 2), place: 'Z' }), { do: 'drop', kind: 'column', id: id('c', 1), to: 15 }],
    OTHER,
  )
  expect(world.titles()).toEqual([[], ['C', 'A'], []])
})

test('marks of saving and visitors reach their card', () => {
  const world = new World([A, B])
  const mark: Mark = { waiting: [], refused: [] }
  world.marks.set(A.id, mark)
  world.model.change({ keys: new Set<Key>([`mark:${A.id}`]), entries: [], fresh: false })
  expect(world.model.card(A.id)?.mark).toBe(mark)
  world.model.visit([
    { person: OTHER, where: { task: A.id, writing: true } },
    { person: ME, where: { task: A.id } },
  ])
  expect(world.model.card(A.id)?.here).toEqual([{ person: OTHER, name: 'Josef Dorfner', writing: true }])
  world.model.visit([{ person: OTHER, where: { task: B.id, writing: false } }])
  expect(world.model.card(A.id)?.here).toEqual([])
  expect(world.model.card(B.id)?.here.length).toBe(1)
})

test('a new day makes tasks late', () => {
  const world = new World([task(1, 1, 'A', { due: '2026-11-16' })])
  expect(world.model.card(A.id)?.view.overdue).toBe(false)
  world.model.begin('2026-11-17')
  expect(world.model.card(A.id)?.view.overdue).toBe(true)
})

test('names and goals of the area reach the cards', () => {
  const world = new World([A, tagged(A, 1)])
  world.area.put(goal(1, 'Neuer Name'))
  world.model.areaChanged()
  expect(world.model.card(A.id)?.view.goals[0]?.title).toBe('Neuer Name')
})

function bound(world: World) {
  return { model: world.model, titles: () => world.titles() }
}
