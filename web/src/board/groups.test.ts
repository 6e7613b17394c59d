import { expect, test } from 'vitest'
import { GROUP_SIZE, type Group, grouped } from './groups.ts'

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)
const sizes = (groups: readonly Group<number>[]) => groups.map((group) => group.cards.length)
const ids = (groups: readonly Group<number>[]) => groups.map((group) => group.id)

const all = numbers(0, 3 * GROUP_SIZE)
const three = grouped(all, [])

/** How many of these cards are in another group than before: their elements are made anew. */
function moved(before: readonly Group<number>[], after: readonly Group<number>[]): number[] {
  const home = (groups: readonly Group<number>[], card: number) => groups.find(({ cards }) => cards.includes(card))?.id
  const cards = after.flatMap((group) => group.cards)
  return cards.filter((card) => home(before, card) !== home(after, card))
}

test('every card is in one group, in order', () => {
  expect(sizes(three)).toEqual([GROUP_SIZE, GROUP_SIZE, GROUP_SIZE])
  expect(three.flatMap((group) => group.cards)).toEqual(all)
  expect(grouped([], three)).toEqual([])
})

test('what did not change is the same object', () => {
  const next = grouped(all.slice(1), three)
  expect(next[0]).not.toBe(three[0])
  expect(next.slice(1)).toEqual(three.slice(1))
  expect(next[1]).toBe(three[1])
  expect(ids(next)).toEqual(ids(three))
})

test('a new card joins its neighbours and moves nobody', () => {
  for (const at of [0, 1, GROUP_SIZE - 1, GROUP_SIZE, GROUP_SIZE + 1, all.length]) {
    const cards = [...all.slice(0, at), 99, ...all.slice(at)]
    const next = grouped(cards, three)
    expect(ids(next)).toEqual(ids(three))
    expect(next.flatMap((group) => group.cards)).toEqual(cards)
    expect(moved(three, next)).toEqual([99])
  }
})

test('a card that changes its place within the lane moves nobody else', () => {
  for (const [from, to] of [
    [all.length - 1, 0],
    [0, all.length - 1],
    [GROUP_SIZE, 2],
    [2, GROUP_SIZE],
  ] as const) {
    const cards = all.filter((one) => one !== from)
    cards.splice(to, 0, from)
    const next = grouped(cards, three)
    expect(next.flatMap((group) => group.cards)).toEqual(cards)
    expect(moved(three, next)).toEqual([from])
  }
})

test('however many come on top, groups stay small and few cards move', () => {
  let [groups, cards] = [three, all]
  for (const card of numbers(100, 200)) {
    cards = [card, ...cards]
    const next = grouped(cards, groups)
    expect(next.flatMap((group) => group.cards)).toEqual(cards)
    expect(Math.max(...sizes(next))).toBeLessThanOrEqual(2 * GROUP_SIZE)
    expect(moved(groups, next).length).toBeLessThanOrEqual(groups.length + 1)
    groups = next
  }
  expect(groups.length).toBeLessThan(2 * (cards.length / GROUP_SIZE))
})

test('a filter that comes and goes leaves each card once', () => {
  const few = grouped([1, GROUP_SIZE + 1, GROUP_SIZE + 2, 2 * GROUP_SIZE], three)
  expect(few.flatMap((group) => group.cards)).toEqual([1, GROUP_SIZE + 1, GROUP_SIZE + 2, 2 * GROUP_SIZE])
  const again = grouped(all, few)
  expect(again.flatMap((group) => group.cards)).toEqual(all)
  expect(new Set(ids(again)).size).toBe(again.length)
})
