// My own last changes, to take them back, and my values that others overwrote.

import type { Entry, Id, Scalar } from '../schema.ts'
import { COMMANDS } from '../schema.ts'
import { type Done, inverseOf, type ReadEntities, type Undoing } from './registry.ts'
import type { ReadSpace } from './state.ts'
import type { Overwritten } from './types.ts'

/** Changes that can be taken back, one after the other. */
const STEPS = 50
/** Values of mine that are remembered, over all spaces. */
const VALUES = 500

/** What this tab did, newest last. */
export class History {
  readonly #given: { id: Id; space: Id }[] = []
  readonly #done = new Map<Id, Done>()
  readonly #waiting = new Map<Id, () => void>()

  gave(id: Id, space: Id): void {
    this.#given.push({ id, space })
    const old = this.#given.length > STEPS ? this.#given.shift() : undefined
    if (old) this.#done.delete(old.id)
  }

  /** Takes in an entry of mine. Of a command of two spaces that of the space it was given to is the one to take back. */
  did(space: Id, done: Done): void {
    const { command } = done.entry
    if (!this.#given.some((given) => given.id === command && given.space === space)) return
    this.#done.set(command, done)
    this.over(command)
  }

  /** Resolves when the entry of this command is here, or will not come. */
  whenDone(id: Id): Promise<void> {
    if (this.#done.has(id)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }

  /** The entry of this command is here, or its changes came without it. */
  over(id: Id): void {
    this.#waiting.get(id)?.()
    this.#waiting.delete(id)
  }

  last(space: Id): Id | null {
    return this.#given.findLast((given) => given.space === space)?.id ?? null
  }

  spaceOf(id: Id): Id | null {
    return this.#given.find((given) => given.id === id)?.space ?? null
  }

  forget(id: Id): void {
    const at = this.#given.findIndex((given) => given.id === id)
    if (at >= 0) this.#given.splice(at, 1)
    this.#done.delete(id)
    this.over(id)
  }

  forgetSpace(space: Id): void {
    for (const { id } of this.#given.filter((given) => given.space === space)) this.forget(id)
  }

  /** The commands that take it back; null if there is no way. */
  undoing(id: Id, space: ReadSpace): Undoing[] | null {
    const done = this.#done.get(id)
    return done ? undoingOf(done, space) : null
  }
}

export function undoingOf(done: Done, space: ReadSpace): Undoing[] | null {
  return inverseOf(done.entry.verb)?.(done, space) ?? null
}

/** Which values in the spaces are mine, so that I can be told when somebody overwrites one without having seen it. */
export class MyValues {
  #values: Map<string, Scalar>
  readonly #keep: (values: [string, Scalar][]) => void

  constructor(keep: (values: [string, Scalar][]) => void) {
    this.#values = new Map()
    this.#keep = keep
  }

  load(values: [string, Scalar][]): void {
    this.#values = new Map([...values, ...this.#values])
  }

  /** Takes in an entry of mine. */
  wrote(space: Id, { entry, after }: Done): void {
    for (const { kind, id, field } of written(entry)) {
      const value = scalar(after.get(kind, id), field)
      const key = `${space}/${kind}/${id}/${field}`
      this.#values.delete(key)
      if (value !== undefined) this.#values.set(key, value)
    }
    const surplus = this.#values.size - VALUES
    for (const key of [...this.#values.keys()].slice(0, Math.max(0, surplus))) this.#values.delete(key)
    this.#keep([...this.#values])
  }

  forgetSpace(space: Id): void {
    for (const key of this.#values.keys()) if (key.startsWith(`${space}/`)) this.#values.delete(key)
    this.#keep([...this.#values])
  }

  /** Takes in an entry of somebody else: the values of mine that it overwrote unseen. */
  overwrittenBy(space: Id, { entry, before, after }: Done): Overwritten[] {
    const found: Overwritten[] = []
    for (const { kind, id, field } of written(entry)) {
      const key = `${space}/${kind}/${id}/${field}`
      const mine = this.#values.get(key)
      this.#values.delete(key)
      const was = scalar(before.get(kind, id), field)
      const theirs = scalar(after.get(kind, id), field)
      if (mine === undefined || mine !== was || theirs === undefined || theirs === mine) continue
      if (entry.unseen.includes(field) && kind === COMMANDS[entry.verb]?.kind)
        found.push({ space, entry, kind, id, field, mine, theirs })
    }
    return found
  }
}

/** An overwriting entry, cut down to the one field, so that its inverse gives back this and nothing else. */
export function onlyField({ entry, kind, id, field, mine, theirs }: Overwritten, space: ReadSpace): Done {
  const changes = entry.changes.flatMap((change) => {
    if (change.do !== 'patch' || change.kind !== kind || change.id !== id) return []
    return [{ ...change, fields: { [field]: theirs }, was: { [field]: mine } }]
  })
  const now = space.get(kind, id)
  const having = (value: Scalar): ReadEntities => ({
    get: (k, i) => (now && k === kind && i === id ? ({ ...now, [field]: value } as never) : undefined),
  })
  return { entry: { ...entry, changes }, by: entry.by, before: having(mine), after: having(theirs) }
}

function written(entry: Entry): { kind: Overwritten['kind']; id: Id; field: string }[] {
  return entry.changes.flatMap((change) => {
    if (change.do === 'drop') return []
    const [kind, id, fields] =
      change.do === 'put'
        ? [change.entity.kind, change.entity.id, valuesOf(change.entity.kind)]
        : [change.kind as Overwritten['kind'], change.id, Object.keys(change.fields)]
    return fields.map((field) => ({ kind, id, field }))
  })
}

/** Of new entities only who owns a task is remembered: what else is new was nobody's value before. */
const valuesOf = (kind: string): string[] => (kind === 'ownership' ? ['person'] : [])

function scalar(entity: unknown, field: string): Scalar | undefined {
  const value = (entity as Record<string, Scalar> | undefined)?.[field]
  return typeof value === 'object' && value !== null ? undefined : value
}
