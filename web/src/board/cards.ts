// What a card shows, read from the state of a space. Pure: the same state gives the same card.

import { called } from '../lib/called.ts'
import { sameList } from '../lib/lists.ts'
import { folded } from '../lib/names.ts'
import type { ChecklistLine, Day, Goal, GoalTag, Helper, Id, Participant, Task } from '../schema.ts'
import { AUDIENCES, Viewer } from '../schema.ts'
import type { ReadSpace } from '../sync/state.ts'
import type { Filterable } from './filter.ts'

export interface CardView extends Filterable {
  readonly task: Task
  readonly goals: readonly Goal[]
  readonly owner: Id | null
  readonly ownerName: string
  readonly helpers: readonly Id[]
  readonly lines: { readonly done: number; readonly all: number }
  readonly overdue: boolean
  readonly done: boolean
  /** True when only moderators see it: those who do must know. */
  readonly hidden: boolean
  /** Parts of which it is made, besides the task and its owner. */
  readonly parts: readonly (GoalTag | Helper | ChecklistLine)[]
  /** What its people are called: the owner, then those who help. */
  readonly names: readonly string[]
}

/** Where names and goals come from, beside the space itself. */
export interface Around {
  area: ReadSpace
  today: Day
}

/** The card of a task. */
export function cardView(space: ReadSpace, task: Task, { area, today }: Around): CardView {
  const tags = space.where('goal_tag', 'task', task.id)
  const helpers = space.where('helper', 'task', task.id)
  const lines = space.where('checklist_line', 'task', task.id)
  const owner = space.get('ownership', task.id)?.person ?? null
  const people = [...(owner ? [owner] : []), ...helpers.map((one) => one.person)]
  const names = people.map((one) => nameOf(one, space, area))
  const goals = tags.flatMap((tag) => area.get('goal', tag.goal) ?? [])
  const done = task.done_at !== null
  let words: string | null = null
  return {
    task,
    goals: goals.sort((a, b) => a.number - b.number),
    owner,
    ownerName: owner ? (names[0] ?? '') : '',
    helpers: helpers.map((one) => one.person),
    lines: { done: lines.filter((one) => one.done_at !== null).length, all: lines.length },
    overdue: !done && task.due !== null && task.due < today,
    done,
    hidden: task.to === AUDIENCES.moderators,
    parts: [...tags, ...helpers, ...lines],
    names,
    // A search asks for it, nothing else: made when it does.
    get words() {
      words ??= folded([task.title, task.blocked_because ?? '', ...names, ...lines.map((one) => one.text)].join('\n'))
      return words
    },
  }
}

/** Whether two views of a card say the same. Entities that did not change are the same objects. */
export function sameView(a: CardView, b: CardView): boolean {
  if (a.task !== b.task || a.owner !== b.owner || a.overdue !== b.overdue) return false
  return sameList(a.parts, b.parts) && sameList(a.goals, b.goals) && sameList(a.names, b.names)
}

/** What a person is called here; empty if neither space nor area know them (any more). */
export function nameOf(person: Id, space: ReadSpace, area: ReadSpace): string {
  const here = space.where('participant', 'person', person)[0]
  return called(here) ?? called(area.get('person', person)) ?? ''
}

/** Whether a task stands on the board: not archived, not in the bin, not put away. */
export function isOnBoard(task: Task): boolean {
  return task.archived_at === null && task.binned_at === null && task.put_away_at === null
}

/** Counted against a column's limit. */
export function isOpen(task: Task): boolean {
  return isOnBoard(task) && task.done_at === null
}

/** The participant entry by which a person takes part here. */
export function participantOf(space: ReadSpace, person: Id): Participant | undefined {
  return space.where('participant', 'person', person)[0]
}

/** Whether somebody looks on without taking part. */
export function readsOnly(viewer: number): boolean {
  return viewer === Viewer.READER || viewer === Viewer.SCREEN
}
