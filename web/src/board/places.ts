// Where a card stands among its neighbours: keys that sort between two others.
// The server makes the key that counts; this one only holds the place until its entry is here.

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const MIDDLE = 'V'

/** A key that sorts after `low` and before `high`; null means no neighbour on that side. */
export function placeBetween(low: string | null, high: string | null): string {
  const floor = low ?? ''
  if (high === null) return middle(floor, null)
  let same = 0
  while (same < high.length && (floor[same] ?? '0') === high[same]) same += 1
  // Two tasks may hold the same key for a moment; behind the lower one is as good as any place.
  if (same === high.length || floor >= high) return floor + MIDDLE
  return high.slice(0, same) + middle(floor.slice(same), high.slice(same))
}

/** The middle of two keys that differ in their first digit. */
function middle(low: string, high: string | null): string {
  const from = low === '' ? 0 : DIGITS.indexOf(low[0] as string)
  const to = high === null ? DIGITS.length : DIGITS.indexOf(high[0] as string)
  if (to - from > 1) return DIGITS[Math.ceil((from + to) / 2)] as string
  if (high !== null && high.length > 1) return high[0] as string
  return (DIGITS[from] ?? MIDDLE) + middle(low.slice(1), null)
}

interface Placed {
  id: string
  place: string
}

/** The order of a lane: by place, equal places by id, so that every client shows the same. */
export function byPlace(a: Placed, b: Placed): number {
  if (a.place !== b.place) return a.place < b.place ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** A key right after `after` among `ordered`; null puts it first, a vanished neighbour last. */
export function placeAfter(ordered: readonly Placed[], after: string | null): string {
  if (after === null) return placeBetween(null, ordered[0]?.place ?? null)
  const index = ordered.findIndex((one) => one.id === after)
  const last = ordered.length - 1
  const low = ordered[index < 0 ? last : index]?.place ?? null
  return placeBetween(low, index < 0 ? null : (ordered[index + 1]?.place ?? null))
}
