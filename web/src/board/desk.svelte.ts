// What all parts of the board page share: the seats, the model, what I may do, and doing it.

import { getContext, setContext } from 'svelte'
import { createSubscriber } from 'svelte/reactivity'
import { announce } from '../lib/announce.svelte'
import { t } from '../lib/i18n.svelte'
import { dropKey, notify } from '../lib/notices.svelte'
import type { AnyCommand, Id, PresentPerson } from '../schema'
import type { Client, DoOptions, Mark, Outcome, ReadSpace, SpaceHandle } from '../sync'
import { type Rights, rightsOf } from './rights'
import { BoardModel } from './state.svelte'

const KEY = Symbol('desk')
const TOAST = 'board.toast'

export interface ActOptions extends DoOptions {
  /** Said at once, shown in a notice with a way back. */
  said?: string
  /** There is no way back, so none is offered. */
  final?: boolean
  /** Only said, for what the eye sees anyway. */
  whispered?: string
}

/** What cards and lanes need to know; a board of the past has no more than this. */
export interface Surface {
  readonly space: Id
  readonly model: BoardModel
  readonly rights: Rights
}

/** A board page at work. */
export class Desk implements Surface {
  readonly space: Id
  readonly client: Client
  readonly seat: SpaceHandle
  readonly area: SpaceHandle
  readonly model: BoardModel
  /** Changes only when I look at the space as another kind of viewer, not with every change in it. */
  rights = $state.raw() as Rights
  #viewer: number
  readonly #follow: () => void
  readonly #followSeat: () => void

  constructor(space: Id, client: Client, today: string) {
    this.space = space
    this.client = client
    this.seat = client.open(space)
    this.area = client.open(client.me.area)
    const source = { state: this.seat.state, mark: (about: Id) => this.seat.mark(about) }
    this.model = new BoardModel(source, this.area.state, client.me.person, today)
    this.#viewer = this.seat.state.viewer
    this.rights = rightsOf(this.#viewer, this.me)
    this.#follow = createSubscriber((update) => this.seat.subscribe(update))
    this.#followSeat = createSubscriber((update) => this.seat.subscribeSeat(update))
  }

  /** Follows the seats until the page is left. */
  start(): () => void {
    const stops = [
      this.seat.subscribe((change) => {
        this.#lookAs(this.seat.state.viewer)
        this.model.change(change)
      }),
      this.area.subscribe(({ keys, fresh }) => {
        if (fresh || [...keys].some((key) => /^(goal|person):/.test(key))) this.model.areaChanged()
      }),
      this.seat.subscribeSeat(() => this.model.visit(this.seat.present)),
    ]
    this.#lookAs(this.seat.state.viewer)
    this.model.change({ keys: new Set(), entries: [], fresh: true })
    this.model.visit(this.seat.present)
    return () => {
      for (const stop of stops) stop()
      this.seat.close()
      this.area.close()
    }
  }

  get me(): Id {
    return this.client.me.person
  }

  /** The space as it is shown. Reading it in a template follows every change: for panels, not for cards. */
  get state(): ReadSpace {
    this.#follow()
    return this.seat.state
  }

  /** The number of the newest entry. */
  get newest(): number {
    this.#follow()
    return this.seat.confirmed.seq
  }

  /** How a task or a column stands with its saving. */
  markOf(about: Id): Mark {
    this.#follow()
    return this.seat.mark(about)
  }

  get status(): SpaceHandle['status'] {
    this.#followSeat()
    return this.seat.status
  }

  get present(): readonly PresentPerson[] {
    this.#followSeat()
    return this.seat.present
  }

  /** Gives a command to this space. Refusals are shown by the shell, with the reason and what was typed. */
  async act(command: AnyCommand, { said, final, whispered, ...options }: ActOptions = {}): Promise<Outcome> {
    dropKey(TOAST)
    const toast = { tone: 'info', key: TOAST, text: said ?? '', actions: final ? [] : [this.#wayBack()] } as const
    const unsay = said ? notify(toast) : undefined
    if (whispered) announce(whispered)
    const outcome = await this.client.do(this.space, command, options)
    if (!outcome.ok) unsay?.()
    return outcome
  }

  /** Takes back my last change here. */
  async undo(): Promise<void> {
    dropKey(TOAST)
    const outcome = await this.client.undo(this.space)
    if (outcome === null) notify({ tone: 'info', key: TOAST, text: t('undo.nothing') })
    else if (outcome.ok) announce(t('undo.done'))
  }

  #lookAs(viewer: number): void {
    if (viewer === this.#viewer) return
    this.#viewer = viewer
    this.rights = rightsOf(viewer, this.me)
  }

  #wayBack() {
    return { label: t('undo.button'), run: () => void this.undo() }
  }
}

/** Puts a desk, or a past board, around the components within. */
export function setDesk<T extends Surface>(desk: T): T {
  return setContext(KEY, desk)
}

/** For what only shows. */
export function useSurface(): Surface {
  return getContext<Surface>(KEY)
}

/** For what acts; never within a past board. */
export function useDesk(): Desk {
  return getContext<Desk>(KEY)
}
