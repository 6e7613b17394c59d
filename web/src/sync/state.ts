import type { AnyEntity, Id, Kind, Snapshot, Viewer } from '../schema.ts'
import { COLD } from '../schema.ts'

export type EntityOf<K extends Kind> = Extract<AnyEntity, { kind: K }>
/** What subscribers are told has changed: `task:0190…`, or `mark:0190…` for the mark of that entity. */
export type Key = `${Kind | 'mark'}:${Id}`

/** Fields by which entities of a kind are found without looking through all of them. */
interface Indexed {
  listing: 'parent'
  participant: 'person' | 'organisation'
  person: 'organisation'
  column: 'board'
  task: 'column'
  ownership: 'task' | 'person'
  helper: 'task' | 'person'
  goal_tag: 'task' | 'goal'
  checklist_line: 'task'
  description: 'task'
  comment: 'task'
}

export type IndexedKind = keyof Indexed
export type IndexedField<K extends IndexedKind> = Indexed[K] & keyof EntityOf<K>

/** Kinds that hang on a task: they have its id in `task` and go where it goes. */
export const PARTS = [
  'ownership',
  'helper',
  'goal_tag',
  'checklist_line',
  'description',
  'comment',
] as const satisfies readonly IndexedKind[]

const NOTHING: ReadonlyMap<Id, never> = new Map<Id, never>()
/** Of one field: its values, and the entities that have them. */
type Index = Map<unknown, Map<Id, AnyEntity>>
const fieldOf = (entity: AnyEntity, field: string): unknown => entity[field as keyof AnyEntity]

export const keyOf = (kind: Kind | 'mark', id: Id): Key => `${kind}:${id}`

/** Kind and id of a key. */
export function parseKey(key: Key): [Kind | 'mark', Id] {
  const colon = key.indexOf(':')
  return [key.slice(0, colon) as Kind | 'mark', key.slice(colon + 1)]
}

/** What can be asked of a space: all that views, foresee and inverse functions need. */
export interface ReadSpace {
  readonly id: Id
  readonly seq: number
  readonly head: string
  readonly viewer: Viewer
  /** The entity, or undefined if there is none or this viewer may not see it. */
  get<K extends Kind>(kind: K, id: Id): EntityOf<K> | undefined
  /** All entities of a kind. A live map: iterate it now, do not keep it. */
  all<K extends Kind>(kind: K): ReadonlyMap<Id, EntityOf<K>>
  /** Entities whose indexed field has this value, in no particular order; costs no more than its answer. */
  where<K extends IndexedKind>(kind: K, field: IndexedField<K>, value: Id | null): EntityOf<NoInfer<K>>[]
}

/** Where a foresee function writes its guess. */
export interface Draft extends ReadSpace {
  put(entity: AnyEntity): void
  /** Does nothing if the entity is not there. */
  patch<K extends Kind>(kind: K, id: Id, fields: Partial<EntityOf<K>>): void
  drop(kind: Kind, id: Id): void
}

/**
 * A space as one viewer sees it. It holds what a snapshot holds: no cold kinds (description, comment) and nothing
 * that was put away, except for tasks whose part is open (`open`). So `all('task')` may hold a put-away task while
 * its panel is open; boards leave out tasks with `put_away_at`.
 */
export class SpaceState implements Draft {
  readonly id: Id
  seq = 0
  head = ''
  viewer: Viewer = 0
  /** Tasks whose cold and put-away entities are kept too. */
  readonly open: Set<Id>
  readonly #kinds = new Map<Kind, Map<Id, AnyEntity>>()
  readonly #indexes = new Map<Kind, Map<string, Index>>()

  constructor(id: Id, open: Set<Id> = new Set()) {
    this.id = id
    this.open = open
  }

  static of(snapshot: Snapshot): SpaceState {
    const state = new SpaceState(snapshot.space)
    state.seq = snapshot.seq
    state.head = snapshot.head
    state.viewer = snapshot.viewer
    for (const entity of snapshot.entities) state.put(entity)
    return state
  }

  get<K extends Kind>(kind: K, id: Id): EntityOf<K> | undefined {
    return this.#kinds.get(kind)?.get(id) as EntityOf<K> | undefined
  }

  all<K extends Kind>(kind: K): ReadonlyMap<Id, EntityOf<K>> {
    return (this.#kinds.get(kind) ?? NOTHING) as ReadonlyMap<Id, EntityOf<K>>
  }

  where<K extends IndexedKind>(kind: K, field: IndexedField<K>, value: Id | null): EntityOf<NoInfer<K>>[] {
    const found = this.#index(kind, field as string).get(value)
    return found ? ([...found.values()] as EntityOf<K>[]) : []
  }

  *[Symbol.iterator](): IterableIterator<AnyEntity> {
    for (const entities of this.#kinds.values()) yield* entities.values()
  }

  /** Whether an entity belongs here: hot, or part of an open task. */
  keeps(entity: AnyEntity): boolean {
    if (isHot(entity)) return true
    return this.open.has('task' in entity ? entity.task : entity.id)
  }

  put(entity: AnyEntity): void {
    if (!this.keeps(entity)) return this.drop(entity.kind, entity.id)
    const entities = made(this.#kinds, entity.kind)
    this.#reindex(entity.kind, entities.get(entity.id), entity)
    entities.set(entity.id, entity)
  }

  patch<K extends Kind>(kind: K, id: Id, fields: Partial<EntityOf<K>>): void {
    const before = this.get(kind, id)
    if (before) this.put({ ...before, ...fields } as AnyEntity)
  }

  drop(kind: Kind, id: Id): void {
    const entities = this.#kinds.get(kind)
    const before = entities?.get(id)
    if (!entities || !before) return
    this.#reindex(kind, before, undefined)
    entities.delete(id)
  }

  /** Sets an entity back to what it is elsewhere; undefined takes it away. */
  set(kind: Kind, id: Id, entity: AnyEntity | undefined): void {
    if (entity) this.put(entity)
    else this.drop(kind, id)
  }

  /** This state as a snapshot: without what only open parts hold. */
  snapshot(): Snapshot {
    const entities = [...this].filter(isHot)
    return { space: this.id, seq: this.seq, head: this.head, viewer: this.viewer, entities }
  }

  /** Turns into a newer snapshot and says what is different. What only open parts hold stays until they are read anew. */
  become(snapshot: Snapshot): Key[] {
    const { seq, head, viewer } = snapshot
    Object.assign(this, { seq, head, viewer })
    if (this.#kinds.size === 0) return snapshot.entities.map((entity) => this.#added(entity))
    const changed: Key[] = []
    const there = new Set<Key>()
    for (const entity of snapshot.entities) {
      const key = keyOf(entity.kind, entity.id)
      there.add(key)
      if (same(this.get(entity.kind, entity.id), entity)) continue
      this.put(entity)
      changed.push(key)
    }
    const gone = [...this].filter((entity) => isHot(entity) && !there.has(keyOf(entity.kind, entity.id)))
    return [...changed, ...this.#dropAll(gone)]
  }

  #added(entity: AnyEntity): Key {
    this.put(entity)
    return keyOf(entity.kind, entity.id)
  }

  /** Closes the part of a task: what it alone held goes. */
  closePart(task: Id): Key[] {
    this.open.delete(task)
    const parts = PARTS.flatMap((kind): AnyEntity[] => this.where(kind, 'task', task))
    const all = [this.get('task', task), ...parts].filter((entity) => entity !== undefined)
    return this.#dropAll(all.filter((entity) => !this.keeps(entity)))
  }

  /** Forgets everything. */
  clear(): Key[] {
    this.open.clear()
    return this.#dropAll([...this])
  }

  #dropAll(entities: readonly AnyEntity[]): Key[] {
    for (const { kind, id } of entities) this.drop(kind, id)
    return entities.map(({ kind, id }) => keyOf(kind, id))
  }

  /** The index of a field, made when it is asked for the first time: most are never used in one of the two states. */
  #index(kind: IndexedKind, field: string): Index {
    const indexes = made(this.#indexes, kind)
    const there = indexes.get(field)
    if (there) return there
    const index: Index = new Map()
    indexes.set(field, index)
    for (const entity of this.all(kind).values()) made(index, fieldOf(entity, field)).set(entity.id, entity)
    return index
  }

  #reindex(kind: Kind, before: AnyEntity | undefined, after: AnyEntity | undefined): void {
    for (const [field, index] of this.#indexes.get(kind) ?? []) {
      const old = before && fieldOf(before, field)
      const now = after && fieldOf(after, field)
      if (before && (!after || old !== now)) {
        const same = index.get(old)
        same?.delete(before.id)
        if (same?.size === 0) index.delete(old)
      }
      if (after) made(index, now).set(after.id, after)
    }
  }
}

/** Whether an entity stands in snapshots. */
function isHot(entity: AnyEntity): boolean {
  return !COLD.includes(entity.kind) && !('put_away_at' in entity && entity.put_away_at !== null)
}

/** The map under this key, made if there is none. */
function made<K, L, V>(maps: Map<K, Map<L, V>>, key: K): Map<L, V> {
  const there = maps.get(key)
  if (there) return there
  const map = new Map<L, V>()
  maps.set(key, map)
  return map
}

/** Whether two values are the same all the way down; lists of lists as in goals included. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
}
