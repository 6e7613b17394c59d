import type { Id } from '../schema.ts'
import type { Part, PartWorld } from './part.ts'
import type { Seat } from './seat.ts'
import type { PartHandle, Stop } from './types.ts'

const AGAIN_AFTER = 3_000

interface Slot {
  seat: Seat
  task: Id
  part: Part | null
  status: PartHandle['status']
  holders: number
  tells: Set<() => void>
}

export interface PartsWorld extends PartWorld {
  hold(space: Id): Seat
  release(seat: Seat): void
}

/** The cold parts that are open. What reads them comes with the first one: a board alone does without. */
export class Parts {
  readonly #world: PartsWorld
  readonly #slots = new Map<string, Slot>()

  constructor(world: PartsWorld) {
    this.#world = world
  }

  open(space: Id, task: Id): PartHandle {
    const key = `${space}/${task}`
    const slot = this.#slots.get(key) ?? this.#make(key, space, task)
    slot.holders += 1
    let held = true
    return {
      space,
      task,
      get status() {
        return slot.part?.status ?? slot.status
      },
      get description() {
        return slot.part?.description ?? null
      },
      get descriptionHtml() {
        return slot.part?.descriptionHtml ?? null
      },
      get comments() {
        return slot.part?.comments ?? []
      },
      subscribe: (tell): Stop => {
        slot.tells.add(tell)
        return () => slot.tells.delete(tell)
      },
      close: () => {
        if (held) this.#close(key, slot)
        held = false
      },
    }
  }

  #make(key: string, space: Id, task: Id): Slot {
    const seat = this.#world.hold(space)
    const slot: Slot = { seat, task, part: null, status: 'loading', holders: 0, tells: new Set() }
    this.#slots.set(key, slot)
    void this.#load(slot)
    return slot
  }

  async #load(slot: Slot): Promise<void> {
    const tell = () => {
      for (const one of [...slot.tells]) one()
    }
    try {
      const { Part } = await import('./part.ts')
      if (slot.holders === 0) return
      slot.part = new Part(slot.seat, slot.task, this.#world)
      slot.part.subscribe(tell)
    } catch {
      slot.status = 'failed'
      this.#world.later(() => slot.holders > 0 && void this.#load(slot), AGAIN_AFTER)
    }
    tell()
  }

  #close(key: string, slot: Slot): void {
    slot.holders -= 1
    if (slot.holders > 0) return
    this.#slots.delete(key)
    slot.part?.close()
    this.#world.release(slot.seat)
  }
}
