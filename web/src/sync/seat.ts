import type { AnyEntity, Entry, Hidden, Id, Left, PresentPerson, Snapshot, Where } from '../schema.ts'
import type { Row } from './outbox.ts'
import { apply, Hole, keyOfChange } from './reducer.ts'
import type { Done, ReadEntities } from './registry.ts'
import { Shown } from './shown.ts'
import { type Key, keyOf, parseKey, SpaceState } from './state.ts'
import type { SpaceChange, Stop } from './types.ts'

/** Entries remembered for a cold part that is on its way while they arrive. */
const RECENT = 200

/** What became true and is to be shown. */
export interface News {
  touched?: readonly Key[]
  entries?: readonly Entry[]
  fresh?: boolean
  /** Entities whose mark says something else now. */
  marks?: readonly Id[]
}

/** What came of entries. */
export interface Entered {
  touched: Key[]
  entries: Entry[]
  /** Entries of mine, and entries that overwrote something unseen, with what was there before. */
  done: Done[]
}

/** What this tab holds of one space: confirmed, shown, who is here, and who wants to know. Does no input or output. */
export class Seat {
  readonly id: Id
  readonly confirmed: SpaceState
  readonly shown: Shown
  status: 'loading' | 'ready' | 'gone' = 'loading'
  why: Left['reason'] | null = null
  present: readonly PresentPerson[] = []
  /** What I last said of where I am; undefined: nothing yet. */
  where: Where | null | undefined
  /** How many hold this seat. */
  holders = 0
  /** Commands of mine whose entry is here. */
  readonly arrived = new Set<Id>()
  recent: Entry[] = []
  readonly #me: Id
  #told: Seat['status'] = 'loading'
  readonly #tells = new Set<(change: SpaceChange) => void>()
  readonly #seatTells = new Set<() => void>()

  constructor(id: Id, me: Id) {
    this.id = id
    this.#me = me
    this.confirmed = new SpaceState(id)
    this.shown = new Shown(this.confirmed, me)
  }

  /** Replaces the state by a snapshot, and whatever is the same stays the same object. Says what is not. */
  take(snapshot: Snapshot): Key[] {
    const touched = this.confirmed.become(snapshot)
    this.recent = []
    this.status = 'ready'
    return touched
  }

  /** Makes entries true. Throws `Hole` if some are missing, and then changes nothing. */
  enter(entries: readonly (Entry | Hidden)[], head: string): Entered {
    const fresh = entries.filter(({ seq }) => seq > this.confirmed.seq)
    for (const [index, { seq }] of fresh.entries()) {
      const due = this.confirmed.seq + 1 + index
      if (seq !== due) throw new Hole(due - 1, seq)
    }
    const entered: Entered = { touched: [], entries: [], done: [] }
    for (const entry of fresh) this.#enterOne(entry, entered)
    if (entries.at(-1)?.seq === this.confirmed.seq) this.confirmed.head = head
    return entered
  }

  #enterOne(entry: Entry | Hidden, { touched, entries, done }: Entered): void {
    if (!entry.shown) {
      apply(this.confirmed, entry)
      return
    }
    const mine = entry.by.id === this.#me
    const keys = entry.changes.map(keyOfChange)
    const before = mine || entry.unseen.length ? this.#copy(keys) : null
    touched.push(...apply(this.confirmed, entry))
    entries.push(entry)
    this.recent = [...this.recent.slice(-RECENT), entry]
    if (mine) this.arrived.add(entry.command)
    if (before) done.push({ entry, by: entry.by, before, after: this.#copy(keys) })
  }

  #copy(keys: readonly Key[]): ReadEntities {
    const entities = new Map<Key, AnyEntity>()
    for (const key of keys) {
      const [kind, id] = parseKey(key) as [AnyEntity['kind'], Id]
      const entity = this.confirmed.get(kind, id)
      if (entity) entities.set(key, entity)
    }
    return { get: (kind, id) => entities.get(keyOf(kind, id)) as never }
  }

  /** Shows what became true, and the guesses of these rows on top. */
  show({ touched = [], entries = [], fresh = false, marks = [] }: News, rows: readonly Row[]): void {
    const guesses = rows.filter((row) => !this.#isTrue(row))
    const keys = this.shown.refresh(touched, guesses)
    for (const about of marks) keys.add(keyOf('mark', about))
    if (keys.size || entries.length || fresh) for (const tell of [...this.#tells]) tell({ keys, entries, fresh })
    if (this.#told === this.status) return
    this.#told = this.status
    this.tellSeat()
  }

  /** Whether the confirmed state holds what this command did. */
  #isTrue(row: Row): boolean {
    const seq = row.seqs[this.id]
    return this.arrived.has(row.id) || (seq !== undefined && seq <= this.confirmed.seq)
  }

  leave(why: Left['reason']): Key[] {
    this.status = 'gone'
    this.why = why
    this.present = []
    this.recent = []
    return this.confirmed.clear()
  }

  setPresent(people: readonly PresentPerson[]): void {
    if (this.present.length === 0 && people.length === 0) return
    this.present = people
    this.tellSeat()
  }

  subscribe(tell: (change: SpaceChange) => void): Stop {
    this.#tells.add(tell)
    return () => this.#tells.delete(tell)
  }

  subscribeSeat(tell: () => void): Stop {
    this.#seatTells.add(tell)
    return () => this.#seatTells.delete(tell)
  }

  tellSeat(): void {
    for (const tell of [...this.#seatTells]) tell()
  }
}
