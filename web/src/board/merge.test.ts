import { expect, test } from 'vitest'
import { threeWay, together } from './merge.ts'

const merged = (base: string, mine: string, theirs: string) => together(threeWay(base, mine, theirs))

test('changes in different lines come together', () => {
  expect(merged('a\nb\nc\nd', 'A\nb\nc\nd', 'a\nb\nc\nD')).toEqual({
    text: 'A\nb\nc\nD',
    undecided: 0,
  })
})

test('lines added and removed in different places come together', () => {
  const result = merged('a\nb\nc\nd\ne', 'a\nnew\nb\nc\nd\ne', 'a\nb\nc\ne')
  expect(result).toEqual({ text: 'a\nnew\nb\nc\ne', undecided: 0 })
})

test('the same change by both is taken once', () => {
  expect(merged('a\nb', 'a\nB', 'a\nB')).toEqual({ text: 'a\nB', undecided: 0 })
})

test('the same line changed differently keeps both and says so', () => {
  const pieces = threeWay('a\nb\nc', 'a\nmine\nc', 'a\ntheirs\nc')
  expect(pieces).toEqual([
    { mine: ['a'], theirs: ['a'], settled: ['a'] },
    { mine: ['mine'], theirs: ['theirs'], settled: null },
    { mine: ['c'], theirs: ['c'], settled: ['c'] },
  ])
  expect(together(pieces)).toEqual({ text: 'a\nmine\ntheirs\nc', undecided: 1 })
})

test('one removes what the other changes: both are kept in view', () => {
  expect(merged('a\nb\nc', 'a\nc', 'a\nB\nc')).toEqual({ text: 'a\nB\nc', undecided: 1 })
})

test('each side is shown as it was written, also where the runs settle by themselves', () => {
  const [mine, theirs] = ['A\nb\nc\nd', 'a\nb\nd\ne']
  const pieces = threeWay('a\nb\nc\nd', mine, theirs)
  expect(pieces.flatMap((one) => one.mine).join('\n')).toBe(mine)
  expect(pieces.flatMap((one) => one.theirs).join('\n')).toBe(theirs)
  expect(together(pieces)).toEqual({ text: 'A\nb\nd\ne', undecided: 0 })
})

test('an empty base, as with a first description written by two', () => {
  const { text, undecided } = merged('', 'mine', 'theirs')
  expect(text).toBe('mine\ntheirs')
  expect(undecided).toBe(1)
})

test('nothing either wrote is lost, whatever they wrote', () => {
  let seed = 7
  const next = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % below
  }
  const edit = (lines: string[], who: string) =>
    lines.flatMap((line, at) => {
      const what = next(6)
      if (what === 0) return []
      if (what === 1) return [line, `${who}${at}`]
      return what === 2 ? [`${who}${at}`] : [line]
    })
  for (let round = 0; round < 300; round += 1) {
    const base = Array.from({ length: next(12) }, (_, i) => `line ${i}`)
    const [mine, theirs] = [edit(base, 'm'), edit(base, 't')]
    const lines = merged(base.join('\n'), mine.join('\n'), theirs.join('\n')).text.split('\n')
    for (const line of [...mine, ...theirs].filter((one) => !base.includes(one))) {
      expect(lines).toContain(line)
    }
  }
})

test('a text of nothing but line breaks is compared too', () => {
  const base = '\n'.repeat(10_000)
  expect(merged(base, `mine${base}`, `${base}theirs`).text).toBe(`mine${base}theirs`)
})
