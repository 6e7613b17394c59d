// The view model of a board: one object a card, one list a lane. A change of one task touches its card and, if it
// moved, two lists; nothing else is looked at, however many cards there are.

import { sameList } from '../lib/lists.ts'
import type { Column, Day, Entry, Goal, Id, Instant, PresentPerson } from '../schema.ts'
import type { Key, Mark, ReadSpace, SpaceChange } from '../sync/index.ts'
import { parseKey } from '../sync/index.ts'
import { type CardView, cardView, isOnBoard, isOpen, nameOf, sameView } from './cards.ts'
import { type Filter, isActive, matcher, NO_FILTER } from './filter.ts'
import { columnsOf } from './foresee.ts'
import { type Group, grouped } from './groups.ts'
import { byPlace } from './places.ts'

/** What a board is drawn from: a seat, or a past state of the space. */
export interface Source {
  readonly state: ReadSpace
  mark(about: Id): Mark
}

/** Somebody who is on a task now. */
export interface Visitor {
  person: Id
  name: string
  writing: boolean
}

/** Why a card that somebody is busy with is not on the board any more. */
export interface Gone {
  verb: string
  by: Id | null
}

const UNMARKED: Mark = { waiting: [], refused: [] }

/** A card: what it shows, and what is said about it. */
export class Card {
  readonly id: Id
  view = $state.raw() as CardView
  mark = $state.raw<Mark>(UNMARKED)
  here = $state.raw<readonly Visitor[]>([])
  /** Set while the card only stays because somebody is busy with it here. */
  gone = $state.raw<Gone | null>(null)
  /** In the air, a card keeps its place, whatever others do with it. */
  pinned: { column: Id; place: string } | null = null

  constructor(id: Id, view: CardView) {
    this.id = id
    this.view = view
  }

  get column(): Id {
    return (this.pinned ?? this.view.task).column
  }

  get place(): string {
    return (this.pinned ?? this.view.task).place
  }
}

/** A column with the cards that are shown in it. */
export class Lane {
  readonly id: Id
  column = $state.raw() as Column
  cards = $state.raw<readonly Card[]>([])
  /** The same cards as they are drawn. */
  groups = $state.raw<readonly Group<Card>[]>([])
  /** All tasks on the board here, shown or not. */
  count = $state(0)
  /** Those that count against the limit. */
  open = $state(0)
  mark = $state.raw<Mark>(UNMARKED)

  constructor(column: Column) {
    this.id = column.id
    this.column = column
  }

  get isOverLimit(): boolean {
    return this.column.limit !== null && !this.column.done && this.open > this.column.limit
  }
}

/** A board as one person sees it. */
export class BoardModel {
  board = $state.raw<{ id: Id; title: string } | null>(null)
  lanes = $state.raw<readonly Lane[]>([])
  goals = $state.raw<readonly Goal[]>([])
  filter = $state.raw<Filter>(NO_FILTER)
  readonly shown = $derived(this.lanes.reduce((sum, lane) => sum + lane.cards.length, 0))
  readonly total = $derived(this.lanes.reduce((sum, lane) => sum + lane.count, 0))

  /** The day by which tasks are late: of a past board, the day it shows. */
  today = $state() as Day
  readonly #source: Source
  readonly #me: Id
  readonly #area: ReadSpace
  #matches: (id: Id, view: CardView) => boolean = () => true
  readonly #cards = new Map<Id, Card>()
  readonly #taskOfPart = new Map<Id, Id>()
  readonly #held = new Map<Id, number>()
  #visitors: ReadonlyMap<Id, readonly Visitor[]> = new Map()

  constructor(source: Source, area: ReadSpace, me: Id, today: Day) {
    this.#source = source
    this.#me = me
    this.#area = area
    this.today = today
    this.#readGoals()
    this.#drawAll(new Set())
  }

  /** The card of a task, if it is on the board. */
  card(id: Id): Card | undefined {
    return this.#cards.get(id)
  }

  lane(id: Id): Lane | undefined {
    return this.lanes.find((lane) => lane.id === id)
  }

  /** Where a card is shown: its lane, and which of the cards shown there it is. */
  positionOf(id: Id): { lane: Lane; index: number } | null {
    const lane = this.lane(this.#cards.get(id)?.column ?? '')
    const index = lane?.cards.findIndex((card) => card.id === id) ?? -1
    return lane && index >= 0 ? { lane, index } : null
  }

  /** The space changed: what the seat was told. */
  change({ keys, entries, fresh }: SpaceChange): void {
    const lost = fresh ? [] : entries.filter((entry) => entry.by.id !== this.#me)
    if (fresh || [...keys].some((key) => /^(board|participant|profile):/.test(key))) {
      this.#drawAll(new Set(), lost, fresh)
      return
    }
    const stale = new Set<Id>()
    const columns = new Set<Id>()
    for (const key of keys) this.#collect(key, stale, columns)
    if (columns.size > 0) this.#readColumns()
    this.#draw(stale, columns, lost, false)
  }

  /** Goals or names of the area changed. */
  areaChanged(): void {
    this.#readGoals()
    this.#drawAll(new Set())
  }

  /** Another day began: other tasks are late. */
  begin(today: Day): void {
    if (today === this.today) return
    this.today = today
    this.#drawAll(new Set())
  }

  /** Shows what fits; `found` are tasks that the server found by their long texts. */
  show(filter: Filter, found: ReadonlySet<Id> = new Set()): void {
    this.filter = filter
    this.#matches = isActive(filter) ? matcher(filter, this.#me, found) : () => true
    for (const lane of this.lanes) this.#arrange(lane)
  }

  /** Whether a task would be shown with the filter as it is. */
  fits(id: Id): boolean {
    const card = this.#cards.get(id)
    return card !== undefined && this.#matches(id, card.view)
  }

  /** Keeps a card on the page while somebody here is busy with it, even if others take it away. */
  hold(id: Id): void {
    this.#held.set(id, (this.#held.get(id) ?? 0) + 1)
  }

  /** Ends one `hold`; after the last one the card goes where it belongs. */
  release(id: Id): void {
    const holds = this.#held.get(id) ?? 0
    if (holds > 1) this.#held.set(id, holds - 1)
    else if (this.#held.delete(id)) this.#draw(new Set([id]), new Set(), [], false)
  }

  /** Freezes a card in its place while it is in the air; null lets it go. */
  pin(id: Id, pinned: boolean): void {
    const card = this.#cards.get(id)
    if (!card) return
    const { column, place } = card.view.task
    const left = card.column
    card.pinned = pinned ? { column, place } : null
    if (!pinned) this.#arrangeThese([left, column])
  }

  /** Who is on which task. */
  visit(present: readonly PresentPerson[]): void {
    const next = new Map<Id, Visitor[]>()
    for (const { person, where } of present) {
      if (!where?.task || person === this.#me) continue
      const visitor = { person, name: this.nameOf(person), writing: where.writing ?? false }
      next.set(where.task, [...(next.get(where.task) ?? []), visitor])
    }
    for (const id of new Set([...this.#visitors.keys(), ...next.keys()])) {
      const card = this.#cards.get(id)
      if (card) card.here = next.get(id) ?? []
    }
    this.#visitors = next
  }

  nameOf(person: Id): string {
    return nameOf(person, this.#source.state, this.#area)
  }

  /** When the newest of the done cards in a lane was finished; for "the last 30 days". */
  lastDone(lane: Lane): Instant | null {
    const stamps = lane.cards.map((card) => card.view.task.done_at ?? '')
    return stamps.sort().at(-1) || null
  }

  #collect(key: Key, stale: Set<Id>, columns: Set<Id>): void {
    const [kind, id] = parseKey(key)
    switch (kind) {
      case 'task':
      case 'ownership':
        stale.add(id)
        return
      case 'helper':
      case 'goal_tag':
      case 'checklist_line': {
        const task = this.#source.state.get(kind, id)?.task ?? this.#taskOfPart.get(id)
        if (task) stale.add(task)
        return
      }
      case 'column':
        columns.add(id)
        return
      case 'mark':
        this.#readMark(id)
    }
  }

  #readMark(id: Id): void {
    const card = this.#cards.get(id)
    if (card) card.mark = this.#source.mark(id)
    const lane = this.lane(id)
    if (lane) lane.mark = this.#source.mark(id)
  }

  #readGoals(): void {
    const goals = [...this.#area.all('goal').values()]
    this.goals = goals.sort((a, b) => a.number - b.number)
  }

  #readColumns(): void {
    const { state } = this.#source
    const board = [...state.all('board').values()][0] ?? null
    if (board?.id !== this.board?.id || board?.title !== this.board?.title) this.board = board
    const columns = board ? columnsOf(state, board.id) : []
    const next = columns.map((column) => this.#laneOf(column))
    if (!sameList(next, this.lanes)) this.lanes = next
  }

  #laneOf(column: Column): Lane {
    const lane = this.lane(column.id)
    if (!lane) {
      const made = new Lane(column)
      made.mark = this.#source.mark(column.id)
      return made
    }
    if (lane.column !== column) lane.column = column
    return lane
  }

  #drawAll(columns: ReadonlySet<Id>, lost: readonly Entry[] = [], fresh = false): void {
    this.#readColumns()
    const all = new Set(this.#cards.keys())
    for (const id of this.#source.state.all('task').keys()) all.add(id)
    const lanes = this.lanes.map((lane) => lane.id)
    this.#draw(all, new Set([...columns, ...lanes]), lost, fresh)
  }

  /** Makes these cards anew, then arranges the lanes they left, entered or stayed in. */
  #draw(stale: ReadonlySet<Id>, columns: ReadonlySet<Id>, lost: readonly Entry[], fresh: boolean): void {
    const lanes = new Set(columns)
    for (const id of stale) {
      const before = this.#cards.get(id)?.column
      this.#drawCard(id, lost, fresh)
      const after = this.#cards.get(id)?.column
      if (before) lanes.add(before)
      if (after) lanes.add(after)
    }
    this.#arrangeThese(lanes)
  }

  #drawCard(id: Id, lost: readonly Entry[], fresh: boolean): void {
    const { state } = this.#source
    const card = this.#cards.get(id)
    const task = state.get('task', id)
    if (!task || !isOnBoard(task)) {
      this.#takeOff(id, card, lost, fresh)
      return
    }
    const view = cardView(state, task, { area: this.#area, today: this.today })
    for (const part of view.parts) this.#taskOfPart.set(part.id, id)
    if (card) {
      // A view that says the same stays the same: whoever shows it has nothing to do.
      if (!sameView(card.view, view)) card.view = view
      card.gone = null
      return
    }
    const made = new Card(id, view)
    made.mark = this.#source.mark(id)
    made.here = this.#visitors.get(id) ?? []
    this.#cards.set(id, made)
  }

  /** A card that others took away stays, and says so, while somebody here is busy with it. */
  #takeOff(id: Id, card: Card | undefined, lost: readonly Entry[], fresh: boolean): void {
    if (!card) return
    const entry = lost.findLast((one) => one.about === id) ?? lost.at(-1)
    if (this.#held.has(id) && (entry || fresh || card.gone)) {
      card.gone ??= { verb: entry?.verb ?? '', by: entry?.by.kind === 'person' ? entry.by.id : null }
      return
    }
    this.#cards.delete(id)
  }

  #arrangeThese(columns: Iterable<Id>): void {
    for (const id of new Set(columns)) {
      const lane = this.lane(id)
      if (lane) this.#arrange(lane)
    }
  }

  #arrange(lane: Lane): void {
    const here = this.#source.state.where('task', 'column', lane.id).filter(isOnBoard)
    const cards = here.flatMap((task) => this.#cards.get(task.id) ?? []).filter((card) => card.column === lane.id)
    for (const id of this.#held.keys()) {
      const card = this.#cards.get(id)
      if (card?.column === lane.id && !cards.includes(card)) cards.push(card)
    }
    const shown = cards.filter((card) => this.#held.has(card.id) || this.#matches(card.id, card.view))
    shown.sort(byPlace)
    if (!sameList(shown, lane.cards)) {
      lane.cards = shown
      lane.groups = grouped(shown, lane.groups)
    }
    lane.count = here.length
    lane.open = here.filter(isOpen).length
  }
}
