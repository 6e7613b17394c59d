import { getContext, setContext } from 'svelte'
import { folded } from '../lib/names'

const KEY = Symbol('menu')

interface MenuContext {
  close: () => void
}

export function offerMenu(context: MenuContext): void {
  setContext(KEY, context)
}

export function menuAround(): MenuContext {
  return getContext<MenuContext>(KEY)
}

/** Which of `count` places a key leads to from `at`; null if the key does not move. */
export function placeAfterKey(key: string, at: number, count: number): number | null {
  if (count === 0) return null
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % count
    case 'ArrowUp':
      return (at <= 0 ? count : at) - 1
    case 'Home':
      return 0
    case 'End':
      return count - 1
    default:
      return null
  }
}

/** The next place after `at` whose label begins with the typed letter; null if there is none. */
export function placeOfLetter(letter: string, at: number, labels: readonly string[]): number | null {
  for (let step = 1; step <= labels.length; step++) {
    const place = (at + step) % labels.length
    if (folded(labels[place] ?? '').startsWith(folded(letter))) return place
  }
  return null
}
