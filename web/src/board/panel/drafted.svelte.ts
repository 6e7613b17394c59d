// A text that is being typed: kept on this device from the first letter until it is sent or thrown away.

import type { Id, Scalar } from '../../schema'
import type { Desk } from '../desk.svelte'

/** What was there when the typing began: needed to tell what somebody else changed meanwhile. */
export interface Begun {
  text: string
  base: string
  revision: number
}

const NOTHING: Begun = { text: '', base: '', revision: 0 }

/** One field that is being written. */
export class Drafted {
  editing = $state(false)
  text = $state('')
  /** A draft of an earlier visit that is neither sent nor thrown away. */
  left = $state.raw<Begun | null>(null)
  base = ''
  revision = 0
  readonly #desk: Desk
  readonly #id: Id
  readonly #field: string

  constructor(desk: Desk, id: Id, field: string) {
    this.#desk = desk
    this.#id = id
    this.#field = field
    void this.#read()
  }

  /** Begins to write, from what is there now or from what was left. */
  begin(now: Partial<Begun>): void {
    const { text, base, revision } = { ...NOTHING, ...now, ...(this.left ?? {}) }
    this.text = text
    this.base = base
    this.revision = revision
    this.left = null
    this.editing = true
  }

  /** Keeps what is typed. */
  type(text: string): void {
    this.text = text
    const { client, space } = this.#desk
    const begun: Begun = { text, base: this.base, revision: this.revision }
    if (text === this.base) client.dropDraft(space, this.#id, this.#field)
    else client.keepDraft(space, this.#id, this.#field, JSON.stringify(begun))
  }

  /** The text is on its way, or not wanted. */
  end(): void {
    this.editing = false
    this.text = ''
    this.drop()
  }

  /** Ends the writing but keeps the text until it has arrived. */
  rest(): void {
    this.editing = false
  }

  drop(): void {
    this.left = null
    this.#desk.client.dropDraft(this.#desk.space, this.#id, this.#field)
  }

  /** For `expects`: the value that the author saw. */
  seen(field: string): Record<string, Scalar> {
    return { [field]: this.base }
  }

  async #read(): Promise<void> {
    const kept = await this.#desk.client.draft(this.#desk.space, this.#id, this.#field)
    if (!kept || this.editing) return
    this.left = { ...NOTHING, ...(JSON.parse(kept) as Partial<Begun>) }
  }
}
