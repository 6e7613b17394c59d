// Carries the outbox to the server: one tab sends, all tabs show the same.

import type { Accepted, AnyReason, ClientMessage, Id, Refused } from '../schema.ts'
import { backOff } from './connection.ts'
import type { Http } from './http.ts'
import { newId } from './ids.ts'
import { isStuck, Outbox, type Row, spacesOf } from './outbox.ts'
import type { Storage } from './storage.ts'
import type { Channel, TabMessage } from './tabs.ts'
import { type Outcome, ReadProblem } from './types.ts'
import type { World } from './world.ts'

/** A tab that is awake sends within milliseconds. */
const PATIENCE = 5_000

export interface DeliveryEvents {
  /** These rows came, changed or went; `spaces` must be shown anew. */
  changed(rows: readonly Row[]): void
  /** A POST failed because of the connection or the session. */
  failed(problem: ReadProblem): void
  signedOut(): void
}

export class Delivery {
  readonly outbox = new Outbox()
  readonly #world: World
  readonly #http: Http
  readonly #storage: Storage
  readonly #events: DeliveryEvents
  readonly #channel: Channel
  readonly #answers = new Map<Id, ((outcome: Outcome) => void)[]>()
  #via: 'socket' | 'poll' | null = null
  #say: (messages: ClientMessage[]) => void = () => undefined
  #careful = new Set<Id>()
  /** Answered or withdrawn: their rows may still stand in the store for a moment. */
  readonly #over = new Set<Id>()
  #leads = false
  #failures = 0
  #paused = false
  /** Called when the tab that sends does not: the device may have put it to sleep. */
  impatient: () => void = () => undefined

  constructor(world: World, http: Http, storage: Storage, name: string, events: DeliveryEvents) {
    this.#world = world
    this.#http = http
    this.#storage = storage
    this.#events = events
    this.#channel = world.channel(name, (message) => this.#heard(message))
  }

  /** Whether this tab is the one that sends. */
  lead(leads: boolean): void {
    this.#leads = leads
    if (!leads) this.outbox.land()
    void this.reload()
  }

  /** Takes in what other tabs, or this one before a reload, left in the store. */
  async reload(): Promise<void> {
    const kept = await this.#storage.rows()
    const rows = kept.filter(({ id }) => !this.outbox.get(id) && !this.#over.has(id))
    for (const row of rows) this.outbox.put(row)
    if (rows.length) this.#events.changed(rows)
    this.pump()
  }

  up(via: 'socket' | 'poll', say: (messages: ClientMessage[]) => void): void {
    this.#via = via
    this.#say = say
    this.#failures = 0
    this.#paused = false
    this.outbox.land()
    void this.reload()
  }

  down(): void {
    this.#via = null
    this.outbox.land()
  }

  /** The server could not read a frame of ours. Those on their way go by POST, where each gets an answer. */
  careful(): void {
    for (const row of this.outbox.rows) if (this.outbox.flying(row.id)) this.#careful.add(row.id)
  }

  /** Gives a command: shown at once, kept, then sent. */
  async give(row: Row): Promise<Outcome> {
    const needed = this.outbox.neededBy(row.command)
    const given: Row = needed ? { ...row, state: 'held', needs: needed.id } : row
    this.outbox.put(given)
    this.#events.changed([given])
    const outcome = this.outcome(row.id)
    const { order: _, ...fresh } = given
    const order = await this.#storage.add(fresh, this.#via ? 'relaxed' : 'strict')
    const now = this.outbox.get(row.id)
    if (!now) {
      await this.#storage.remove(order)
      return outcome
    }
    const kept = { ...now, order }
    this.outbox.put(kept)
    if (now !== given) void this.#storage.put(kept)
    this.#channel.post({ t: 'row', row: kept })
    this.pump()
    if (!this.#leads) this.#world.later(() => this.#doubt(row.id), PATIENCE)
    return outcome
  }

  #doubt(id: Id): void {
    if (!this.#leads && this.#via && this.outbox.get(id)?.state === 'waiting') this.impatient()
  }

  /** The answer, whenever it comes. */
  outcome(id: Id): Promise<Outcome> {
    return new Promise((resolve) => {
      const waiting = this.#answers.get(id) ?? []
      this.#answers.set(id, [...waiting, resolve])
    })
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (!this.#leads || !this.#via || this.#paused) return
    const rows = this.outbox.takeSendable()
    const messages: ClientMessage[] = []
    for (const row of rows) {
      if (!row.sent) this.#sent({ ...row, sent: true })
      if (this.#via === 'poll' || this.#careful.has(row.id)) void this.#post(row)
      else messages.push(asMessage(row))
    }
    if (messages.length) this.#say(messages)
  }

  accepted({ id, seqs }: Pick<Accepted, 'id' | 'seqs'>): void {
    this.#careful.delete(id)
    const row = this.outbox.accept(id, seqs)
    if (!row) return
    this.#failures = 0
    this.#over.add(id)
    void this.#storage.remove(row.order)
    this.#tell([row], true)
    this.#resolve(id, { ok: true, id, seqs })
    this.pump()
  }

  refused({ id, reason }: Pick<Refused, 'id' | 'reason'>): void {
    if (reason.reason === 'unavailable') return this.#later(id)
    this.#careful.delete(id)
    const changed = this.outbox.refuse(id, reason)
    if (!changed.length) return
    for (const row of changed) void this.#storage.put(row)
    this.#tell(changed, true)
    this.#resolve(id, { ok: false, id, reason })
    this.pump()
  }

  /** Its entry was seen in all its spaces that are open: nothing of it has to be remembered. */
  settle(row: Row): void {
    this.outbox.remove(row.id)
    this.#events.changed([row])
  }

  /** Throws a refused command away, or one that was not sent, with what depends on it. */
  discard(id: Id): void {
    const row = this.outbox.get(id)
    if (!row) return
    if (isStuck(row)) return this.#drop([...this.outbox.dependents(id), row])
    this.#channel.post({ t: 'withdraw', id })
    this.#withdraw(id)
  }

  /** Whether the server can know nothing of it. */
  isUnsent(id: Id): boolean {
    const row = this.outbox.get(id)
    return row?.state === 'waiting' && !row.sent
  }

  resend(id: Id, change: Partial<Pick<Row, 'command' | 'expects' | 'onlyIf'>>): Promise<Outcome> {
    const row = this.outbox.get(id)
    if (row?.state !== 'refused') return Promise.resolve({ ok: false, id, reason: null })
    const { command, expects, onlyIf } = row
    const again = { command, expects, onlyIf, ...change, id: newId(this.#world.now()) }
    const changed = this.outbox.requeue(id, again)
    for (const one of changed) void this.#storage.put(one)
    this.#channel.post({ t: 'gone', id })
    this.#events.changed([row])
    this.#tell(changed, true)
    const outcome = this.outcome(again.id)
    this.pump()
    return outcome
  }

  /** Access to a space ended: what waits for it is shown as refused as long as this page lives, and kept nowhere. */
  leave(space: Id): void {
    const rows = this.outbox.rows.filter((row) => spacesOf(row).includes(space))
    for (const row of rows) void this.#storage.remove(row.order)
    for (const row of rows.filter(({ state }) => state === 'waiting')) {
      const reason: AnyReason = { reason: 'not_allowed' }
      this.#tell(this.outbox.refuse(row.id, reason), false)
      this.#resolve(row.id, { ok: false, id: row.id, reason })
    }
  }

  signedOut(): void {
    this.#channel.post({ t: 'signed-out' })
  }

  stop(): void {
    this.#via = null
    this.#channel.close()
  }

  #heard(message: TabMessage): void {
    switch (message.t) {
      case 'row':
        return this.#heardRow(message.row)
      case 'gone':
        return this.#drop(
          this.outbox.rows.filter(({ id }) => id === message.id),
          false,
        )
      case 'withdraw':
        return this.#leads ? this.#withdraw(message.id) : undefined
      case 'signed-out':
        return this.#events.signedOut()
      default:
        message satisfies never
    }
  }

  #heardRow(row: Row): void {
    const known = this.outbox.get(row.id)
    if (row.state === 'accepted' ? !known : this.#over.has(row.id)) return
    this.outbox.put(row)
    if (row.state === 'accepted') {
      this.#over.add(row.id)
      this.outbox.accept(row.id, row.seqs)
    } else if (row.state !== 'waiting') this.outbox.land([row.id])
    this.#events.changed([row])
    if (row.state === 'accepted') this.#resolve(row.id, { ok: true, id: row.id, seqs: row.seqs })
    if (row.reason) this.#resolve(row.id, { ok: false, id: row.id, reason: row.reason })
    this.pump()
  }

  #withdraw(id: Id): void {
    const row = this.outbox.get(id)
    if (row && this.#leads && this.isUnsent(id)) this.#drop([...this.outbox.dependents(id), row])
  }

  #drop(rows: readonly Row[], tell = true): void {
    for (const row of rows) {
      this.outbox.remove(row.id)
      this.#over.add(row.id)
      // Who told us has seen to the store, where another row may have this place by now.
      if (tell) void this.#storage.remove(row.order)
      if (tell) this.#channel.post({ t: 'gone', id: row.id })
      this.#resolve(row.id, { ok: false, id: row.id, reason: null })
    }
    if (rows.length) this.#events.changed(rows)
    this.pump()
  }

  /** The server cannot write just now: all wait a little, in their order. */
  #later(id: Id): void {
    this.outbox.land([id])
    if (this.#paused) return
    this.#paused = true
    this.#failures += 1
    this.#world.later(() => {
      this.#paused = false
      this.pump()
    }, 200 + backOff(this.#failures, this.#world.random))
  }

  async #post(row: Row): Promise<void> {
    const body = { id: row.id, command: row.command, ...conditions(row) }
    try {
      const path = `/api/spaces/${row.space}/commands`
      const answer = await this.#http.post<Partial<Accepted> & Partial<Refused>>(path, body)
      this.#answered(row.id, answer.status, answer.body)
    } catch (problem) {
      this.outbox.land([row.id])
      this.#events.failed(problem as ReadProblem)
    }
  }

  #answered(id: Id, status: number, body: Partial<Accepted> & Partial<Refused>): void {
    if (status === 200 && body.seqs) return this.accepted({ id, seqs: body.seqs })
    if (status === 401) {
      this.outbox.land([id])
      return this.#events.failed(new ReadProblem(401))
    }
    if (status >= 500 || status === 429) {
      const reason = body?.reason
      return reason && reason.reason !== 'unavailable' ? this.refused({ id, reason }) : this.#later(id)
    }
    this.refused({ id, reason: body?.reason ?? unexplained(status) })
  }

  #sent(row: Row): void {
    this.outbox.put(row)
    void this.#storage.put(row)
  }

  #tell(rows: readonly Row[], others: boolean): void {
    if (others) for (const row of rows) this.#channel.post({ t: 'row', row })
    this.#events.changed(rows)
  }

  #resolve(id: Id, outcome: Outcome): void {
    for (const resolve of this.#answers.get(id) ?? []) resolve(outcome)
    this.#answers.delete(id)
  }
}

function asMessage(row: Row): ClientMessage {
  return { t: 'do', id: row.id, space: row.space, command: row.command, ...conditions(row) }
}

function conditions({ expects, onlyIf }: Row): { expects?: Row['expects']; only_if?: Row['onlyIf'] } {
  return { ...(expects ? { expects } : {}), ...(onlyIf ? { only_if: onlyIf } : {}) }
}

function unexplained(status: number): AnyReason {
  if (status === 413) return { reason: 'invalid', field: '', problem: 'too_long' }
  if (status === 404) return { reason: 'not_found', kind: 'space', id: '' }
  return status === 403 ? { reason: 'not_allowed' } : { reason: 'internal', reference: `${status}` }
}
