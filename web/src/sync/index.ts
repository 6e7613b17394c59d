/**
 * Everything the client knows and everything it wants to happen passes through here. Framework-free.
 *
 *     const client = startClient(me)
 *     const seat = client.open(space)
 *     seat.subscribe(({ keys }) => { for (const key of keys) … })     // what looks different now
 *     seat.state.where('task', 'column', column.id)                   // confirmed state with my pending commands
 *     const outcome = await client.do(space, { verb: 'task.move', task, column, after })
 *
 * Guesses and inverses are registered per verb by the slice that owns the verb:
 *
 *     registerForesee('task.move', (draft, { task, column }) => draft.patch('task', task, { column, place }))
 *     registerInverse('task.move', ({ entry, before }) => [{ command: …, onlyIf: … }])
 */

export { startClient } from './client.ts'
export { newId } from './ids.ts'
export {
  type CommandOf,
  type Done,
  type Foresee,
  type Foreseeing,
  type Inverse,
  type ReadEntities,
  registerForesee,
  registerInverse,
  type Undoing,
} from './registry.ts'
export {
  type Draft,
  type EntityOf,
  type IndexedField,
  type IndexedKind,
  type Key,
  keyOf,
  PARTS,
  parseKey,
  type ReadSpace,
  SpaceState,
} from './state.ts'
export {
  type Client,
  type DoOptions,
  type JournalQuery,
  type Mark,
  type Outcome,
  type Overwritten,
  type PartHandle,
  type Pending,
  ReadProblem,
  type ShownComment,
  type SpaceChange,
  type SpaceHandle,
  type Status,
  type Stop,
} from './types.ts'
