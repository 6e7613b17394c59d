import type { Storage } from './storage.ts'
import type { Stop } from './types.ts'
import type { World } from './world.ts'

/** A pause in typing; a tab that is killed loses no more than this. */
const KEEP_AFTER = 300

/** Texts that were typed and neither sent nor discarded, kept on the device. */
export class Drafts {
  readonly #storage: Storage
  readonly #world: Pick<World, 'later'>
  /** What is not kept yet; null: to be dropped. */
  readonly #fresh = new Map<string, string | null>()
  #timer: Stop | null = null

  constructor(storage: Storage, world: Pick<World, 'later'>) {
    this.#storage = storage
    this.#world = world
  }

  async get(key: string): Promise<string | undefined> {
    const fresh = this.#fresh.get(key)
    return fresh === undefined ? this.#storage.draft(key) : (fresh ?? undefined)
  }

  keep(key: string, text: string): void {
    this.#set(key, text)
  }

  drop(key: string): void {
    this.#set(key, null)
  }

  /** Keeps at once what would be kept in a moment. */
  async flush(): Promise<void> {
    this.#timer?.()
    this.#timer = null
    const kept = [...this.#fresh].map(([key, text]) => this.#storage.keepDraft(key, text))
    this.#fresh.clear()
    await Promise.all(kept)
  }

  forget(): void {
    this.#timer?.()
    this.#fresh.clear()
  }

  #set(key: string, text: string | null): void {
    this.#fresh.set(key, text)
    this.#timer ??= this.#world.later(() => void this.flush(), KEEP_AFTER)
  }
}
