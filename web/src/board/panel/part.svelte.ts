// The cold part of the open task, followed while its panel is open.

import { createSubscriber } from 'svelte/reactivity'
import type { Id } from '../../schema'
import type { PartHandle, ShownComment } from '../../sync'
import type { Desk } from '../desk.svelte'

export class Part {
  readonly #handle: PartHandle
  readonly #follow: () => void

  constructor(desk: Desk, task: Id) {
    this.#handle = desk.client.taskPart(desk.space, task)
    this.#follow = createSubscriber((update) => this.#handle.subscribe(update))
  }

  /** Gives the part back when the panel closes. */
  start(): () => void {
    return () => this.#handle.close()
  }

  get status(): PartHandle['status'] {
    this.#follow()
    return this.#handle.status
  }

  get description(): PartHandle['description'] {
    this.#follow()
    return this.#handle.description
  }

  get html(): string | null {
    this.#follow()
    return this.#handle.descriptionHtml
  }

  get comments(): readonly ShownComment[] {
    this.#follow()
    return this.#handle.comments
  }
}
