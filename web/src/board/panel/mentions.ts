// In a comment a person is `@[id]`, so that a new name shows everywhere; while writing it is `@Name`.

import type { Id } from '../../schema.ts'

interface Named {
  person: Id
  name: string
}

const STORED = /@\[([0-9a-f-]{36})\]/g

/** The text as people read it. */
export function shownText(stored: string, nameOf: (person: Id) => string): string {
  return stored.replace(STORED, (_, id: Id) => `@${nameOf(id)}`)
}

/** The text as it is kept. A name counts where it is written whole; the longer name wins. */
export function storedText(shown: string, people: readonly Named[]): string {
  const named = people.filter((one) => one.name !== '').sort((a, b) => b.name.length - a.name.length)
  if (named.length === 0) return shown
  const ids = new Map(named.map((one) => [one.name, one.person]))
  const names = named.map((one) => one.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  return shown.replace(new RegExp(`@(${names})(?![\\p{L}\\p{N}])`, 'gu'), (_, name: string) => `@[${ids.get(name)}]`)
}

/** The name that is being typed at the caret, behind an `@` that begins a word; null if there is none. */
export function nameBeforeCaret(text: string, caret: number): { from: number; typed: string } | null {
  const found = /(?:^|[\s(])@([\p{L}\p{N}.\-' ]{0,40})$/u.exec(text.slice(0, caret))
  const typed = found?.[1] ?? ''
  // A name has few words; what follows is the sentence.
  if (!found || typed.startsWith(' ') || typed.split(' ').length > 3) return null
  return { from: caret - typed.length - 1, typed }
}
