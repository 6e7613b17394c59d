// What a board command will probably change, shown before the server has answered. Guesses may be wrong, never harmful:
// the server's entry takes their place. One small function a verb; the type sees to it that none is forgotten.

import { AUDIENCES, type ChecklistLine, type Column, type Id, type Task, type Verb } from '../schema.ts'
import { type Foresee, type Foreseeing, registerForesee } from '../sync/registry.ts'
import { type Draft, type EntityOf, PARTS, type ReadSpace } from '../sync/state.ts'
import { byPlace, placeAfter, placeBetween } from './places.ts'

type Slice = 'board' | 'column' | 'task' | 'helper' | 'goal_tag' | 'checklist_line' | 'comment'
export type BoardVerb = Extract<Verb, `${Slice}.${string}`>
type Foreseen = { [V in BoardVerb]: Foresee<V> | null }

const BOARD: Pick<Foreseen, Extract<BoardVerb, `board.${string}` | `column.${string}`>> = {
  'board.edit': (draft, { board, title }) => patchGiven(draft, 'board', board, { title }),
  // Templates are the server's; their columns come with its entry.
  'board.apply_template': null,
  'column.add': (draft, { id, board, title, after, colour, limit, done }) => {
    const columns = columnsOf(draft, board)
    const place = placeAfter(columns, after ?? columns.at(-1)?.id ?? null)
    const rest = { colour: colour ?? null, limit: limit ?? null, done: done ?? false }
    draft.put({ kind: 'column', id, to: AUDIENCES.public, board, title, place, ...rest })
  },
  'column.edit': (draft, { column, title, colour, limit, done }, know) => {
    patchGiven(draft, 'column', column, { title, colour, limit, done })
    if (done === undefined) return
    for (const task of tasksIn(draft, column)) {
      if (done !== (task.done_at !== null)) draft.patch('task', task.id, finished(done, know))
    }
  },
  'column.move': (draft, { column, after }) => {
    const moved = draft.get('column', column)
    if (!moved) return
    const others = columnsOf(draft, moved.board).filter((one) => one.id !== column)
    draft.patch('column', column, { place: placeAfter(others, after ?? null) })
  },
  'column.remove': (draft, { column, tasks_to }, know) => {
    for (const task of tasksIn(draft, column)) {
      if (tasks_to) enter(draft, task, tasks_to, undefined, know)
      else draft.patch('task', task.id, { binned_at: task.binned_at ?? know.now })
    }
    draft.drop('column', column)
  },
}

const TASK: Pick<Foreseen, Extract<BoardVerb, `task.${string}`>> = {
  'task.create': (draft, command, know) => {
    const { id, column, title, after, first, due, owner, goals = [], visibility = 'space' } = command
    const done = draft.get('column', column)?.done ?? false
    const place = newPlace(draft, column, first ? null : (after ?? undefined))
    const task = {
      ...EMPTY_TASK,
      id,
      to: AUDIENCES[visibility],
      column,
      place,
      title,
      due: due ?? null,
    }
    draft.put({ ...task, ...finished(done, know), created_at: know.now, created_by: know.by })
    if (owner) own(draft, id, owner, know)
    for (const goal of goals) tag(draft, id, goal)
  },
  'task.edit': (draft, { task, title, due }) => patchGiven(draft, 'task', task, { title, due }),
  'task.describe': (draft, { task, text }, know) => {
    const revision = (draft.get('description', task)?.revision ?? 0) + 1
    const by = { edited_at: know.now, edited_by: know.by }
    draft.put({ kind: 'description', ...partOf(draft, task, task), text, revision, ...by })
    draft.patch('task', task, { described: text !== '' })
  },
  'task.move': (draft, { task, column, after }, know) => {
    const moved = draft.get('task', task)
    if (moved && draft.get('column', column)) enter(draft, moved, column, after ?? null, know)
  },
  'task.send': (draft, { task, column, after }, know) => {
    if (draft.id === know.space) {
      dropTask(draft, task)
      return
    }
    const target = column ?? firstOpenColumn(draft)?.id
    if (!target) return
    for (const entity of know.carried) draft.put(entity)
    const moved = draft.get('task', task)
    if (moved) enter(draft, moved, target, after ?? undefined, know)
  },
  'task.assign': (draft, { task, person }, know) => {
    if (person) own(draft, task, person, know)
    else draft.drop('ownership', task)
  },
  'task.finish': (draft, { task }, know) => {
    const done = draft.get('task', task)
    if (!done || done.done_at !== null) return
    const column = columnsOf(draft).find((one) => one.done)
    if (column && column.id !== done.column) enter(draft, done, column.id, undefined, know)
    else draft.patch('task', task, finished(true, know))
  },
  'task.reopen': (draft, { task, column }, know) => {
    const done = draft.get('task', task)
    if (!done) return
    const target = column ?? firstOpenColumn(draft)?.id
    if (target && draft.get('column', done.column)?.done) enter(draft, done, target, undefined, know)
    else draft.patch('task', task, finished(false, know))
  },
  'task.block': (draft, { task, reason }) => draft.patch('task', task, { blocked_because: reason }),
  'task.unblock': (draft, { task }) => draft.patch('task', task, { blocked_because: null }),
  'task.show': (draft, { task, visibility }) => {
    const to = AUDIENCES[visibility]
    if (!(to & draft.viewer)) {
      dropTask(draft, task)
      return
    }
    draft.patch('task', task, { to })
    for (const part of partsOf(draft, task)) draft.patch(part.kind, part.id, { to })
  },
  'task.archive': (draft, { task }, { now }) => draft.patch('task', task, { archived_at: now }),
  'task.unarchive': (draft, { task }) => draft.patch('task', task, { archived_at: null }),
  'task.bin': (draft, { task }, { now }) => draft.patch('task', task, { binned_at: now }),
  'task.restore': (draft, { task }, know) => {
    const binned = draft.get('task', task)
    const home = binned && draft.get('column', binned.column)
    draft.patch('task', task, { binned_at: null })
    const first = columnsOf(draft)[0]
    if (binned && !home && first) enter(draft, binned, first.id, undefined, know)
  },
  'task.delete': (draft, { task }) => dropTask(draft, task),
  'task.duplicate': (draft, { id, task, title }, know) => {
    const original = draft.get('task', task)
    if (!original) return
    const { to, column, due, described } = original
    const place = newPlace(draft, column, task)
    const done = finished(draft.get('column', column)?.done ?? false, know)
    const made = { created_at: know.now, created_by: know.by }
    draft.put({ ...EMPTY_TASK, id, to, column, place, title, due, described, ...done, ...made })
    for (const one of draft.where('goal_tag', 'task', task)) tag(draft, id, one.goal)
    for (const line of linesOf(draft, task).filter((one) => one.done_at === null)) {
      draft.put({ ...line, id: `${id}:${line.id}`, task: id })
    }
  },
  // Only the system puts tasks away.
  'task.put_away': null,
}

const PARTS_OF_TASK: Omit<Foreseen, keyof typeof BOARD | keyof typeof TASK> = {
  'helper.add': (draft, { task, person }) => {
    if (draft.where('helper', 'task', task).some((one) => one.person === person)) return
    draft.put({ kind: 'helper', ...partOf(draft, task, `${task}:${person}`), person })
  },
  'helper.remove': (draft, { task, person }) => {
    const gone = draft.where('helper', 'task', task).find((one) => one.person === person)
    if (gone) draft.drop('helper', gone.id)
  },
  'goal_tag.add': (draft, { task, goal }) => tag(draft, task, goal),
  'goal_tag.remove': (draft, { task, goal }) => {
    const gone = draft.where('goal_tag', 'task', task).find((one) => one.goal === goal)
    if (gone) draft.drop('goal_tag', gone.id)
  },
  'checklist_line.add': (draft, { id, task, text, after, owner, due }) => {
    const lines = linesOf(draft, task)
    const place = placeAfter(lines, after ?? lines.at(-1)?.id ?? null)
    const rest = { owner: owner ?? null, due: due ?? null, done_at: null, done_by: null }
    draft.put({ kind: 'checklist_line', ...partOf(draft, task, id), text, place, ...rest })
  },
  'checklist_line.edit': (draft, { line, text, owner, due }) =>
    patchGiven(draft, 'checklist_line', line, { text, owner, due }),
  'checklist_line.tick': (draft, { line, done }, know) => draft.patch('checklist_line', line, finished(done, know)),
  'checklist_line.move': (draft, { task, line, after }) => {
    const others = linesOf(draft, task).filter((one) => one.id !== line)
    draft.patch('checklist_line', line, { place: placeAfter(others, after ?? null) })
  },
  'checklist_line.remove': (draft, { line }) => draft.drop('checklist_line', line),
  'comment.add': (draft, { id, task, text }, know) => {
    const rest = {
      text,
      author: know.by,
      at: know.now,
      mentions: mentionsIn(text),
      edited_at: null,
    }
    draft.put({ kind: 'comment', ...partOf(draft, task, id), ...rest })
    countComments(draft, task, 1)
  },
  'comment.edit': (draft, { comment, text }, { now }) =>
    draft.patch('comment', comment, { text, edited_at: now, mentions: mentionsIn(text) }),
  'comment.remove': (draft, { task, comment }) => {
    draft.drop('comment', comment)
    countComments(draft, task, -1)
  },
}

export const FORESEEN: Foreseen = { ...BOARD, ...TASK, ...PARTS_OF_TASK }

/** Makes the guesses known to the client. */
export function registerBoardForesee(): void {
  for (const [verb, foresee] of Object.entries(FORESEEN)) {
    if (foresee) registerForesee(verb as BoardVerb, foresee as Foresee<BoardVerb>)
  }
}

/** The people mentioned in a comment, each once. */
export function mentionsIn(text: string): Id[] {
  return [...new Set([...text.matchAll(/@\[([0-9a-f-]{36})\]/g)].map((found) => found[1] as Id))]
}

/** The columns of the board (or of all boards of the space) in their order. */
export function columnsOf(space: ReadSpace, board?: Id): Column[] {
  return [...space.all('column').values()].filter((one) => board === undefined || one.board === board).sort(byPlace)
}

/** The checklist of a task in its order. */
export function linesOf(space: ReadSpace, task: Id): ChecklistLine[] {
  return space.where('checklist_line', 'task', task).sort(byPlace)
}

const EMPTY_TASK = {
  kind: 'task',
  blocked_because: null,
  archived_at: null,
  binned_at: null,
  put_away_at: null,
  comments: 0,
  described: false,
} as const

function tasksIn(space: ReadSpace, column: Id): Task[] {
  return space.where('task', 'column', column).sort(byPlace)
}

function firstOpenColumn(space: ReadSpace): Column | undefined {
  const columns = columnsOf(space)
  return columns.find((one) => !one.done) ?? columns[0]
}

function finished(done: boolean, know: Foreseeing): Pick<Task, 'done_at' | 'done_by'> {
  return done ? { done_at: know.now, done_by: know.by } : { done_at: null, done_by: null }
}

/** `after`: a task, null for the top, undefined for the end. */
function newPlace(space: ReadSpace, column: Id, after: Id | null | undefined, moving?: Id): string {
  const others = tasksIn(space, column).filter((one) => one.id !== moving)
  if (after === undefined) return placeBetween(others.at(-1)?.place ?? null, null)
  return placeAfter(others, after)
}

/** Puts a task into a column; entering a *done* column finishes it, leaving one opens it again. */
function enter(draft: Draft, task: Task, column: Id, after: Id | null | undefined, know: Foreseeing): void {
  const place = newPlace(draft, column, after, task.id)
  const wasDone = draft.get('column', task.column)?.done ?? false
  const isDone = draft.get('column', column)?.done ?? false
  const changes = isDone ? task.done_at === null : wasDone
  draft.patch('task', task.id, { column, place, ...(changes ? finished(isDone, know) : {}) })
}

function partOf(space: ReadSpace, task: Id, id: Id) {
  const { to, put_away_at } = space.get('task', task) ?? { to: AUDIENCES.space, put_away_at: null }
  return { id, to, task, put_away_at }
}

function partsOf(space: ReadSpace, task: Id) {
  return PARTS.flatMap((kind) => space.where(kind, 'task', task))
}

function dropTask(draft: Draft, task: Id): void {
  for (const part of partsOf(draft, task)) draft.drop(part.kind, part.id)
  draft.drop('task', task)
}

function own(draft: Draft, task: Id, person: Id, know: Foreseeing): void {
  const organisation = draft.where('participant', 'person', person)[0]?.organisation ?? null
  const since = know.now
  draft.put({ kind: 'ownership', ...partOf(draft, task, task), person, organisation, since })
}

function tag(draft: Draft, task: Id, goal: Id): void {
  if (draft.where('goal_tag', 'task', task).some((one) => one.goal === goal)) return
  draft.put({ kind: 'goal_tag', ...partOf(draft, task, `${task}:${goal}`), goal })
}

function countComments(draft: Draft, task: Id, by: number): void {
  const comments = (draft.get('task', task)?.comments ?? 0) + by
  draft.patch('task', task, { comments: Math.max(0, comments) })
}

/** Patches only what was given: an absent field of a command means "leave it". */
function patchGiven<K extends 'board' | 'column' | 'task' | 'checklist_line'>(
  draft: Draft,
  kind: K,
  id: Id,
  fields: { [F in keyof EntityOf<K>]?: EntityOf<K>[F] | undefined },
): void {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  draft.patch(kind, id, Object.fromEntries(given) as Partial<EntityOf<K>>)
}
