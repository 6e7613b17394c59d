// The commands that wait for their answer: which of them may be sent now, and what an answer means for the others.
// Pure: `delivery.ts` sends and keeps them.

import type { AnyCommand, AnyEntity, AnyReason, Id, Instant, Scalar } from '../schema.ts'
import { COMMANDS } from '../schema.ts'
import type { Mark, Pending } from './types.ts'

/** More at once would not be faster: the server takes them in batches. */
const IN_FLIGHT = 32

/** A pending command as it is kept. */
export interface Row extends Pending {
  /** Its place among all commands of all tabs. 0 until it has one; then it may not be sent. */
  order: number
  /** Once true, the server may know it, and it cannot be taken back in silence. */
  sent: boolean
  expects: Record<string, Scalar> | null
  onlyIf: Record<string, Scalar> | null
  at: Instant
  /** Of a command of two spaces: what it carries from one to the other, for the guess. */
  carried: AnyEntity[]
  /** Number of its entry in each space, once accepted. */
  seqs: Record<Id, number>
}

/** The spaces that a command concerns. */
export function spacesOf({ space, command }: Pick<Pending, 'space' | 'command'>): Id[] {
  return command.verb === 'task.send' && command.space !== space ? [space, command.space] : [space]
}

/** What a command would make, under an id that its author chose. */
export function makes(command: AnyCommand): Id | null {
  return 'id' in command ? command.id : null
}

export function aboutOf(command: AnyCommand, space: Id): Id {
  return named(command, COMMANDS[command.verb]?.about ?? null) ?? space
}

export function named(command: AnyCommand, field: string | null): Id | null {
  const value = field === null ? undefined : (command as unknown as Record<string, unknown>)[field]
  return typeof value === 'string' ? value : null
}

const TOUCHING = ['id', 'task', 'column', 'after', 'tasks_to', 'line', 'comment', 'board'] as const

/** Ids for the sake of which the order between two commands matters. */
export function touches(command: AnyCommand): Set<Id> {
  const fields = [...TOUCHING, COMMANDS[command.verb]?.about ?? null]
  return new Set(fields.map((field) => named(command, field)).filter((id) => id !== null))
}

export class Outbox {
  /** In order; new ones of this tab that have no order yet come last. */
  rows: readonly Row[] = []
  readonly #flying = new Set<Id>()

  get(id: Id): Row | undefined {
    return this.rows.find((row) => row.id === id)
  }

  /** Takes in a row, or its newer form. */
  put(row: Row): void {
    const others = this.rows.filter(({ id }) => id !== row.id)
    const place = (one: Row) => one.order || Number.POSITIVE_INFINITY
    const before = others.filter((one) => place(one) <= place(row))
    this.rows = [...before, row, ...others.slice(before.length)]
  }

  remove(id: Id): void {
    this.rows = this.rows.filter((row) => row.id !== id)
    this.#flying.delete(id)
  }

  /** The refused or held row that makes something which this command needs. */
  neededBy(command: AnyCommand, rows: readonly Row[] = this.rows): Row | undefined {
    const needed = touches(command)
    return rows.find((row) => {
      const made = makes(row.command)
      return made !== null && needed.has(made) && isStuck(row) && row.command !== command
    })
  }

  /** Everything that waits for this refused row, directly or through another. */
  dependents(id: Id): Row[] {
    const found: Row[] = []
    const roots = new Set([id])
    for (const row of this.rows) {
      if (row.needs === null || !roots.has(row.needs)) continue
      found.push(row)
      roots.add(row.id)
    }
    return found
  }

  /**
   * Commands to send now, in order. First in, first out per space; commands that touch the same thing go one after
   * the other, others may be on their way together; one of two spaces goes alone in both.
   */
  takeSendable(): Row[] {
    const taken: Row[] = []
    const busy = new Map<Id, Set<Id>>()
    const closed = new Set<Id>()
    for (const row of this.rows) {
      if (this.#flying.size >= IN_FLIGHT) break
      if (row.state !== 'waiting' || row.order === 0) continue
      const spaces = spacesOf(row)
      const goes = this.#flying.has(row.id) || (!spaces.some((s) => closed.has(s)) && isFree(row, busy))
      if (goes && !this.#flying.has(row.id)) taken.push(row)
      if (goes) occupy(row, busy)
      if (goes) this.#flying.add(row.id)
      // What must wait holds back all that comes after it; a command of two spaces does so until it is answered.
      if (!goes || spaces.length > 1) for (const space of spaces) closed.add(space)
    }
    return taken
  }

  /** The connection is gone: nobody knows what arrived, all of it will be sent again. */
  land(ids?: Iterable<Id>): void {
    if (!ids) this.#flying.clear()
    else for (const id of ids) this.#flying.delete(id)
  }

  flying(id: Id): boolean {
    return this.#flying.has(id)
  }

  /** It is durable. The row as it is now. */
  accept(id: Id, seqs: Record<Id, number>): Row | undefined {
    this.#flying.delete(id)
    return this.#change(id, { state: 'accepted', seqs, reason: null, needs: null })
  }

  /** It was refused: so are those that need what it would have made. All rows that changed. */
  refuse(id: Id, reason: AnyReason): Row[] {
    this.#flying.delete(id)
    const refused = this.#change(id, { state: 'refused', reason, sent: false })
    return refused ? [refused, ...this.#holdAll()] : []
  }

  /** Back into the queue, under a new id; its dependents follow. All rows that changed, itself first. */
  requeue(id: Id, change: Pick<Row, 'id' | 'command' | 'expects' | 'onlyIf'>): Row[] {
    const following = this.dependents(id)
    const again = this.#change(id, { ...change, state: 'waiting', reason: null, needs: null })
    if (!again) return []
    const freed = following.map((row) => this.#change(row.id, { state: 'waiting', needs: null }))
    return [again, ...freed.filter((row) => row !== undefined)]
  }

  mark(about: Id): Mark {
    const mine = this.rows.filter((row) => row.about === about)
    return {
      waiting: mine.filter(({ state }) => state === 'waiting'),
      refused: mine.filter(isStuck),
    }
  }

  #holdAll(): Row[] {
    const held: Row[] = []
    for (const row of this.rows) {
      if (row.state !== 'waiting' || this.#flying.has(row.id)) continue
      const needed = this.neededBy(row.command)
      const now = needed && this.#change(row.id, { state: 'held', needs: needed.id })
      if (now) held.push(now)
    }
    return held
  }

  #change(id: Id, fields: Partial<Row>): Row | undefined {
    const row = this.get(id)
    if (!row) return undefined
    const changed = { ...row, ...fields }
    this.rows = this.rows.map((one) => (one === row ? changed : one))
    return changed
  }
}

export const isStuck = ({ state }: Pending): boolean => state === 'refused' || state === 'held'

/** Whether the guess of a row is shown: what would have been made stays where it was typed, even if refused. */
export function isGuessed(row: Row): boolean {
  return !isStuck(row) || row.state === 'held' || makes(row.command) !== null
}

/** Whether nothing on its way touches what this touches. */
function isFree(row: Row, busy: Map<Id, Set<Id>>): boolean {
  const spaces = spacesOf(row)
  if (spaces.length > 1) return !spaces.some((space) => busy.has(space))
  const taken = busy.get(row.space)
  return !taken || ![...touches(row.command)].some((id) => taken.has(id))
}

function occupy(row: Row, busy: Map<Id, Set<Id>>): void {
  for (const space of spacesOf(row)) {
    const taken = busy.get(space) ?? new Set()
    for (const id of touches(row.command)) taken.add(id)
    busy.set(space, taken)
  }
}
