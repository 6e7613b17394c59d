// The board at any entry of the journal. States that were looked at are kept, so that going back and forth is quick.

import { tellingFrom } from '../journal/names'
import { sentence } from '../journal/sentence'
import { clock } from '../lib/clock.svelte'
import { dayOf, dayText } from '../lib/dates'
import { currentLanguage, needTexts, t } from '../lib/i18n.svelte'
import { lazy } from '../lib/lazy'
import type { Day, Entry, Instant } from '../schema'
import { ReadProblem, SpaceState } from '../sync'
import type { Desk } from './desk.svelte'
import { BoardModel } from './state.svelte'

const MOST_KEPT = 60
// Entries I may not see have no date; the next one below that I may see is near enough.
const LOOK_BACK = 20

/** A board that is read at one number of the journal after another. */
export class Past {
  /** What is shown now; 0 until the first is there. */
  seq = $state(0)
  at = $state.raw<Instant | null>(null)
  told = $state('')
  failed = $state(false)
  readonly model: BoardModel
  readonly #desk: Desk
  readonly #source
  readonly #states = new Map<number, SpaceState>()
  readonly #entries = new Map<number, Entry | null>()
  #wanted = 0

  constructor(desk: Desk) {
    this.#desk = desk
    this.#source = { state: new SpaceState(desk.space), mark: () => ({ waiting: [], refused: [] }) }
    this.model = new BoardModel(this.#source, desk.area.state, desk.me, clock.today)
  }

  /** Loads what sentences need; the answer ends it. */
  start(): () => void {
    void lazy(() => needTexts('activity'))
    return this.#desk.area.subscribe(() => this.model.areaChanged())
  }

  /** Shows the board as it was after this entry, unless another one is asked for meanwhile. */
  async show(seq: number): Promise<void> {
    this.#wanted = seq
    try {
      const [state, entry] = await Promise.all([
        this.#stateAt(seq),
        this.#entryAt(seq),
        lazy(() => needTexts('activity')),
      ])
      if (this.#wanted !== seq) return
      this.#source.state = state
      this.at = entry?.at ?? null
      if (entry) this.model.begin(dayOf(entry.at, clock.timezone))
      this.model.change({ keys: new Set(), entries: [], fresh: true })
      this.told = entry?.seq === seq ? this.#tell(entry, state) : t('past.unseen')
      this.failed = false
      this.seq = seq
    } catch (problem) {
      if (!(problem instanceof ReadProblem)) throw problem
      this.failed = this.#wanted === seq
    }
  }

  /** The last entry on a day or before it; null if there is none. */
  async endOfDay(day: Day, newest: number): Promise<number | null> {
    let [low, high] = [0, newest]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const entry = await this.#entryAt(middle)
      if (!entry || dayOf(entry.at, clock.timezone) <= day) low = middle
      else high = middle - 1
    }
    return low === 0 ? null : low
  }

  /** The end of the day before the one that is shown, or of the next one on which something happened. */
  async nextDay(seq: number, by: -1 | 1, newest: number): Promise<number | null> {
    const entry = await this.#entryAt(by < 0 ? seq : Math.min(newest, seq + 1))
    if (!entry) return by < 0 ? 1 : newest
    const day = dayOf(entry.at, clock.timezone)
    if (by > 0) return this.endOfDay(day, newest)
    const before = new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)
    return (await this.endOfDay(before, newest)) ?? 1
  }

  async #stateAt(seq: number): Promise<SpaceState> {
    const known = this.#states.get(seq)
    if (known) return known
    const state = await this.#desk.client.at(this.#desk.space, seq)
    this.#states.set(seq, state)
    const oldest = this.#states.keys().next().value
    if (this.#states.size > MOST_KEPT && oldest !== undefined) this.#states.delete(oldest)
    return state
  }

  async #entryAt(seq: number): Promise<Entry | null> {
    const known = this.#entries.get(seq)
    if (known !== undefined) return known
    const { entries } = await this.#desk.client.journal(this.#desk.space, { before: seq + 1, limit: LOOK_BACK })
    const shown = entries.filter((one): one is Entry => one.shown === 1)
    for (const one of shown) this.#entries.set(one.seq, one)
    const entry = shown[0] ?? null
    this.#entries.set(seq, entry)
    return entry
  }

  #tell(entry: Entry, state: SpaceState): string {
    const day = (one: Day) => dayText(one, clock.today, currentLanguage())
    return sentence(entry, tellingFrom(state, this.#desk.area.state, t, day)).text
  }
}
