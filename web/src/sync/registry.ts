import type { AnyCommand, AnyEntity, Author, Entry, Id, Instant, Scalar, Verb } from '../schema.ts'
import type { Draft, EntityOf, ReadSpace } from './state.ts'

export type CommandOf<V extends Verb> = Extract<AnyCommand, { verb: V }>

/** What a foresee function may know besides the state. */
export interface Foreseeing {
  /** The person who does it: me. */
  by: Id
  /** When the command was given, by this machine's clock. */
  now: Instant
  /** The id of the command: good for temporary ids of what the server will derive. */
  command: Id
  /**
   * The space to which the command was given. A command of two spaces (`task.send`) is foreseen in both, one after
   * the other: compare with `draft.id` to see which one this is.
   */
  space: Id
  /** For a command of two spaces: the task and its parts as they were shown when it was given. */
  carried: readonly AnyEntity[]
}

/** Writes into the draft what the command will probably change. The server's entry replaces it. */
export type Foresee<V extends Verb> = (draft: Draft, command: CommandOf<V>, know: Foreseeing) => void

/** A command that takes something back, refused (`changed_since`) if `onlyIf` does not hold any more. */
export interface Undoing {
  command: AnyCommand
  onlyIf?: Record<string, Scalar>
  /** The space to give it to; left out: that of the entry. For a task that was sent away (`entry.other`). */
  space?: Id
}

/** What an entry did: how each entity that it touched was before it and is after it. */
export interface Done {
  entry: Entry
  by: Author
  /** The entities touched as they were before the entry; what it created is not there. */
  before: ReadEntities
  /** The same after the entry; what it removed is not there. */
  after: ReadEntities
}

export interface ReadEntities {
  get<K extends AnyEntity['kind']>(kind: K, id: Id): EntityOf<K> | undefined
}

/**
 * The commands that take back what an entry with this verb did, given one after the other; null if nothing can.
 * `space` is what is shown now. The same function serves undo (of my own entry) and restore (of my value that
 * somebody overwrote).
 */
export type Inverse = (done: Done, space: ReadSpace) => Undoing[] | null

const foreseen = new Map<Verb, Foresee<Verb>>()
const inverses = new Map<Verb, Inverse>()

export function registerForesee<V extends Verb>(verb: V, foresee: Foresee<V>): void {
  foreseen.set(verb, foresee as unknown as Foresee<Verb>)
}

export function registerInverse(verb: Verb, inverse: Inverse): void {
  inverses.set(verb, inverse)
}

export const foreseeOf = (verb: Verb): Foresee<Verb> | undefined => foreseen.get(verb)
export const inverseOf = (verb: string): Inverse | undefined => inverses.get(verb as Verb)
