import type { AnyCommand, AnyEntity, EntriesPage, Found, Id, Me, Overview, ServerMessage } from '../schema.ts'
import { COMMANDS, type Snapshot } from '../schema.ts'
import { Delivery } from './delivery.ts'
import { Drafts } from './drafts.ts'
import { History, MyValues, onlyField, undoingOf } from './history.ts'
import { type Http, httpOver } from './http.ts'
import { newId } from './ids.ts'
import { Link } from './link.ts'
import { aboutOf, isGuessed, isStuck, named, type Row, spacesOf } from './outbox.ts'
import { Parts } from './parts.ts'
import type { Done, Undoing } from './registry.ts'
import type { News, Seat } from './seat.ts'
import { Seats } from './seats.ts'
import { PARTS, type ReadSpace, SpaceState } from './state.ts'
import type { Storage } from './storage.ts'
import { leadWhenFree } from './tabs.ts'
import type {
  Client,
  DoOptions,
  JournalQuery,
  Outcome,
  Overwritten,
  PartHandle,
  Pending,
  ReadProblem,
  SpaceHandle,
  Status,
  Stop,
} from './types.ts'
import { browser, type World } from './world.ts'

/** Starts the client of the person who is signed in; one per tab. */
export function startClient(me: Me, world: World = browser()): Client {
  const client = new TabClient(me, world)
  void client.start()
  return client
}

class TabClient implements Client {
  readonly me: Me
  readonly #world: World
  readonly #http: Http
  readonly #storage: Storage
  readonly #link: Link
  readonly #seats: Seats
  readonly #delivery: Delivery
  readonly #drafts: Drafts
  readonly #history = new History()
  readonly #values: MyValues
  readonly #parts: Parts
  readonly #name: string
  readonly #stops: Stop[] = []
  readonly #statusTells = new Set<(status: Status) => void>()
  readonly #pendingTells = new Set<(pending: readonly Pending[]) => void>()
  readonly #overwrittenTells = new Set<(overwritten: Overwritten) => void>()
  /** Nested `#together`s, what they left to be shown, and what is to be told after that. */
  #depth = 0
  readonly #news = new Map<Seat, News>()
  readonly #afterwards: (() => void)[] = []
  #outboxChanged = false
  #status: Status

  constructor(me: Me, world: World) {
    this.me = me
    this.#world = world
    this.#name = `korridor/${me.area}/${me.person}`
    this.#http = httpOver(world)
    this.#storage = world.storage(this.#name)
    this.#drafts = new Drafts(this.#storage, world)
    this.#values = new MyValues((values) => void this.#storage.keepFact('my values', values))
    this.#link = this.#newLink()
    this.#seats = this.#newSeats()
    this.#parts = this.#newParts()
    this.#delivery = this.#newDelivery()
    this.#status = {
      link: 'reconnecting',
      since: world.now(),
      via: 'socket',
      relay: 'ok',
      writing: 'ok',
      waiting: 0,
      refused: 0,
      kept: true,
    }
  }

  async start(): Promise<void> {
    this.#stops.push(this.#world.watch((event) => this.#tabChanged(event)))
    this.#link.input({ on: 'start' })
    const kept = await this.#storage.kept()
    this.#setStatus({ kept })
    this.#values.load((await this.#storage.fact('my values')) ?? [])
    await this.#delivery.reload()
    const lead = leadWhenFree(kept ? this.#world.locks : null, this.#name, (leads) => this.#delivery.lead(leads))
    this.#delivery.impatient = () => lead.take()
    this.#stops.push(() => lead.stop())
  }

  // --- status ---

  get status(): Status {
    return this.#status
  }

  subscribeStatus(tell: (status: Status) => void): Stop {
    this.#statusTells.add(tell)
    return () => this.#statusTells.delete(tell)
  }

  // --- spaces ---

  open(space: Id): SpaceHandle {
    return this.#handle(this.#seats.hold(space))
  }

  #handle(seat: Seat): SpaceHandle {
    const { outbox } = this.#delivery
    let held = true
    return {
      id: seat.id,
      get status() {
        return seat.status
      },
      get why() {
        return seat.why
      },
      get present() {
        return seat.present
      },
      state: seat.shown.state,
      confirmed: seat.confirmed,
      subscribe: (tell) => seat.subscribe(tell),
      subscribeSeat: (tell) => seat.subscribeSeat(tell),
      mark: (about) => outbox.mark(about),
      sayPresence: (where) => this.#seats.say(seat, where),
      close: () => {
        if (held) this.#seats.release(seat)
        held = false
      },
    }
  }

  taskPart(space: Id, task: Id): PartHandle {
    return this.#parts.open(space, task)
  }

  // --- commands ---

  do(space: Id, command: AnyCommand, options: DoOptions = {}): Promise<Outcome> {
    const row = this.#row(space, command, options)
    if (options.undoable !== false) this.#history.gave(row.id, space)
    return this.#delivery.give(row)
  }

  #row(space: Id, command: AnyCommand, { expects, onlyIf }: DoOptions): Row {
    const shown = this.#seats.get(space)?.shown.state
    const now = this.#world.now()
    return {
      id: newId(now),
      space,
      command,
      expects: expects ?? (onlyIf ? null : seen(command, shown)),
      onlyIf: onlyIf ?? null,
      at: new Date(now).toISOString(),
      about: aboutOf(command, space),
      state: 'waiting',
      reason: null,
      needs: null,
      order: 0,
      sent: false,
      carried: carriedBy(command, space, shown),
      seqs: {},
    }
  }

  get pending(): readonly Pending[] {
    return this.#delivery.outbox.rows
  }

  subscribePending(tell: (pending: readonly Pending[]) => void): Stop {
    this.#pendingTells.add(tell)
    return () => this.#pendingTells.delete(tell)
  }

  discard(id: Id): void {
    this.#history.forget(id)
    this.#delivery.discard(id)
  }

  resend(id: Id, command?: AnyCommand, options: DoOptions = {}): Promise<Outcome> {
    const { expects, onlyIf } = options
    return this.#delivery.resend(id, {
      ...(command ? { command } : {}),
      ...(expects ? { expects } : {}),
      ...(onlyIf ? { onlyIf } : {}),
    })
  }

  // --- undo and restore ---

  async undo(space: Id): Promise<Outcome | null> {
    const id = this.#history.last(space)
    return id === null ? null : this.undoCommand(id)
  }

  async undoCommand(id: Id): Promise<Outcome | null> {
    const row = this.#delivery.outbox.get(id)
    if (row && isStuck(row)) return null
    if (row && this.#delivery.isUnsent(id)) return this.#takeBack(id)
    if (row?.state === 'waiting' && !(await this.#delivery.outcome(id)).ok) return null
    if (this.#delivery.outbox.get(id)) await this.#history.whenDone(id)
    return this.#undoDone(id)
  }

  #takeBack(id: Id): Promise<Outcome> {
    const outcome = this.#delivery.outcome(id)
    this.discard(id)
    return outcome
  }

  async #undoDone(id: Id): Promise<Outcome | null> {
    const space = this.#history.spaceOf(id)
    const seat = space && this.#seats.get(space)
    const undoings = seat ? this.#history.undoing(id, seat.shown.state) : null
    this.#history.forget(id)
    return undoings && space ? this.#doAll(space, undoings) : null
  }

  async #doAll(space: Id, undoings: readonly Undoing[]): Promise<Outcome | null> {
    const given = undoings.map(({ command, onlyIf, space: other }) =>
      this.do(other ?? space, command, { undoable: false, ...(onlyIf ? { onlyIf } : {}) }),
    )
    const outcomes = await Promise.all(given)
    return outcomes.find(({ ok }) => !ok) ?? outcomes.at(-1) ?? null
  }

  subscribeOverwritten(tell: (overwritten: Overwritten) => void): Stop {
    this.#overwrittenTells.add(tell)
    return () => this.#overwrittenTells.delete(tell)
  }

  async restore(overwritten: Overwritten): Promise<Outcome | null> {
    const { space } = overwritten
    const seat = this.#seats.get(space)
    if (!seat) return null
    const undoings = undoingOf(onlyField(overwritten, seat.shown.state), seat.shown.state)
    return undoings && this.#doAll(space, undoings)
  }

  // --- reads ---

  async journal(space: Id, { before, about, limit = 50 }: JournalQuery = {}): Promise<EntriesPage> {
    const query = new URLSearchParams({ limit: `${limit}` })
    if (before !== undefined) query.set('before', `${before}`)
    if (about !== undefined) query.set('about', about)
    return this.#read(`/api/spaces/${space}/journal?${query}`)
  }

  async at(space: Id, seq: number): Promise<SpaceState> {
    return SpaceState.of(await this.#read<Snapshot>(`/api/spaces/${space}/snapshot?at=${seq}`))
  }

  async search(space: Id, words: string): Promise<AnyEntity[]> {
    const query = new URLSearchParams({ q: words })
    return (await this.#read<Found>(`/api/spaces/${space}/search?${query}`)).entities
  }

  overview(): Promise<Overview> {
    return this.#read('/api/overview')
  }

  async #read<T>(path: string): Promise<T> {
    try {
      return (await this.#http.get<T>(path)).body
    } catch (problem) {
      this.#link.read(problem as ReadProblem)
      throw problem
    }
  }

  // --- drafts ---

  draft(space: Id, id: Id, field: string): Promise<string | undefined> {
    return this.#drafts.get(`${space}/${id}/${field}`)
  }

  keepDraft(space: Id, id: Id, field: string, text: string): void {
    this.#drafts.keep(`${space}/${id}/${field}`, text)
  }

  dropDraft(space: Id, id: Id, field: string): void {
    this.#drafts.drop(`${space}/${id}/${field}`)
  }

  // --- the end ---

  async signOut(): Promise<boolean> {
    try {
      const { status } = await this.#http.post('/api/sign-out')
      if (status >= 400 && status !== 401) return false
    } catch {
      return false
    }
    this.#delivery.signedOut()
    await this.#wipe()
    return true
  }

  stop(): void {
    void this.#drafts.flush()
    this.#seats.flush()
    this.#link.input({ on: 'stop' })
    for (const stop of this.#stops.splice(0)) stop()
    this.#seats.stop()
    this.#delivery.stop()
    void this.#storage.close()
  }

  /** Somebody signed out, here or in another tab: nothing of this person stays on the device. */
  async #wipe(): Promise<void> {
    this.#drafts.forget()
    this.#together(() => {
      for (const seat of this.#seats.all()) this.#show(seat, { touched: seat.leave('signed_out') })
    })
    this.#seats.stop()
    this.#link.input({ on: 'stop' })
    for (const stop of this.#stops.splice(0)) stop()
    await this.#storage.wipe()
    this.#setStatus({ link: 'signed-out', since: this.#world.now(), waiting: 0, refused: 0 })
    this.#delivery.stop()
  }

  /** What was given or typed a moment ago is kept before the page goes. Where nothing can be kept, people decide. */
  async #reload(version: string): Promise<void> {
    // Reading the outbox waits for what is being written to it.
    await Promise.all([this.#drafts.flush(), this.#storage.rows()])
    if (this.#status.kept || !this.#delivery.outbox.rows.length) this.#world.reload(version)
  }

  // --- wiring ---

  #newLink(): Link {
    return new Link(this.#world, this.#http, this.me, {
      up: (via) => {
        this.#setStatus({ via })
        this.#seats.up(via)
        this.#delivery.up(via, (messages) => this.#link.send(messages))
      },
      down: () => {
        this.#seats.down()
        this.#delivery.down()
      },
      careful: () => this.#delivery.careful(),
      received: (messages) =>
        this.#together(() => {
          for (const message of messages) this.#received(message)
        }),
      reload: (version) => void this.#reload(version),
      changed: ({ link, since }) => this.#setStatus({ link, since }),
    })
  }

  #newSeats(): Seats {
    return new Seats(this.#world, this.#http, this.#storage, this.me, {
      show: (seat, news) => this.#show(seat, news),
      send: (messages) => this.#link.send(messages),
      failed: (problem) => this.#link.read(problem),
      done: (seat, done) => this.#done(seat, done),
      advanced: () => this.#together(() => undefined),
      left: (space) => {
        this.#history.forgetSpace(space)
        this.#values.forgetSpace(space)
        this.#delivery.leave(space)
      },
    })
  }

  #newDelivery(): Delivery {
    return new Delivery(this.#world, this.#http, this.#storage, this.#name, {
      changed: (rows) => this.#rowsChanged(rows),
      failed: (problem) => this.#link.read(problem),
      signedOut: () => void this.#wipe(),
    })
  }

  #newParts(): Parts {
    return new Parts({
      http: this.#http,
      later: (run, ms) => this.#world.later(run, ms),
      hold: (space) => this.#seats.hold(space),
      release: (seat) => this.#seats.release(seat),
      show: (seat, touched) => this.#show(seat, { touched }),
      failed: (problem) => this.#link.read(problem),
    })
  }

  #received(message: Exclude<ServerMessage, { t: 'welcome' }>): void {
    switch (message.t) {
      case 'entries':
        return this.#seats.entered(message)
      case 'accepted':
        return this.#delivery.accepted(message)
      case 'refused':
        return this.#delivery.refused(message)
      case 'presence':
        return this.#seats.present(message)
      case 'behind':
        return this.#seats.behind(message)
      case 'left':
        return message.reason === 'signed_out' ? void this.#wipe() : this.#seats.left(message)
      case 'state':
        return this.#setStatus({ relay: message.relay, writing: message.writing })
      case 'pong':
        return
      default:
        message satisfies never
    }
  }

  #tabChanged(event: 'online' | 'offline' | 'visible' | 'hidden'): void {
    if (event === 'visible') void this.#delivery.reload()
    if (event !== 'hidden') return this.#link.input({ on: event })
    void this.#drafts.flush()
    this.#seats.flush()
  }

  // --- showing ---

  /** Whatever becomes true meanwhile is shown once, at the end: a frame often holds an answer and its entry. */
  #together(run: () => void): void {
    this.#depth += 1
    try {
      run()
      if (this.#depth === 1) this.#settle()
    } finally {
      this.#depth -= 1
      if (this.#depth === 0) this.#showAll()
    }
  }

  #show(seat: Seat, news: News): void {
    this.#together(() => this.#news.set(seat, merged(this.#news.get(seat) ?? {}, news)))
  }

  #rowsChanged(rows: readonly Row[]): void {
    this.#together(() => {
      this.#outboxChanged = true
      // What was refused did nothing that could be taken back.
      for (const { id } of rows.filter(isStuck)) this.#history.forget(id)
      for (const row of rows)
        for (const space of spacesOf(row)) {
          const seat = this.#seats.get(space)
          if (seat) this.#show(seat, { marks: [row.about] })
        }
    })
  }

  #showAll(): void {
    const [news, told] = [[...this.#news], this.#afterwards.splice(0)]
    this.#news.clear()
    for (const [seat, one] of news) seat.show(one, this.#guesses(seat.id))
    for (const tell of told) tell()
    if (!this.#outboxChanged) return
    this.#outboxChanged = false
    const { rows } = this.#delivery.outbox
    const waiting = rows.filter(({ state }) => state === 'waiting').length
    this.#setStatus({ waiting, refused: rows.filter(isStuck).length })
    for (const tell of [...this.#pendingTells]) tell(rows)
  }

  #guesses(space: Id): Row[] {
    const { rows } = this.#delivery.outbox
    return rows.filter((row) => isGuessed(row) && spacesOf(row).includes(space))
  }

  /** Accepted commands whose entries are here need no guess any more. */
  #settle(): void {
    for (const row of this.#delivery.outbox.rows) {
      if (row.state !== 'accepted' || !spacesOf(row).every((space) => this.#isHere(row, space))) continue
      this.#delivery.settle(row)
      this.#history.over(row.id)
    }
  }

  #isHere({ seqs }: Row, space: Id): boolean {
    const seat = this.#seats.get(space)
    return !seat || (seqs[space] ?? 0) <= seat.confirmed.seq
  }

  #done(seat: Seat, done: Done): void {
    const { entry } = done
    if (entry.by.id === this.me.person) {
      this.#values.wrote(seat.id, done)
      this.#history.did(seat.id, done)
      const row = this.#delivery.outbox.get(entry.command)
      // Its entry is proof enough, should the answer have been lost.
      if (row?.state === 'waiting' && spacesOf(row).length === 1)
        this.#delivery.accepted({ id: row.id, seqs: { [seat.id]: entry.seq } })
      return
    }
    const found = this.#values.overwrittenBy(seat.id, done)
    this.#afterwards.push(...found.map((one) => () => this.#tellOverwritten(one)))
  }

  #tellOverwritten(overwritten: Overwritten): void {
    for (const tell of [...this.#overwrittenTells]) tell(overwritten)
  }

  #setStatus(change: Partial<Status>): void {
    const next = { ...this.#status, ...change }
    const keys = Object.keys(next) as (keyof Status)[]
    if (keys.every((key) => next[key] === this.#status[key])) return
    this.#status = next
    for (const tell of [...this.#statusTells]) tell(next)
  }
}

/** What the author of a click saw of the fields that it sets. */
function seen(command: AnyCommand, shown: ReadSpace | undefined): Row['expects'] {
  const { kind, field } = COMMANDS[command.verb] ?? {}
  const id = named(command, field ?? null)
  // A long text is never overwritten unseen: who edits one says which revision they had before them.
  if (!shown || !kind || id === null || kind === 'description') return null
  const entity = shown.get(kind as AnyEntity['kind'], id) as unknown as Record<string, never> | undefined
  if (!entity) return null
  const fields = Object.keys(command).filter((key) => key in entity && key !== 'id' && key !== 'task')
  return fields.length ? Object.fromEntries(fields.map((key) => [key, entity[key] ?? null])) : null
}

function carriedBy(command: AnyCommand, space: Id, shown: ReadSpace | undefined): AnyEntity[] {
  if (!shown || spacesOf({ space, command }).length === 1) return []
  const task = named(command, 'task')
  if (task === null) return []
  const parts = PARTS.flatMap((kind): AnyEntity[] => shown.where(kind, 'task', task))
  return [shown.get('task', task), ...parts].filter((entity) => entity !== undefined)
}

function merged(a: News, b: News): News {
  return {
    touched: [...(a.touched ?? []), ...(b.touched ?? [])],
    entries: [...(a.entries ?? []), ...(b.entries ?? [])],
    marks: [...(a.marks ?? []), ...(b.marks ?? [])],
    fresh: (a.fresh ?? false) || (b.fresh ?? false),
  }
}
