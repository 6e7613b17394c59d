// What takes a board command back. `onlyIf` names what must still be as the command left it; if somebody has changed
// it since, the server refuses instead of undoing their work.

import { type AnyCommand, AUDIENCES, type Change, type Id, type Kind, type Scalar, type Visibility } from '../schema.ts'
import { type Done, type Inverse, registerInverse, type Undoing } from '../sync/registry.ts'
import type { EntityOf, ReadSpace } from '../sync/state.ts'
import { type BoardVerb, columnsOf, linesOf } from './foresee.ts'
import { byPlace } from './places.ts'

// Taking a column's removal back is a command for each of its tasks; more than this would flood the journal.
const MOST_TASKS_BACK = 50

type Inverses = { [V in BoardVerb]: Inverse | null }

export const INVERSES: Inverses = {
  'board.edit': edited('board', ['title'], (board, fields) => ({ verb: 'board.edit', board, ...fields })),
  // What a template adds may be in use a moment later; there is no telling it apart.
  'board.apply_template': null,
  'column.add': (done, space) => {
    const column = done.entry.about
    const other = columnsOf(space).find((one) => one.id !== column && !one.done)
    return other ? [{ command: { verb: 'column.remove', column, tasks_to: other.id } }] : null
  },
  'column.edit': edited('column', ['title', 'colour', 'limit', 'done'], (column, fields) => ({
    verb: 'column.edit',
    column,
    ...fields,
  })),
  'column.move': (done, space) => {
    const [before, after] = both(done, 'column')
    if (!before || !after) return null
    const command = { verb: 'column.move', column: before.id, after: previous(columnsOf(space), before) } as const
    return [{ command, onlyIf: { place: after.place } }]
  },
  'column.remove': removedColumn,
  'task.create': createdTask,
  'task.edit': edited('task', ['title', 'due'], (task, fields) => ({ verb: 'task.edit', task, ...fields })),
  'task.describe': (done) => {
    const [before, after] = both(done, 'description')
    if (!after || (!before && after.revision > 1)) return null
    const command = { verb: 'task.describe', task: after.id, text: before?.text ?? '' } as const
    return [{ command, onlyIf: { revision: after.revision } }]
  },
  'task.move': movedBack,
  // The task lives in the other space now, and so does the command that would fetch it.
  'task.send': null,
  'task.assign': (done) => {
    const [before, after] = both(done, 'ownership')
    const command = { verb: 'task.assign', task: done.entry.about, person: before?.person ?? null } as const
    return [{ command, onlyIf: { person: after?.person ?? null } }]
  },
  'helper.add': (done) => {
    const person = made(done, 'helper')?.person
    return person ? [{ command: { verb: 'helper.remove', task: done.entry.about, person } }] : null
  },
  'helper.remove': (done) => {
    const person = removed(done, 'helper')?.person
    return person ? [{ command: { verb: 'helper.add', task: done.entry.about, person } }] : null
  },
  'goal_tag.add': (done) => {
    const goal = made(done, 'goal_tag')?.goal
    return goal ? [{ command: { verb: 'goal_tag.remove', task: done.entry.about, goal } }] : null
  },
  'goal_tag.remove': (done) => {
    const goal = removed(done, 'goal_tag')?.goal
    return goal ? [{ command: { verb: 'goal_tag.add', task: done.entry.about, goal } }] : null
  },
  'task.finish': (done, space) => {
    const [before, after] = both(done, 'task')
    if (!before || !after) return null
    // Leaving the *done* column opens the task again, and this way it also gets its place back.
    if (before.column !== after.column) return movedBack(done, space)
    const command = { verb: 'task.reopen', task: before.id } as const
    return [{ command, onlyIf: { done_at: after.done_at } }]
  },
  'task.reopen': (done, space) => {
    const [before, after] = both(done, 'task')
    if (!before || !after) return null
    if (before.column !== after.column) return movedBack(done, space)
    return [{ command: { verb: 'task.finish', task: before.id }, onlyIf: { done_at: null } }]
  },
  'task.block': unblocked,
  'task.unblock': unblocked,
  'task.show': (done) => {
    const [before, after] = both(done, 'task')
    const visibility = before && visibilityOf(before.to)
    if (!before || !after || !visibility) return null
    return [{ command: { verb: 'task.show', task: before.id, visibility }, onlyIf: { to: after.to } }]
  },
  'task.archive': stamped('archived_at', 'task.unarchive'),
  'task.unarchive': stamped('archived_at', 'task.archive'),
  'task.bin': stamped('binned_at', 'task.restore'),
  'task.restore': stamped('binned_at', 'task.bin'),
  // Gone for good is what was asked for, and confirmed.
  'task.delete': null,
  'task.duplicate': createdTask,
  'task.put_away': null,
  'checklist_line.add': (done) => {
    const line = made(done, 'checklist_line')
    if (!line) return null
    const command = { verb: 'checklist_line.remove', task: line.task, line: line.id } as const
    return [{ command, onlyIf: { text: line.text } }]
  },
  'checklist_line.edit': edited('checklist_line', ['text', 'owner', 'due'], (line, fields, done) => ({
    verb: 'checklist_line.edit',
    task: done.entry.about,
    line,
    ...fields,
  })),
  'checklist_line.tick': (done) => {
    const [before, after] = both(done, 'checklist_line')
    if (!before || !after) return null
    const { task, id, done_at } = before
    const command = { verb: 'checklist_line.tick', task, line: id, done: done_at !== null } as const
    return [{ command, onlyIf: { done_at: after.done_at } }]
  },
  'checklist_line.move': (done, space) => {
    const [before, after] = both(done, 'checklist_line')
    if (!before || !after) return null
    const lines = linesOf(space, before.task)
    const where = { task: before.task, line: before.id, after: previous(lines, before) }
    return [{ command: { verb: 'checklist_line.move', ...where }, onlyIf: { place: after.place } }]
  },
  'checklist_line.remove': (done, space) => {
    const line = removed(done, 'checklist_line')
    if (!line) return null
    const { id, task, text, owner, due } = line
    const after = previous(linesOf(space, task), line)
    const again: Undoing[] = [{ command: { verb: 'checklist_line.add', id, task, text, after, owner, due } }]
    // What is added behind nothing comes last.
    if (!after) again.push({ command: { verb: 'checklist_line.move', task, line: id, after } })
    if (line.done_at) again.push({ command: { verb: 'checklist_line.tick', task, line: id, done: true } })
    return again
  },
  'comment.add': (done) => {
    const comment = made(done, 'comment')
    const { id, task } = comment ?? {}
    return id && task ? [{ command: { verb: 'comment.remove', task, comment: id } }] : null
  },
  'comment.edit': (done) => {
    const [before, after] = both(done, 'comment')
    if (!before || !after) return null
    const { id, task, text } = before
    return [{ command: { verb: 'comment.edit', task, comment: id, text }, onlyIf: { text: after.text } }]
  },
  'comment.remove': (done) => {
    const comment = removed(done, 'comment')
    if (!comment) return null
    const { id, task, text } = comment
    return [{ command: { verb: 'comment.add', id, task, text } }]
  },
}

/** Makes the way back known to the client. */
export function registerBoardInverses(): void {
  for (const [verb, inverse] of Object.entries(INVERSES)) {
    if (inverse) registerInverse(verb as BoardVerb, inverse)
  }
}

/** What people chose for an entity that these viewers may see. */
export function visibilityOf(to: number): Visibility | undefined {
  const names = Object.keys(AUDIENCES) as Visibility[]
  return names.find((name) => AUDIENCES[name] === to)
}

function movedBack(done: Done, space: ReadSpace): Undoing[] | null {
  const [before, after] = both(done, 'task')
  if (!before || !after || !space.get('column', before.column)) return null
  const tasks = space.where('task', 'column', before.column).sort(byPlace)
  const where = { task: before.id, column: before.column, after: previous(tasks, before) }
  const onlyIf = { column: after.column, place: after.place }
  return [{ command: { verb: 'task.move', ...where }, onlyIf }]
}

function createdTask(done: Done): Undoing[] | null {
  const task = done.after.get('task', done.entry.about)
  if (!task) return null
  const onlyIf = { title: task.title, column: task.column }
  return [{ command: { verb: 'task.bin', task: task.id }, onlyIf }]
}

function unblocked(done: Done): Undoing[] | null {
  const [before, after] = both(done, 'task')
  if (!before || !after) return null
  const reason = before.blocked_because
  const task = before.id
  const command = reason ? ({ verb: 'task.block', task, reason } as const) : ({ verb: 'task.unblock', task } as const)
  return [{ command, onlyIf: { blocked_because: after.blocked_because } }]
}

function removedColumn(done: Done, space: ReadSpace): Undoing[] | null {
  const column = done.before.get('column', done.entry.about)
  const tasks = changed(done, 'task').filter((id) => done.before.get('task', id)?.column === column?.id)
  if (!column || tasks.length > MOST_TASKS_BACK) return null
  const { id, board, title, limit, done: marked } = column
  const colour = column.colour as 'grey' | null
  const after = previous(columnsOf(space, board), column)
  const again: Undoing[] = [{ command: { verb: 'column.add', id, board, title, after, colour, limit, done: marked } }]
  // What is added behind nothing comes last.
  if (!after) again.push({ command: { verb: 'column.move', column: id, after } })
  return again.concat(tasks.flatMap((task) => backIntoColumn(done, task, id)))
}

function backIntoColumn(done: Done, task: Id, column: Id): Undoing[] {
  const [before, after] = [done.before.get('task', task), done.after.get('task', task)]
  if (!before || !after) return []
  const others = changed(done, 'task').map((id) => done.before.get('task', id))
  const ordered = others.filter((one) => one?.column === column).filter((one) => one !== undefined)
  const move = { verb: 'task.move', task, column, after: previous(ordered.sort(byPlace), before) } as const
  const moved: Undoing = { command: move, onlyIf: { column: after.column } }
  const binned = before.binned_at === null && after.binned_at !== null
  return binned ? [{ command: { verb: 'task.restore', task } }, { command: move }] : [moved]
}

/** The way back of commands that set some scalars: those that did change are set as they were. */
function edited<K extends 'board' | 'column' | 'task' | 'checklist_line'>(
  kind: K,
  names: readonly (keyof EntityOf<K> & string)[],
  commandOf: (id: Id, fields: Record<string, Scalar>, done: Done) => AnyCommand,
): Inverse {
  return (done) => {
    const [before, after] = both(done, kind)
    if (!before || !after) return null
    const differ = names.filter((name) => before[name] !== after[name])
    if (differ.length === 0) return null
    const pick = (one: EntityOf<K>) => Object.fromEntries(differ.map((name) => [name, one[name] as Scalar]))
    return [{ command: commandOf((before as { id: Id }).id, pick(before), done), onlyIf: pick(after) }]
  }
}

function stamped(
  field: 'archived_at' | 'binned_at',
  verb: 'task.archive' | 'task.unarchive' | 'task.bin' | 'task.restore',
): Inverse {
  return (done) => {
    const after = done.after.get('task', done.entry.about)
    return after ? [{ command: { verb, task: after.id }, onlyIf: { [field]: after[field] } }] : null
  }
}

/** The one entity of this kind that the entry changed, before and after. */
function both<K extends Kind>(done: Done, kind: K): [EntityOf<K> | undefined, EntityOf<K> | undefined] {
  const id = changed(done, kind)[0]
  return id ? [done.before.get(kind, id), done.after.get(kind, id)] : [undefined, undefined]
}

const made = <K extends Kind>(done: Done, kind: K): EntityOf<K> | undefined => both(done, kind)[1]
const removed = <K extends Kind>(done: Done, kind: K): EntityOf<K> | undefined => both(done, kind)[0]

function changed(done: Done, kind: Kind): Id[] {
  const ids = done.entry.changes.filter((one) => kindOf(one) === kind).map(idOf)
  return [...new Set(ids)]
}

const kindOf = (change: Change): string => (change.do === 'put' ? change.entity.kind : change.kind)
const idOf = (change: Change): Id => (change.do === 'put' ? change.entity.id : change.id)

/** Who stood right before it; null if it was first. */
function previous<T extends { id: Id; place: string }>(ordered: readonly T[], one: T): Id | null {
  const earlier = ordered.filter((other) => other.id !== one.id && byPlace(other, one) < 0)
  return earlier.at(-1)?.id ?? null
}
