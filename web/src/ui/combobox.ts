import { folded, matches } from '../lib/names'

/** One thing to choose: a person, a goal, a column. `detail` is shown smaller behind it; both are searched. */
export interface Choice {
  value: string
  label: string
  detail?: string
}

// A list longer than this is searched, not read.
export const LONGEST = 50

/** The choices that fit what was typed; those that begin with it come first, else in the order given. */
export function fitting(choices: readonly Choice[], typed: string): Choice[] {
  const found = choices.filter((one) => matches(`${one.label} ${one.detail ?? ''}`, typed))
  const start = folded(typed.trim())
  const first = found.filter((one) => start !== '' && folded(one.label).startsWith(start))
  return [...first, ...found.filter((one) => !first.includes(one))].slice(0, LONGEST)
}
