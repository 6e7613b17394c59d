import type {
  AnyCommand,
  AnyEntity,
  AnyReason,
  Comment,
  Description,
  EntriesPage,
  Entry,
  Id,
  Instant,
  Left,
  Me,
  Overview,
  PresentPerson,
  Scalar,
  Where,
} from '../schema.ts'
import type { Key, ReadSpace, SpaceState } from './state.ts'

export type Stop = () => void

/** What the header says. */
export interface Status {
  /**
   * `live`: changes of others come by themselves. `reconnecting`: for a moment not. `offline`: not for a while, or the
   * device says so. `signed-out`: the session ended; the outbox waits for this person. `outdated`: the server speaks
   * another version and reloading once did not help.
   */
  link: 'live' | 'reconnecting' | 'offline' | 'signed-out' | 'outdated'
  /** Since when, in milliseconds as of `Date.now()`. */
  since: number
  /** `poll` when sockets are blocked: everything works, presence does not. */
  via: 'socket' | 'poll'
  relay: 'ok' | 'late'
  writing: 'ok' | 'paused'
  /** Commands on their way or waiting, of all tabs. */
  waiting: number
  /** Commands that were refused and neither discarded nor sent again. */
  refused: number
  /** False when nothing can be kept on this device (private mode): what waits is lost with the tab. */
  kept: boolean
}

export type Outcome =
  | { ok: true; id: Id; seqs: Record<Id, number> }
  /** `text_changed` brings their text. The command is kept as refused until `discard` or `resend`. */
  | { ok: false; id: Id; reason: AnyReason }
  /** Taken back before it was sent, or discarded. */
  | { ok: false; id: Id; reason: null }

export interface DoOptions {
  /**
   * What the author saw. Left out, it is filled with what is shown now of the fields that the command sets, which is
   * right for a click or a drag. After typing give the value from when the typing began. For `task.describe`:
   * `{revision}` of the text that was edited, 0 if there was none.
   */
  expects?: Record<string, Scalar>
  /** Strict: refused `changed_since` if it does not hold. */
  onlyIf?: Record<string, Scalar>
  /** False: `undo` passes it by. */
  undoable?: boolean
}

/** A command that is not answered yet, or was refused. */
export interface Pending {
  id: Id
  space: Id
  command: AnyCommand
  expects: Record<string, Scalar> | null
  onlyIf: Record<string, Scalar> | null
  at: Instant
  /** The entity whose mark it is: the task, or the column; the space itself if none. */
  about: Id
  /**
   * `waiting`: not answered. `accepted`: durable, its entry is about to arrive. `refused`: with `reason`. `held`: needs
   * something that the refused command `needs` would have made; it goes where that one goes.
   */
  state: 'waiting' | 'accepted' | 'refused' | 'held'
  reason: AnyReason | null
  needs: Id | null
}

/** What a card says about its own saving. */
export interface Mark {
  waiting: readonly Pending[]
  /** Refused commands with their dependents after them. What they would have made stays visible until dealt with. */
  refused: readonly Pending[]
}

export interface SpaceChange {
  /** Entities (and marks) that look different now. Everything after a first load. */
  keys: ReadonlySet<Key>
  /** Entries that just became true here, mine too; empty for guesses and snapshots. For announcements and journals. */
  entries: readonly Entry[]
  /** True when a snapshot replaced the state (first load, or after a long absence). */
  fresh: boolean
}

/**
 * A seat in a space. `loading` until there is something to show; `ready`; `gone`: no access, or taken away (`why`).
 */
export interface SpaceHandle {
  readonly id: Id
  readonly status: 'loading' | 'ready' | 'gone'
  readonly why: Left['reason'] | null
  /** What to show: confirmed state with my pending commands on top. The same object for the handle's whole life. */
  readonly state: ReadSpace
  /** Without my pending commands. */
  readonly confirmed: ReadSpace
  /** Everybody who is here now, me included. Empty when not live. */
  readonly present: readonly PresentPerson[]
  /** Called synchronously after a change of the state or of a mark. */
  subscribe(tell: (change: SpaceChange) => void): Stop
  /** Called when `status` or `present` changed. */
  subscribeSeat(tell: () => void): Stop
  /** What a task or column says of its saving. Changes are told as the key `mark:<id>`. */
  mark(about: Id): Mark
  /** Where I am, for the others; said again after reconnects. `{}`: here. null: not here any more. */
  sayPresence(where: Where | null): void
  /** Gives the seat back; the last one out closes it after a short while. */
  close(): void
}

export interface ShownComment {
  comment: Comment
  /** Rendered and sanitised by the server; null until it is here: show `comment.text` as plain text then. */
  html: string | null
}

/** The cold part of an open task, kept live, pending comments and descriptions included. */
export interface PartHandle {
  readonly space: Id
  readonly task: Id
  /** `gone`: the task is no more, or hidden from me. `failed`: not to be had now (offline); tried again by itself. */
  readonly status: 'loading' | 'ready' | 'gone' | 'failed'
  readonly description: Description | null
  readonly descriptionHtml: string | null
  /** Oldest first. */
  readonly comments: readonly ShownComment[]
  subscribe(tell: () => void): Stop
  close(): void
}

/** Somebody changed a value that I had set, without having seen mine. */
export interface Overwritten {
  space: Id
  entry: Entry
  kind: AnyEntity['kind']
  id: Id
  field: string
  mine: Scalar
  theirs: Scalar
}

export interface JournalQuery {
  /** Newest first from below this number; without it, from the newest. */
  before?: number
  /** Only the story of this entity. */
  about?: Id
  limit?: number
}

/** The server's answer to a read that is not what was asked for. */
export class ReadProblem extends Error {
  /** HTTP status; 0 when there was no answer at all. */
  readonly status: number
  readonly reason: AnyReason | null

  constructor(status: number, reason: AnyReason | null = null) {
    super(`read failed: ${status}`)
    this.status = status
    this.reason = reason
  }
}

/** One per tab: state, outbox and connection of the person who is signed in. */
export interface Client {
  readonly me: Me
  readonly status: Status
  subscribeStatus(tell: (status: Status) => void): Stop

  /** A seat in a space. Handles of one space share everything. Close each of them. */
  open(space: Id): SpaceHandle
  /** The open task's cold part. Close it when the panel closes. */
  taskPart(space: Id, task: Id): PartHandle

  /**
   * Gives a command. It is shown at once, kept on this device, sent in order and sent again until the server answers;
   * then the promise resolves, offline that may take hours. It never rejects.
   */
  do(space: Id, command: AnyCommand, options?: DoOptions): Promise<Outcome>

  /** All that waits or was refused, in order, of all spaces and tabs. */
  readonly pending: readonly Pending[]
  subscribePending(tell: (pending: readonly Pending[]) => void): Stop
  /** Throws a refused (or not yet sent) command away, with its dependents. */
  discard(id: Id): void
  /** Sends a refused command again under a new id, changed if `command` is given; its dependents follow. */
  resend(id: Id, command?: AnyCommand, options?: DoOptions): Promise<Outcome>

  /** Takes back my last change in this space from this tab. null: there is nothing to take back. */
  undo(space: Id): Promise<Outcome | null>
  /** Takes back this command of mine, if it can be; null if not. */
  undoCommand(id: Id): Promise<Outcome | null>
  /** Tells of values of mine that others overwrote without having seen them. */
  subscribeOverwritten(tell: (overwritten: Overwritten) => void): Stop
  /** Sets my value again; refused `changed_since` if it changed once more. null: there is no way. */
  restore(overwritten: Overwritten): Promise<Outcome | null>

  /** The activity of a space or of one task, newest first. What comes later is told by `SpaceHandle.subscribe`. */
  journal(space: Id, query?: JournalQuery): Promise<EntriesPage>
  /** The space as it was after this entry, read-only. */
  at(space: Id, seq: number): Promise<SpaceState>
  /** Tasks with their parts, put-away ones and words in descriptions and comments included. */
  search(space: Id, words: string): Promise<AnyEntity[]>
  overview(): Promise<Overview>

  /** What was typed and neither sent nor discarded. One draft for each space, entity and field. */
  draft(space: Id, id: Id, field: string): Promise<string | undefined>
  keepDraft(space: Id, id: Id, field: string, text: string): void
  dropDraft(space: Id, id: Id, field: string): void

  /** Signs out and wipes all that this device holds of this person. False if the server could not be reached. */
  signOut(): Promise<boolean>
  /** Closes the connection and ends all handles; keeps what is on the device. */
  stop(): void
}
