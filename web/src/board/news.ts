// What others did on the board, summed up for people who listen: one sentence for a spell, not one for each change.

import type { Entry, Id } from '../schema.ts'

/** What happened in a spell: who did something, and to which tasks. */
export interface News {
  people: readonly Id[]
  tasks: readonly Id[]
  changes: number
}

const NONE: News = { people: [], tasks: [], changes: 0 }

/** Adds what others did; what I did, I know. */
export function withEntries(news: News | null, entries: readonly Entry[], me: Id): News | null {
  const others = entries.filter((entry) => entry.by.id !== me && entry.by.kind !== 'system')
  if (others.length === 0) return news
  const before = news ?? NONE
  return {
    people: [...new Set([...before.people, ...others.map((entry) => entry.by.id)])],
    tasks: [...new Set([...before.tasks, ...others.map((entry) => entry.about)])],
    changes: before.changes + others.length,
  }
}
