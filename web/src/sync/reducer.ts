import type { Change, Entry, Hidden, Kind } from '../schema.ts'
import { type Key, keyOf, type SpaceState } from './state.ts'

/** Entries are missing between what the state holds and this one: only a resync helps. */
export class Hole extends Error {
  constructor(at: number, got: number) {
    super(`entry ${got} after ${at}`)
  }
}

/**
 * Makes one entry true in a state, the only way in which confirmed state ever changes, and says what it touched.
 * An entry that the state has already is skipped; one that leaves a hole throws `Hole` and changes nothing.
 */
export function apply(state: SpaceState, entry: Entry | Hidden): Key[] {
  if (entry.seq <= state.seq) return []
  if (entry.seq !== state.seq + 1) throw new Hole(state.seq, entry.seq)
  state.seq = entry.seq
  if (!entry.shown) return []
  for (const change of entry.changes) make(state, change)
  return entry.changes.map(keyOfChange)
}

/** Makes one change true. What the state does not keep (cold, put away) passes by. */
export function make(state: SpaceState, change: Change): void {
  switch (change.do) {
    case 'put':
      return state.put(change.entity)
    case 'patch':
      return state.patch(change.kind as Kind, change.id, change.fields)
    case 'drop':
      return state.drop(change.kind as Kind, change.id)
    default:
      change satisfies never
  }
}

export function keyOfChange(change: Change): Key {
  return change.do === 'put' ? keyOf(change.entity.kind, change.entity.id) : keyOf(change.kind as Kind, change.id)
}
