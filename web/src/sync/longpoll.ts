import type { EntriesPage, Id } from '../schema.ts'
import type { Http } from './http.ts'
import { ReadProblem } from './types.ts'

/** Seconds that the server may hold a poll. */
const HOLD = 25
/** Held polls of one tab: a browser has six connections to a server, and commands and other tabs need some. */
const HELD = 2
/** Seats beyond the held ones are asked in turn, with this distance. */
const ROUND = 4_000
const PAGE = 500

export interface PollSeat {
  space: Id
  /** The last entry that the seat holds. */
  seq(): number
}

export interface PollEvents {
  page(page: EntriesPage): void
  /** What the seat holds cannot be continued. */
  behind(space: Id): void
  left(space: Id): void
  /** A poll failed because of the connection, not of the space. */
  failed(problem: ReadProblem): void
}

/**
 * Entries without a socket: the first seats by long poll, further ones in turn. Give it the seats anew whenever they
 * change; it ends with `stop`.
 */
export class LongPoll {
  readonly #http: Http
  readonly #events: PollEvents
  readonly #later: (run: () => void, ms: number) => () => void
  readonly #loops = new Map<Id, AbortController>()

  constructor(http: Http, events: PollEvents, later: (run: () => void, ms: number) => () => void) {
    this.#http = http
    this.#events = events
    this.#later = later
  }

  watch(seats: readonly PollSeat[]): void {
    const wanted = new Set(seats.map(({ space }) => space))
    for (const [space, loop] of this.#loops) if (!wanted.has(space)) this.#end(space, loop)
    for (const seat of seats) {
      if (this.#loops.has(seat.space)) continue
      const loop = new AbortController()
      this.#loops.set(seat.space, loop)
      void this.#run(seat, loop.signal)
    }
  }

  stop(): void {
    for (const [space, loop] of this.#loops) this.#end(space, loop)
  }

  #end(space: Id, loop: AbortController): void {
    this.#loops.delete(space)
    loop.abort()
  }

  async #run(seat: PollSeat, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const held = [...this.#loops.keys()].indexOf(seat.space) < HELD
      const more = await this.#poll(seat, held ? HOLD : 0, signal)
      if (!more || signal.aborted) return
      if (!held) await new Promise<void>((resolve) => this.#later(resolve, ROUND))
    }
  }

  /** One poll; false if this seat needs no more of them. */
  async #poll(seat: PollSeat, wait: number, signal: AbortSignal): Promise<boolean> {
    const path = `/api/spaces/${seat.space}/entries?after=${seat.seq()}&limit=${PAGE}&wait=${wait}`
    try {
      const { body } = await this.#http.get<EntriesPage>(path, { signal, longer: wait })
      if (!signal.aborted) this.#events.page(body)
      return true
    } catch (problem) {
      if (signal.aborted) return false
      this.#loops.delete(seat.space)
      this.#failed(seat.space, problem as ReadProblem)
      return false
    }
  }

  #failed(space: Id, problem: ReadProblem): void {
    if (problem.status === 410) this.#events.behind(space)
    else if (problem.status === 403 || problem.status === 404) this.#events.left(space)
    else this.#events.failed(problem.status === 401 ? problem : new ReadProblem(0))
  }
}
