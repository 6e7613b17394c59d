import type { AnyEntity, Comment, Description, Id, RenderedComment, TaskPart } from '../schema.ts'
import { COLD } from '../schema.ts'
import type { Http } from './http.ts'
import { keyOfChange, make } from './reducer.ts'
import type { Seat } from './seat.ts'
import { type Key, keyOf } from './state.ts'
import type { PartHandle, ReadProblem, ShownComment, SpaceChange, Stop } from './types.ts'
import type { World } from './world.ts'

/** Comments often come in a row; their html is fetched once for all of them. */
const HTML_AFTER = 150
const AGAIN_AFTER = 3_000

export interface PartWorld extends Pick<World, 'later'> {
  http: Http
  /** Shows in the seat what changed in its confirmed state. */
  show(seat: Seat, touched: Key[]): void
  failed(problem: ReadProblem): void
}

/**
 * The cold part of one task. While it is open, the seat's state keeps the task's description and comments (and the
 * task itself, if it was put away), so that entries and guesses reach them like everything else.
 */
export class Part {
  readonly space: Id
  readonly task: Id
  status: PartHandle['status'] = 'loading'
  readonly #seat: Seat
  readonly #world: PartWorld
  /** The rendered text of each cold entity, with the text that it was made of. */
  readonly #html = new Map<Id, { text: string; html: string }>()
  readonly #tells = new Set<() => void>()
  readonly #stops: Stop[] = []
  #again: Stop | null = null
  #closed = false

  constructor(seat: Seat, task: Id, world: PartWorld) {
    this.space = seat.id
    this.task = task
    this.#seat = seat
    this.#world = world
    seat.confirmed.open.add(task)
    this.#stops.push(seat.subscribe((change) => this.#changed(change)))
    this.#stops.push(seat.subscribeSeat(() => this.#seatChanged()))
    if (seat.status === 'ready') void this.read()
  }

  get description(): Description | null {
    return this.#seat.shown.state.get('description', this.task) ?? null
  }

  get descriptionHtml(): string | null {
    return this.description && this.#htmlOf(this.description)
  }

  get comments(): ShownComment[] {
    const comments = this.#seat.shown.state.where('comment', 'task', this.task)
    const sorted = comments.sort((a, b) => compare(a.at, b.at) || compare(a.id, b.id))
    return sorted.map((comment) => ({ comment, html: this.#htmlOf(comment) }))
  }

  subscribe(tell: () => void): Stop {
    this.#tells.add(tell)
    return () => this.#tells.delete(tell)
  }

  close(): void {
    this.#closed = true
    this.#again?.()
    for (const stop of this.#stops) stop()
    if (this.#seat.status === 'ready') this.#world.show(this.#seat, this.#seat.confirmed.closePart(this.task))
  }

  /** Reads the part anew; what happened meanwhile is kept. */
  async read(): Promise<void> {
    const floor = this.#seat.confirmed.seq
    try {
      const path = `/api/spaces/${this.space}/tasks/${this.task}`
      const { body } = await this.#world.http.get<TaskPart>(path)
      if (this.#closed || this.#seat.status !== 'ready') return
      // A process that is behind answered: entries between its answer and ours would be missing.
      if (body.seq < floor && !this.#knowsAllSince(body.seq)) return this.#readLater(AGAIN_AFTER)
      this.#take(body)
    } catch (problem) {
      if (!this.#closed) this.#failed(problem as ReadProblem)
    }
  }

  #take(part: TaskPart): void {
    const { confirmed } = this.#seat
    const entities = coldOf(part)
    const stay = new Set(entities.map(({ kind, id }) => keyOf(kind, id)))
    const held = [...confirmed.where('comment', 'task', this.task), this.#held()]
    const touched: Key[] = []
    for (const entity of held) {
      if (!entity || stay.has(keyOf(entity.kind, entity.id))) continue
      confirmed.drop(entity.kind, entity.id)
      touched.push(keyOf(entity.kind, entity.id))
    }
    for (const entity of entities) confirmed.put(entity)
    touched.push(...stay, ...this.#replay(part.seq))
    this.#render(part)
    this.status = 'ready'
    this.#world.show(this.#seat, touched)
    this.#tell()
  }

  #held(): Description | undefined {
    return this.#seat.confirmed.get('description', this.task)
  }

  /** Entries that the state had already when the older part came: what they did to the cold part, once more. */
  #replay(seq: number): Key[] {
    const changes = this.#seat.recent.filter((entry) => entry.seq > seq).flatMap(({ changes }) => changes)
    const cold = changes.filter((change) => COLD.includes(change.do === 'put' ? change.entity.kind : change.kind))
    for (const change of cold) make(this.#seat.confirmed, change)
    return cold.map(keyOfChange)
  }

  #knowsAllSince(seq: number): boolean {
    const oldest = this.#seat.recent[0]
    return oldest !== undefined && oldest.seq <= seq + 1
  }

  #render(part: TaskPart): void {
    this.#html.clear()
    const { description, description_html: html } = part
    if (description) this.#html.set(description.id, { text: description.text, html })
    for (const { comment, html } of part.comments) this.#html.set(comment.id, { text: comment.text, html })
  }

  #htmlOf({ id, text }: Comment | Description): string | null {
    const rendered = this.#html.get(id)
    return rendered?.text === text ? rendered.html : null
  }

  #failed(problem: ReadProblem): void {
    const known = this.#seat.shown.state.get('task', this.task) !== undefined
    if (problem.status === 404 || problem.status === 403) {
      // A task of mine that is still on its way is not known to the server; its entry makes us read again.
      this.status = known ? 'ready' : 'gone'
    } else {
      this.#world.failed(problem)
      if (this.status === 'loading') this.status = 'failed'
      this.#readLater(AGAIN_AFTER)
    }
    this.#tell()
  }

  #readLater(ms: number): void {
    this.#again?.()
    this.#again = this.#world.later(() => void this.read(), ms)
  }

  #changed({ keys, entries, fresh }: SpaceChange): void {
    if (fresh) void this.read()
    if (this.status === 'ready' && !this.#seat.shown.state.get('task', this.task)) this.status = 'gone'
    const mine = entries.some(({ about, changes }) => about === this.task && changes.some(isCold))
    if (mine && this.#lacksHtml()) this.#readLater(HTML_AFTER)
    const { state } = this.#seat.shown
    const touches = [...keys].some((key) => {
      const [kind = '', id = ''] = key.split(':')
      return COLD.includes(kind) || id === this.task || state.get('comment', id)?.task === this.task
    })
    if (touches) this.#tell()
  }

  #lacksHtml(): boolean {
    const { confirmed } = this.#seat
    const cold = [this.#held(), ...confirmed.where('comment', 'task', this.task)]
    return cold.some((entity) => entity && this.#htmlOf(entity) === null)
  }

  #seatChanged(): void {
    if (this.#seat.status !== 'gone' || this.status === 'gone') return
    this.status = 'gone'
    this.#html.clear()
    this.#tell()
  }

  #tell(): void {
    for (const tell of [...this.#tells]) tell()
  }
}

function coldOf({ description, comments, entities }: TaskPart): AnyEntity[] {
  const cold = comments.map(({ comment }: RenderedComment) => comment)
  return [...entities, ...(description ? [description] : []), ...cold]
}

const isCold = (change: Parameters<typeof keyOfChange>[0]): boolean =>
  COLD.includes(change.do === 'put' ? change.entity.kind : change.kind)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
