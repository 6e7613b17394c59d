import type { Entry, Hidden, Id } from '../schema'
import { type Client, ReadProblem } from '../sync'
import { Titles } from './names'

const PAGE = 50
// A person who did little lies far apart in the journal; this many pages are looked through for one click.
const PAGES_AT_ONCE = 6
const ENOUGH = 20

export interface FeedFilter {
  about: Id | null
  person: Id | null
}

/** The journal of a space, newest first: pages read backwards below, what happens now on top. */
export class Feed {
  entries = $state.raw<readonly Entry[]>([])
  /** How many came in while it was open; for announcing them summed up. */
  arrived = $state(0)
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  /** Whether the beginning of the journal is reached. */
  whole = $state(false)
  readonly titles = new Titles()

  readonly #client: Client
  readonly #space: Id
  readonly #filter: FeedFilter
  #before: number | undefined

  constructor(client: Client, space: Id, filter: FeedFilter) {
    this.#client = client
    this.#space = space
    this.#filter = filter
  }

  /** Reads on until there is something new to show or the beginning is reached. */
  async more(): Promise<void> {
    this.state = 'loading'
    try {
      const wanted = this.entries.length + ENOUGH
      for (let page = 0; page < PAGES_AT_ONCE && !this.whole && this.entries.length < wanted; page++) {
        await this.#page()
      }
      this.state = 'ready'
    } catch (problem) {
      if (!(problem instanceof ReadProblem)) throw problem
      this.state = 'failed'
    }
  }

  /** Puts entries that just happened on top. */
  add(entries: readonly Entry[]): void {
    this.titles.learn(entries)
    const known = new Set(this.entries.map((one) => one.seq))
    const fresh = entries.filter((one) => !known.has(one.seq) && this.#fits(one))
    if (fresh.length === 0) return
    this.entries = [...fresh, ...this.entries].sort((a, b) => b.seq - a.seq)
    this.arrived += fresh.length
  }

  async #page(): Promise<void> {
    const { about } = this.#filter
    const page = await this.#client.journal(this.#space, {
      limit: PAGE,
      ...(about ? { about } : {}),
      ...(this.#before === undefined ? {} : { before: this.#before }),
    })
    const last = page.entries[page.entries.length - 1]
    this.whole = !last || last.seq <= 1 || page.entries.length < PAGE
    this.#before = last?.seq ?? this.#before
    const shown = page.entries.filter(isShown)
    this.titles.learn(shown)
    const known = new Set(this.entries.map((one) => one.seq))
    this.entries = [...this.entries, ...shown.filter((one) => !known.has(one.seq) && this.#fits(one))]
  }

  #fits(entry: Entry): boolean {
    const { about, person } = this.#filter
    return (about === null || entry.about === about) && (person === null || entry.by.id === person)
  }
}

const isShown = (entry: Entry | Hidden): entry is Entry => entry.shown === 1
