// A small network and its board, for tests and for the page on which the board is looked at without a server.

import {
  type AnyEntity,
  AUDIENCES,
  type Column,
  type Goal,
  type Id,
  type Listing,
  type Participant,
  type Task,
  Viewer,
} from '../schema.ts'
import { SpaceState } from '../sync/state.ts'

/** A readable id: `id('a', 3)` is `…-00000000a003`. */
export function id(letter: string, number: number): Id {
  return `00000000-0000-7000-8000-0000000${letter.charCodeAt(0).toString(16)}${String(number).padStart(3, '0')}`
}

export const SPACE = id('s', 1)
export const AREA = id('s', 0)
export const BOARD = id('b', 1)
export const NOW = '2026-11-16T09:00:00Z'
export const person = (number: number): Id => id('p', number)
export const ME = person(1)

export function column(number: number, title: string, part: Partial<Column> = {}): Column {
  const place = String.fromCharCode(64 + number)
  const rest = { board: BOARD, title, place, colour: null, limit: null, done: false }
  return { kind: 'column', id: id('c', number), to: AUDIENCES.area, ...rest, ...part }
}

export function task(number: number, inColumn: number, title: string, part: Partial<Task> = {}): Task {
  return {
    kind: 'task',
    id: id('t', number),
    to: AUDIENCES.space,
    column: id('c', inColumn),
    place: `M${String(number).padStart(4, '0')}`,
    title,
    created_at: '2026-10-01T08:00:00Z',
    created_by: ME,
    due: null,
    blocked_because: null,
    done_at: null,
    done_by: null,
    archived_at: null,
    binned_at: null,
    put_away_at: null,
    comments: 0,
    described: false,
    ...part,
  }
}

export function participant(number: number, name: string, part: Partial<Participant> = {}): Participant {
  return {
    kind: 'participant',
    erased: false,
    id: id('q', number),
    to: AUDIENCES.area,
    person: person(number),
    name,
    role: 'member',
    organisation: id('o', number),
    organisation_name: '',
    sector: 'public',
    interest_group: null,
    function: '',
    voting: true,
    through: null,
    until: null,
    since: null,
    invitation: null,
    promised: null,
    ...part,
  }
}

export function goal(number: number, title: string): Goal {
  const rest = { statement: '', inside: [], outside: [], check_question: '', indicator: null }
  return { kind: 'goal', id: id('g', number), to: AUDIENCES.public, number, title, ...rest }
}

export function listing(space: Id, name: string, part: Partial<Listing> = {}): Listing {
  const rest = { space_kind: 'network', parent: null, purpose: '', founded_at: null } as const
  return { kind: 'listing', id: space, to: AUDIENCES.area, name, ...rest, ...part }
}

const of = (one: Task) => ({ to: one.to, task: one.id, put_away_at: null })

export const owned = (one: Task, by: Id): AnyEntity => ({
  kind: 'ownership',
  id: one.id,
  ...of(one),
  person: by,
  organisation: null,
  since: null,
})

export const tagged = (one: Task, number: number): AnyEntity => ({
  kind: 'goal_tag',
  id: `${one.id}:${number}`,
  ...of(one),
  goal: id('g', number),
})

export const helped = (one: Task, by: Id): AnyEntity => ({
  kind: 'helper',
  id: `${one.id}:${by}`,
  ...of(one),
  person: by,
})

export const line = (one: Task, number: number, text: string, done = false): AnyEntity => ({
  kind: 'checklist_line',
  id: id('l', number),
  ...of(one),
  text,
  place: `M${number}`,
  owner: null,
  due: null,
  done_at: done ? NOW : null,
  done_by: done ? ME : null,
})

/** A state that holds these entities. */
export function spaceOf(entities: readonly AnyEntity[], space: Id = SPACE): SpaceState {
  return SpaceState.of({ space, seq: 1, head: '', viewer: Viewer.MEMBER, entities: [...entities] })
}
