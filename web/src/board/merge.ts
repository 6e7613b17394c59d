// Two people wrote in the same text. Lines that only one of them touched come together by themselves; where both
// changed the same lines, a person decides. Nothing either of them typed is left out.

/** A run of lines as each wrote it, and what becomes of it: null where both changed it differently. */
export interface Piece {
  mine: string[]
  theirs: string[]
  settled: string[] | null
}

/** Brings two versions of `base` together, line by line. */
export function threeWay(base: string, mine: string, theirs: string): Piece[] {
  const [b, m, t] = [base.split('\n'), mine.split('\n'), theirs.split('\n')]
  const inMine = matches(b, m)
  const inTheirs = matches(b, t)
  const pieces: Piece[] = []
  let [atB, atM, atT] = [0, 0, 0]
  for (let i = 0; i <= b.length; i += 1) {
    const [toM, toT] = i < b.length ? [inMine[i], inTheirs[i]] : [m.length, t.length]
    if (toM === undefined || toT === undefined) continue
    pushChange(pieces, b.slice(atB, i), m.slice(atM, toM), t.slice(atT, toT))
    if (i < b.length) pushSame(pieces, b[i] as string)
    ;[atB, atM, atT] = [i + 1, toM + 1, toT + 1]
  }
  return pieces
}

/** The text with both versions of every undecided run, mine first, and how many such runs there are. */
export function together(pieces: readonly Piece[]): { text: string; undecided: number } {
  const lines = pieces.flatMap((one) => one.settled ?? [...one.mine, ...one.theirs])
  return { text: lines.join('\n'), undecided: pieces.filter((one) => !one.settled).length }
}

/** Whether both wrote a run alike. */
export function isAlike({ mine, theirs }: Piece): boolean {
  return equal(mine, theirs)
}

function pushChange(pieces: Piece[], base: string[], mine: string[], theirs: string[]): void {
  if (mine.length === 0 && theirs.length === 0) return
  const mineCounts = equal(mine, theirs) || equal(theirs, base)
  const settled = mineCounts ? mine : equal(mine, base) ? theirs : null
  pieces.push({ mine, theirs, settled })
}

function pushSame(pieces: Piece[], line: string): void {
  const last = pieces.at(-1)
  if (last?.settled && isAlike(last)) last.settled = last.mine = last.theirs = [...last.mine, line]
  else pieces.push({ mine: [line], theirs: [line], settled: [line] })
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at])
}

const MOST_CELLS = 4_000_000 // 8 MB of table; a text of 2,000 lines on both sides, more is compared as one run

/** For each line of `from` the index of its twin in `to`, of one longest common run of lines. */
function matches(from: readonly string[], to: readonly string[]): (number | undefined)[] {
  const twins: (number | undefined)[] = new Array(from.length).fill(undefined)
  const most = Math.min(from.length, to.length)
  let start = 0
  while (start < most && from[start] === to[start]) twins[start] = start++
  let tail = 0
  while (tail < most - start && from.at(-1 - tail) === to.at(-1 - tail)) {
    tail += 1
    twins[from.length - tail] = to.length - tail
  }
  const inner = commonRun(from.slice(start, from.length - tail), to.slice(start, to.length - tail))
  for (const [i, j] of inner) twins[start + i] = start + j
  return twins
}

function commonRun(from: readonly string[], to: readonly string[]): [number, number][] {
  const width = to.length + 1
  if ((from.length + 1) * width > MOST_CELLS) return []
  const longest = new Uint16Array((from.length + 1) * width)
  const at = (i: number, j: number) => longest[i * width + j] as number
  for (let i = from.length - 1; i >= 0; i -= 1) {
    for (let j = to.length - 1; j >= 0; j -= 1) {
      const skip = Math.max(at(i + 1, j), at(i, j + 1))
      longest[i * width + j] = from[i] === to[j] ? at(i + 1, j + 1) + 1 : skip
    }
  }
  const pairs: [number, number][] = []
  for (let i = 0, j = 0; i < from.length && j < to.length; ) {
    if (from[i] === to[j]) pairs.push([i++, j++])
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1
    else j += 1
  }
  return pairs
}
