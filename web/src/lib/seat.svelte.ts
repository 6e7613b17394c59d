import { onDestroy } from 'svelte'
import { createSubscriber } from 'svelte/reactivity'
import type { AnyEntity, Id, PresentPerson } from '../schema'
import type { EntityOf, ReadSpace, SpaceHandle } from '../sync'
import { session } from './session.svelte'

/**
 * A seat in a space for a component: opened with it, given back with it. Reading `state` or `present` in a template
 * follows every change; that is right for lists of people or goals, and too coarse for a board of a thousand cards.
 */
export class Seat {
  readonly handle: SpaceHandle
  readonly #changes: () => void
  readonly #seat: () => void

  /** With `appear` the others see that I am here. */
  constructor(space: Id, { appear = false }: { appear?: boolean } = {}) {
    const handle = session.client.open(space)
    this.handle = handle
    this.#changes = createSubscriber((update) => handle.subscribe(update))
    this.#seat = createSubscriber((update) => handle.subscribeSeat(update))
    if (appear) handle.sayPresence({})
    onDestroy(() => handle.close())
  }

  get state(): ReadSpace {
    this.#changes()
    return this.handle.state
  }

  get status(): SpaceHandle['status'] {
    this.#seat()
    return this.handle.status
  }

  get present(): readonly PresentPerson[] {
    this.#seat()
    return this.handle.present
  }

  all<K extends AnyEntity['kind']>(kind: K): EntityOf<K>[] {
    return [...this.state.all(kind).values()]
  }
}
