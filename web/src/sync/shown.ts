// What is shown: the confirmed state with the guesses of my pending commands on top.

import type { AnyEntity, Id, Kind } from '../schema.ts'
import type { Row } from './outbox.ts'
import { foreseeOf } from './registry.ts'
import { type Draft, type EntityOf, type Key, keyOf, parseKey, SpaceState, same } from './state.ts'

type Before = Map<Key, AnyEntity | undefined>

export class Shown {
  readonly state: SpaceState
  readonly #confirmed: SpaceState
  readonly #me: Id
  /** What guesses have changed. */
  #guessed = new Set<Key>()
  #begun = false
  /** Whose guesses are shown. */
  #rows: readonly Row[] = []

  constructor(confirmed: SpaceState, me: Id) {
    this.#confirmed = confirmed
    this.#me = me
    this.state = new SpaceState(confirmed.id, confirmed.open)
  }

  /**
   * Follows the confirmed state, which changed at `touched`, and guesses anew. Says what looks different now;
   * everything else stays the very same object.
   */
  refresh(touched: Iterable<Key>, rows: readonly Row[]): Set<Key> {
    const before: Before = new Map()
    const { seq, head, viewer } = this.#confirmed
    Object.assign(this.state, { seq, head, viewer })
    const first = !this.#begun
    const stale = this.#begun ? [...touched] : this.#begin()
    // A long queue that only grows is not guessed all over for each new command.
    const known = stale.length === 0 && this.#begins(rows) ? this.#rows.length : 0
    if (known === 0) {
      for (const key of [...this.#guessed, ...stale]) this.#reset(key, before)
      this.#guessed.clear()
    }
    const draft = new Guess(this.state, before, this.#guessed)
    for (const row of rows.slice(known)) this.#guess(draft, row)
    this.#rows = rows
    const changed = this.#differences(before)
    if (first) for (const key of touched) changed.add(key)
    return changed
  }

  /** Nothing was shown yet: everything is taken over as it is, and nothing has to be compared. */
  #begin(): Key[] {
    this.#begun = true
    for (const entity of this.#confirmed) this.state.put(entity)
    return []
  }

  /** Whether the guesses shown are those of the first of these rows. */
  #begins(rows: readonly Row[]): boolean {
    return this.#rows.every(({ id, command }, at) => rows[at]?.id === id && rows[at].command === command)
  }

  #reset(key: Key, before: Before): void {
    const [kind, id] = parseKey(key) as [Kind, Id]
    if (!before.has(key)) before.set(key, this.state.get(kind, id))
    this.state.set(kind, id, this.#confirmed.get(kind, id))
  }

  #guess(draft: Draft, row: Row): void {
    const foresee = foreseeOf(row.command.verb)
    const know = {
      by: this.#me,
      now: row.at,
      command: row.id,
      space: row.space,
      carried: row.carried,
    }
    try {
      foresee?.(draft, row.command, know)
    } catch (error) {
      // A guess must never stand in the way of the truth: without it the change is shown once it is confirmed.
      console.warn(`no guess for ${row.command.verb}`, error)
    }
  }

  #differences(before: Before): Set<Key> {
    const changed = new Set<Key>()
    for (const [key, was] of before) {
      const [kind, id] = parseKey(key) as [Kind, Id]
      const now = this.state.get(kind, id)
      if (now === was) continue
      if (was && now && same(was, now)) this.state.set(kind, id, was)
      else changed.add(key)
    }
    return changed
  }
}

/** A draft on the shown state that remembers what was there. */
class Guess implements Draft {
  readonly #state: SpaceState
  readonly #before: Before
  readonly #touched: Set<Key>

  constructor(state: SpaceState, before: Before, touched: Set<Key>) {
    this.#state = state
    this.#before = before
    this.#touched = touched
  }

  get id() {
    return this.#state.id
  }
  get seq() {
    return this.#state.seq
  }
  get head() {
    return this.#state.head
  }
  get viewer() {
    return this.#state.viewer
  }

  get<K extends Kind>(kind: K, id: Id) {
    return this.#state.get(kind, id)
  }

  all<K extends Kind>(kind: K) {
    return this.#state.all(kind)
  }

  where: Draft['where'] = (kind, field, value) => this.#state.where(kind, field, value)

  put(entity: AnyEntity): void {
    this.#touch(entity.kind, entity.id)
    this.#state.put(entity)
  }

  patch<K extends Kind>(kind: K, id: Id, fields: Partial<EntityOf<K>>): void {
    this.#touch(kind, id)
    this.#state.patch(kind, id, fields)
  }

  drop(kind: Kind, id: Id): void {
    this.#touch(kind, id)
    this.#state.drop(kind, id)
  }

  #touch(kind: Kind, id: Id): void {
    const key = keyOf(kind, id)
    this.#touched.add(key)
    if (!this.#before.has(key)) this.#before.set(key, this.#state.get(kind, id))
  }
}
