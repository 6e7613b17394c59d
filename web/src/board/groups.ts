// The cards of a lane in groups. A browser draws the groups near the screen only, and lays out one of them, not two
// hundred cards, for one that moves.

import { sameList } from '../lib/lists.ts'

export interface Group<Card> {
  readonly id: number
  readonly cards: readonly Card[]
}

interface Growing<Card> {
  /** The group of before that this one goes on with. */
  from: Group<Card> | null
  cards: Card[]
}

/** What a lane shows on a screen, and few enough to be laid out in a moment. */
export const GROUP_SIZE = 12

let made = 0

/**
 * Cards in groups of `GROUP_SIZE`. A card stays in the group it was in `before` and keeps its element so; a new one joins
 * its neighbours, until they are twice as many. A group that holds the same cards as before is the same object.
 */
export function grouped<Card>(cards: readonly Card[], before: readonly Group<Card>[]): readonly Group<Card>[] {
  const homes = new Map(before.flatMap((group) => group.cards.map((card) => [card, group] as const)))
  const taken = new Set<Group<Card>>()
  const groups: Growing<Card>[] = []
  let last: Growing<Card> | undefined
  for (const [at, card] of cards.entries()) {
    const home = homeOf(at)
    const free = home && !taken.has(home) ? home : null
    if (!last || isFull(last) || (free && last.from)) {
      last = { from: null, cards: [] }
      groups.push(last)
    }
    if (free) {
      last.from = free
      taken.add(free)
    }
    last.cards.push(card)
  }
  return groups.map(({ from, cards }) => {
    if (from && sameList(from.cards, cards)) return from
    return { id: from?.id ?? ++made, cards }
  })

  /** The group in which a card was; that of one that stands among strangers now does not count. */
  function homeOf(at: number): Group<Card> | undefined {
    const home = homes.get(cards[at] as Card)
    if (!home || home.cards.length === 1) return home
    // One newcomer may stand in between.
    return [-2, -1, 1, 2].some((by) => homes.get(cards[at + by] as Card) === home) ? home : undefined
  }
}

/**
 * How tall a group counts until it is drawn: all its cards as tall as tall ones, so that the end of a lane stays in sight
 * for whoever scrolled there. Written on the element itself; a variable would style every card in it anew.
 */
export function estimated(cards: number): (element: HTMLElement) => void {
  return (element) => {
    element.style.containIntrinsicHeight = `auto ${cards * 9}rem`
  }
}

function isFull<Card>({ from, cards }: Growing<Card>): boolean {
  return cards.length >= (from ? 2 : 1) * GROUP_SIZE
}
