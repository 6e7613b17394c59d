// A server of one process and one person's view, in memory: speaks the protocol, and fails on request.

import type {
  AnyCommand,
  AnyEntity,
  AnyReason,
  Change,
  ClientMessage,
  Do,
  Entry,
  Id,
  Kind,
  Me,
  Scalar,
  ServerMessage,
  Task,
} from '../../schema.ts'
import { COLD, COMMANDS, PROTOCOL, SCHEMA } from '../../schema.ts'
import { apply } from '../reducer.ts'
import { frames, type OpenSocket, type Socket, type SocketEvents } from '../socket.ts'
import { SpaceState } from '../state.ts'

interface Space {
  state: SpaceState
  cold: Map<Id, AnyEntity>
  entries: Entry[]
}

interface Line {
  events: SocketEvents
  seats: Set<Id>
}

type Decide = (command: AnyCommand, state: SpaceState, by: Id) => Change[] | AnyReason

export class TestServer {
  readonly spaces = new Map<Id, Space>()
  me: Me
  readonly lines = new Set<Line>()
  /** Every command that arrived, in order, repeats included. */
  readonly arrived: { id: Id; space: Id; command: AnyCommand }[] = []
  readonly requests: string[] = []
  readonly said: ClientMessage[] = []
  /** The next command is refused for this reason. */
  refuseNext: AnyReason | null = null
  schema = SCHEMA
  up = true
  /** Something in between that lets no socket through. */
  blocksSockets = false
  /** The wire swallows everything without a word. */
  silent = false
  /** Commands take effect, and their answers are lost. */
  losesAnswers = false
  /** Whoever comes back next has missed too much. */
  tooLongAgo = false
  /** Commands wait until `answer` is called. */
  holds = false
  readonly held: (() => void)[] = []
  /** Cold parts are read at once and answered when this is called. */
  lateParts: (() => void)[] | null = null
  readonly #accepted = new Map<Id, Record<Id, number>>()

  constructor(me: Me) {
    this.me = me
  }

  found(space: Id, entities: AnyEntity[] = []): SpaceState {
    const state = new SpaceState(space)
    state.viewer = 2
    state.head = headOf(space, 0)
    for (const entity of entities) state.put(entity)
    this.spaces.set(space, { state, cold: new Map(), entries: [] })
    return state
  }

  /** Somebody else does something. */
  write(space: Id, changes: Change[], how: Partial<Entry> = {}): Entry {
    const there = this.#space(space)
    const seq = there.state.seq + 1
    const by = how.by ?? { kind: 'person', id: 'somebody', for: null }
    const common = { shown: 1, seq, at: '2026-11-16T09:00:00Z', verb: 'task.edit' } as const
    const rest = { about: space, command: `command-${seq}`, changes, unseen: [], other: null }
    const entry: Entry = { ...common, ...rest, ...how, by }
    apply(there.state, entry)
    for (const change of changes)
      if (change.do === 'put' && COLD.includes(change.entity.kind)) there.cold.set(change.entity.id, change.entity)
    there.state.head = headOf(space, seq)
    there.entries.push(entry)
    this.#show(space, [entry])
    return entry
  }

  /** Sends a frame to whoever watches the space. */
  #show(space: Id, entries: Entry[]): void {
    const head = headOf(space, entries.at(-1)?.seq ?? 0)
    for (const line of this.lines) if (line.seats.has(space)) this.send(line, [{ t: 'entries', space, entries, head }])
  }

  send(line: Line, messages: ServerMessage[]): void {
    if (this.silent) return
    const copy = JSON.parse(JSON.stringify(messages)) as ServerMessage[]
    queueMicrotask(() => this.lines.has(line) && line.events.received(copy))
  }

  sendAll(messages: ServerMessage[]): void {
    for (const line of this.lines) this.send(line, messages)
  }

  /** Closes every socket. */
  drop(code: number): void {
    for (const line of [...this.lines]) {
      this.lines.delete(line)
      queueMicrotask(() => line.events.closed(code))
    }
  }

  /** As after `kill -9`: no socket, no answer. */
  crash(): void {
    this.up = false
    this.drop(1006)
  }

  answer(): void {
    for (const run of this.held.splice(0)) run()
  }

  openSocket: OpenSocket = (events): Socket => {
    const line: Line = { events, seats: new Set() }
    if (this.up && !this.blocksSockets) {
      this.lines.add(line)
      if (!this.silent) queueMicrotask(() => this.lines.has(line) && events.opened())
    } else queueMicrotask(() => events.closed(1006))
    return {
      send: (messages) => {
        for (const frame of frames(messages)) {
          const said = JSON.parse(frame) as ClientMessage | ClientMessage[]
          for (const message of Array.isArray(said) ? said : [said]) this.#heard(line, message)
        }
      },
      close: () => void this.lines.delete(line),
    }
  }

  #heard(line: Line, message: ClientMessage): void {
    if (this.silent || !this.lines.has(line)) return
    this.said.push(message)
    switch (message.t) {
      case 'hello':
        return this.send(line, [this.#welcome()])
      case 'watch':
        return this.#watch(line, message.space, message.since, message.head ?? '')
      case 'unwatch':
        return void line.seats.delete(message.space)
      case 'do':
        return this.#later(() => this.#do(line, message))
      case 'ping':
        return this.send(line, [{ t: 'pong', time: '2026-11-16T09:00:00Z' }])
      case 'presence':
        return
      default:
        message satisfies never
    }
  }

  #welcome(): ServerMessage {
    const { instance, person } = this.me
    const time = '2026-11-16T09:00:00Z'
    return { t: 'welcome', protocol: PROTOCOL, schema: this.schema, instance, person, time, heartbeat: 15 }
  }

  #watch(line: Line, space: Id, since: number, head: string): void {
    const { state, entries } = this.#space(space)
    if (since > state.seq || head !== headOf(space, since) || this.#hasMissedTooMuch())
      return this.send(line, [{ t: 'behind', space, seq: state.seq }])
    line.seats.add(space)
    const missed = entries.filter(({ seq }) => seq > since)
    if (missed.length) this.send(line, [{ t: 'entries', space, entries: missed, head: state.head }])
  }

  #hasMissedTooMuch(): boolean {
    const tooLong = this.tooLongAgo
    this.tooLongAgo = false
    return tooLong
  }

  #later(run: () => void): void {
    if (this.holds) this.held.push(run)
    else run()
  }

  #do(line: Line, message: Do): void {
    const answer = this.decide(message.space, message)
    if (!this.losesAnswers) this.send(line, [answer])
  }

  /** Accepts a command once, and gives a repeat the first answer. */
  decide(space: Id, { id, command, ...conditions }: Omit<Do, 't' | 'space'>): ServerMessage {
    this.arrived.push({ id, space, command })
    const known = this.#accepted.get(id)
    if (known) return { t: 'accepted', id, seqs: known }
    const reason = this.refuseNext
    this.refuseNext = null
    if (reason) return { t: 'refused', id, reason }
    const changes = DECIDE(command, this.#space(space).state, this.me.person)
    if (!Array.isArray(changes)) return { t: 'refused', id, reason: changes }
    const by = { kind: 'person', id: this.me.person, for: null } as const
    const unseen = this.#unseen(space, command, conditions.expects ?? null)
    const about = 'task' in command ? command.task : 'id' in command ? command.id : space
    const how = { by, command: id, verb: command.verb, about, unseen }
    const seqs = { [space]: this.write(space, changes, how).seq }
    if (command.verb === 'task.send') {
      const task = changes.find((change) => change.do === 'drop' && change.kind === 'task')
      if (task) seqs[command.space] = this.write(command.space, [], how).seq
    }
    this.#accepted.set(id, seqs)
    return { t: 'accepted', id, seqs }
  }

  #unseen(space: Id, command: AnyCommand, expects: Record<string, Scalar> | null): string[] {
    const { kind, field } = COMMANDS[command.verb] ?? {}
    const id = (command as unknown as Record<string, Id>)[field ?? ''] ?? ''
    const entity = kind && (this.#space(space).state.get(kind as Kind, id) as unknown as Record<string, Scalar>)
    if (!entity || !expects) return []
    return Object.keys(expects).filter((name) => entity[name] !== expects[name])
  }

  // --- HTTP ---

  fetch: typeof fetch = async (input, init) => {
    const path = String(input)
    this.requests.push(`${init?.method ?? 'GET'} ${path}`)
    if (this.silent) return never(init?.signal)
    if (!this.up) throw new TypeError('connection refused')
    const url = new URL(path, 'http://server')
    const [, space = '', what = '', id = ''] = /^\/api\/spaces\/([^/]+)\/([^/]+)\/?(.*)$/.exec(url.pathname) ?? []
    if (url.pathname === '/api/me') return json(this.me)
    if (url.pathname === '/api/sign-out') return new Response(null, { status: 204 })
    const there = this.spaces.get(space)
    if (!there) return json({ status: 404, reason: { reason: 'not_found', kind: 'space', id: space } }, 404)
    if (what === 'snapshot') return this.#snapshot(there, new Headers(init?.headers))
    if (what === 'entries') return this.#entries(there, Number(url.searchParams.get('after')), init?.signal)
    if (what === 'tasks') return this.#late(this.#part(there, id))
    if (what === 'commands') return this.#posted(space, JSON.parse(String(init?.body)))
    return json({ status: 404, reason: null }, 404)
  }

  #snapshot({ state }: Space, headers: Headers): Response {
    const etag = `"${state.seq}"`
    if (headers.get('If-None-Match') === etag) return new Response(null, { status: 304, headers: { ETag: etag } })
    return json(state.snapshot(), 200, { ETag: etag })
  }

  async #entries({ state, entries }: Space, after: number, signal?: AbortSignal | null): Promise<Response> {
    const missed = entries.filter(({ seq }) => seq > after)
    if (!missed.length) return never(signal)
    return json({ space: state.id, seq: state.seq, head: state.head, entries: missed })
  }

  #part({ state, cold }: Space, task: Id): Response {
    if (!state.get('task', task)) return json({ status: 404, reason: null }, 404)
    const mine = [...cold.values()].filter((entity) => 'task' in entity && entity.task === task)
    const html = (text: string) => `<p>${text}</p>`
    const description = mine.find((entity) => entity.kind === 'description') ?? null
    const comments = mine.filter((entity) => entity.kind === 'comment')
    return json({
      space: state.id,
      task,
      seq: state.seq,
      head: state.head,
      description,
      description_html: description ? html(description.text) : '',
      comments: comments.map((comment) => ({ comment, html: html(comment.text) })),
      entities: [],
    })
  }

  async #late(answer: Response): Promise<Response> {
    const late = this.lateParts
    if (late) await new Promise<void>((resolve) => late.push(resolve))
    return answer
  }

  #posted(space: Id, body: Omit<Do, 't' | 'space'>): Response {
    const answer = this.decide(space, body)
    return json(answer, answer.t === 'accepted' ? 200 : 409)
  }

  #space(space: Id): Space {
    const there = this.spaces.get(space)
    if (!there) throw new Error(`no space ${space}`)
    return there
  }
}

/** A few commands, decided as the product does in principle. */
const DECIDE: Decide = (command, state, by) => {
  switch (command.verb) {
    case 'task.create': {
      if (state.get('task', command.id)) return { reason: 'already_exists', kind: 'task', id: command.id }
      return [{ do: 'put', entity: newTask(command.id, command.column, command.title, by) }]
    }
    case 'task.edit': {
      const task = state.get('task', command.task)
      if (!task) return { reason: 'not_found', kind: 'task', id: command.task }
      const { verb: _, task: id, ...fields } = command
      return [{ do: 'patch', kind: 'task', id, fields, was: { title: task.title, due: task.due }, to: task.to }]
    }
    case 'task.send': {
      const task = state.get('task', command.task)
      if (!task) return { reason: 'not_found', kind: 'task', id: command.task }
      return [{ do: 'drop', kind: 'task', id: command.task, to: task.to }]
    }
    case 'comment.add': {
      const { id, task, text } = command
      const rest = { to: 7, put_away_at: null, author: by, at: '2026-11-16T09:00:00Z', mentions: [] }
      return [{ do: 'put', entity: { kind: 'comment', id, task, text, edited_at: null, ...rest } }]
    }
    default:
      return { reason: 'not_allowed' }
  }
}

export function newTask(id: Id, column: Id, title: string, created_by: Id): Task {
  const nothing = { due: null, blocked_because: null, done_at: null, done_by: null, archived_at: null }
  const rest = { binned_at: null, put_away_at: null, comments: 0, described: false }
  const made = { created_at: '2026-11-16T09:00:00Z', created_by, place: 'M', to: 7 }
  return { kind: 'task', id, column, title, ...made, ...nothing, ...rest }
}

export const headOf = (space: Id, seq: number): string => `${space.slice(-4)}.${seq}`

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })

/** An answer that does not come; the one who asks may give up. */
function never(signal?: AbortSignal | null): Promise<Response> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
}
