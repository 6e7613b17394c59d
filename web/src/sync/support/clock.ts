import type { Stop } from '../types.ts'

/** Time that stands still until it is told to go on. */
export class Clock {
  now: number
  #timers: { at: number; run: () => void }[] = []

  constructor(now = Date.parse('2026-11-16T09:00:00Z')) {
    this.now = now
  }

  later = (run: () => void, ms: number): Stop => {
    const timer = { at: this.now + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }

  /** Lets time pass, and runs what falls due, in order; between two of them everything else settles. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms
    for (;;) {
      await settled()
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers = this.#timers.filter((one) => one !== due)
      this.now = Math.max(this.now, due.at)
      due.run()
    }
    this.now = until
  }
}

/** Resolves when promises, the database and messages between tabs have come to rest. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 12; round += 1) await new Promise((resolve) => setImmediate(resolve))
}
