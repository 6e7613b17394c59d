// The spaces that this tab holds open: loading, following, saving and giving back.

import type { Behind, ClientMessage, Entries, EntriesPage, Id, Left, Me, Presence, Snapshot, Where } from '../schema.ts'
import { SCHEMA } from '../schema.ts'
import { backOff } from './connection.ts'
import type { Http } from './http.ts'
import type { LongPoll, PollEvents, PollSeat } from './longpoll.ts'
import { Hole } from './reducer.ts'
import type { Done } from './registry.ts'
import { type News, Seat } from './seat.ts'
import { type SpaceState, same } from './state.ts'
import type { SavedSpace, Storage } from './storage.ts'
import { ReadProblem, type Stop } from './types.ts'
import type { World } from './world.ts'

/** A seat outlives its last holder, because the next page often wants the same space. */
const LINGER = 10_000
/** Entries are kept on the device in bundles. */
const SAVE_AFTER = 500
/** More entries than this beside a saved snapshot, and a new one is cheaper to read. */
const MOST_BESIDE = 300

export interface SeatsEvents {
  /** Something is true in the seat that is not shown yet. */
  show(seat: Seat, news: News): void
  send(messages: readonly ClientMessage[]): void
  failed(problem: ReadProblem): void
  done(seat: Seat, done: Done): void
  /** A seat's confirmed state went on. */
  advanced(seat: Seat): void
  left(space: Id, why: Left['reason']): void
}

interface Work {
  seat: Seat
  etag: { value: string; seq: number } | null
  fetching: boolean
  failures: number
  /** Times that it fell behind without an entry in between. */
  behinds: number
  again: Stop | null
  linger: Stop | null
  unsaved: Entries[]
  /** Entries beside the saved snapshot; more than `MOST_BESIDE` asks for a new one. */
  beside: number
  saving: Stop | null
  /** Whether the device holds something of this space, and whether the next saving must write all of it anew. */
  kept: boolean
  whole: boolean
}

export class Seats {
  readonly #world: World
  readonly #http: Http
  readonly #storage: Storage
  readonly #me: Me
  readonly #events: SeatsEvents
  readonly #works = new Map<Id, Work>()
  /** Comes when it is needed, which is almost never. */
  #poll: LongPoll | null = null
  #via: 'socket' | 'poll' | null = null

  constructor(world: World, http: Http, storage: Storage, me: Me, events: SeatsEvents) {
    this.#world = world
    this.#http = http
    this.#storage = storage
    this.#me = me
    this.#events = events
  }

  get(space: Id): Seat | undefined {
    return this.#works.get(space)?.seat
  }

  all(): Seat[] {
    return [...this.#works.values()].map(({ seat }) => seat)
  }

  hold(space: Id): Seat {
    const work = this.#works.get(space) ?? this.#open(space)
    work.linger?.()
    work.linger = null
    work.seat.holders += 1
    return work.seat
  }

  release(seat: Seat): void {
    seat.holders -= 1
    const work = this.#works.get(seat.id)
    if (work?.seat !== seat || seat.holders > 0) return
    work.linger = this.#world.later(() => this.#close(work), LINGER)
  }

  // --- the connection ---

  up(via: 'socket' | 'poll'): void {
    this.#via = via
    this.#poll?.stop()
    for (const work of this.#works.values()) this.#follow(work, via === 'poll')
    if (via === 'poll') void this.#startPolling()
  }

  down(): void {
    this.#via = null
    this.#poll?.stop()
    for (const { seat } of this.#works.values()) seat.setPresent([])
  }

  entered(frame: Pick<Entries | EntriesPage, 'space' | 'entries' | 'head'>): void {
    const work = this.#works.get(frame.space)
    if (!work || work.fetching || work.seat.status !== 'ready') return
    try {
      const before = work.seat.confirmed.seq
      const { touched, entries, done } = work.seat.enter(frame.entries, frame.head)
      work.behinds = 0
      if (work.seat.confirmed.seq === before) return
      this.#events.show(work.seat, { touched, entries })
      for (const one of done) this.#events.done(work.seat, one)
      this.#events.advanced(work.seat)
      this.#keep(work, { t: 'entries', ...frame })
    } catch (error) {
      if (!(error instanceof Hole)) throw error
      this.behind(frame)
    }
  }

  behind({ space }: Pick<Behind, 'space'>): void {
    const work = this.#works.get(space)
    if (!work || work.fetching) return
    work.behinds += 1
    // Once is the rule; a server that says so again and again must not be asked as fast as it answers.
    if (work.behinds === 1) return void this.#fetch(work)
    const ms = backOff(work.behinds, this.#world.random)
    work.again?.()
    work.again = this.#world.later(() => void this.#fetch(work), ms)
  }

  left({ space, reason }: Pick<Left, 'space' | 'reason'>): void {
    const work = this.#works.get(space)
    if (!work) return
    this.#stop(work)
    this.#works.delete(space)
    this.#repoll()
    void this.#storage.forget(space)
    this.#events.show(work.seat, { touched: work.seat.leave(reason) })
    this.#events.left(space, reason)
  }

  present({ space, people }: Presence): void {
    this.#works.get(space)?.seat.setPresent(people)
  }

  say(seat: Seat, where: Where | null): void {
    if (seat.where !== undefined && same(seat.where, where)) return
    seat.where = where
    if (this.#via === 'socket') this.#events.send([{ t: 'presence', space: seat.id, where }])
  }

  /** Keeps at once what would be kept in a moment. */
  flush(): void {
    for (const work of this.#works.values()) if (work.saving) this.#save(work)
  }

  stop(): void {
    this.#via = null
    this.#poll?.stop()
    for (const work of this.#works.values()) this.#stop(work)
    this.#works.clear()
  }

  // --- opening and closing ---

  #open(space: Id): Work {
    const work: Work = {
      seat: new Seat(space, this.#me.person),
      etag: null,
      fetching: false,
      failures: 0,
      behinds: 0,
      again: null,
      linger: null,
      unsaved: [],
      beside: 0,
      saving: null,
      kept: false,
      whole: false,
    }
    this.#works.set(space, work)
    void this.#load(work)
    return work
  }

  #close(work: Work): void {
    if (work.saving) this.#save(work)
    this.#stop(work)
    this.#works.delete(work.seat.id)
    if (this.#via === 'socket') this.#events.send([{ t: 'unwatch', space: work.seat.id }])
    this.#repoll()
  }

  #stop(work: Work): void {
    for (const stop of [work.again, work.linger, work.saving]) stop?.()
    work.saving = null
  }

  #isOpen(work: Work): boolean {
    return this.#works.get(work.seat.id) === work
  }

  /** Shows what the device kept, if anything, and goes on from there. */
  async #load(work: Work): Promise<void> {
    work.fetching = true
    const kept = await this.#kept(work)
    work.fetching = false
    if (!this.#isOpen(work)) return
    if (!kept) return this.#fetch(work)
    this.#take(work, kept)
    if (this.#via) this.#follow(work, this.#via === 'poll')
  }

  async #kept(work: Work): Promise<Snapshot | null> {
    const space = work.seat.id
    const kept = await this.#storage.space(space)
    work.kept = kept !== null
    if (!kept || kept.saved.schema !== SCHEMA || kept.saved.instance !== this.#me.instance) return null
    const known = kept.later.findLastIndex(({ head }) => head !== null)
    const later = kept.later.slice(0, known + 1)
    const seat = new Seat(space, this.#me.person)
    seat.take(kept.saved)
    try {
      seat.enter(
        later.map(({ entry }) => entry),
        later.at(-1)?.head ?? kept.saved.head,
      )
    } catch {
      return kept.saved
    }
    return seat.confirmed.snapshot()
  }

  // --- following ---

  #follow(work: Work, check: boolean): void {
    if (work.fetching) return
    if (work.seat.status !== 'ready' || check) void this.#fetch(work)
    else this.#watch(work)
  }

  #watch({ seat }: Work): void {
    if (this.#via === 'poll') return this.#repoll()
    if (this.#via !== 'socket') return
    const { seq, head, viewer } = seat.confirmed
    const messages: ClientMessage[] = [{ t: 'watch', space: seat.id, since: seq, head, viewer }]
    if (seat.where !== undefined) messages.push({ t: 'presence', space: seat.id, where: seat.where })
    this.#events.send(messages)
  }

  async #startPolling(): Promise<void> {
    try {
      const { LongPoll } = await import('./longpoll.ts')
      this.#poll ??= new LongPoll(this.#http, this.#pollEvents(), (run, ms) => this.#world.later(run, ms))
      this.#repoll()
    } catch {
      this.#events.failed(new ReadProblem(0))
    }
  }

  #pollEvents(): PollEvents {
    return {
      page: (page) => this.entered(page),
      behind: (space) => this.behind({ space }),
      left: (space) => this.left({ space, reason: 'no_access' }),
      failed: (problem) => this.#events.failed(problem),
    }
  }

  #repoll(): void {
    if (this.#via !== 'poll') return
    const ready = [...this.#works.values()].filter(({ seat, fetching }) => seat.status === 'ready' && !fetching)
    this.#poll?.watch(ready.map(({ seat }): PollSeat => ({ space: seat.id, seq: () => seat.confirmed.seq })))
  }

  /** Takes a snapshot, however often it has to ask, and follows from there. */
  async #fetch(work: Work): Promise<void> {
    if (work.fetching) return
    work.fetching = true
    work.again?.()
    this.#repoll()
    const { seat } = work
    const etag = work.etag?.seq === seat.confirmed.seq ? work.etag.value : null
    try {
      const answer = await this.#http.get<Snapshot>(`/api/spaces/${seat.id}/snapshot`, { etag })
      work.fetching = false
      work.failures = 0
      if (!this.#isOpen(work)) return
      if (answer.status === 200) this.#fetched(work, answer.body, answer.etag)
      this.#watch(work)
    } catch (problem) {
      work.fetching = false
      if (this.#isOpen(work)) this.#failed(work, problem as ReadProblem)
    }
  }

  #fetched(work: Work, snapshot: Snapshot, etag: string | null): void {
    this.#take(work, snapshot)
    work.etag = etag === null ? null : { value: etag, seq: snapshot.seq }
    work.whole = true
    // The new snapshot may lack what is hidden from me by now, so what was kept before goes at once. Where there is
    // nothing of the kind, saving waits until the page is drawn.
    if (work.kept) this.#save(work)
    else this.#saveSoon(work)
  }

  #take(work: Work, snapshot: Snapshot): void {
    const touched = work.seat.take(snapshot)
    this.#events.show(work.seat, { touched, fresh: true })
    this.#events.advanced(work.seat)
  }

  #failed(work: Work, problem: ReadProblem): void {
    const { status } = problem
    if (status === 403 || status === 404) return this.left({ space: work.seat.id, reason: 'no_access' })
    this.#events.failed(problem)
    if (status === 401) return
    // Without a connection the next one will ask again.
    if (!this.#via) return
    work.failures += 1
    const ms = backOff(work.failures, this.#world.random)
    work.again = this.#world.later(() => void this.#fetch(work), ms)
  }

  // --- saving ---

  #keep(work: Work, frame: Entries): void {
    work.unsaved.push(frame)
    this.#saveSoon(work)
  }

  #saveSoon(work: Work): void {
    work.saving ??= this.#world.later(() => this.#save(work), SAVE_AFTER)
  }

  #save(work: Work): void {
    work.saving?.()
    work.saving = null
    const frames = work.unsaved
    work.unsaved = []
    work.beside += frames.reduce((sum, { entries }) => sum + entries.length, 0)
    if (work.whole || work.beside > MOST_BESIDE || frames.some(takesAway)) {
      work.beside = 0
      work.whole = false
      work.kept = true
      void this.#storage.save(this.#savedAs(work.seat.confirmed))
    } else {
      for (const { space, entries, head } of frames) void this.#storage.append(space, entries, head)
    }
  }

  #savedAs(state: SpaceState): SavedSpace {
    return { ...state.snapshot(), schema: SCHEMA, instance: this.#me.instance }
  }
}

/** What was hidden from me must not stay on the device in older entries either. */
function takesAway({ entries }: Entries): boolean {
  return entries.some((entry) => entry.shown && entry.changes.some((change) => change.do === 'drop'))
}
