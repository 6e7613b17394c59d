import type { Key, Vars } from '../lib/texts'
import type { AnyEntity, Change, Entry, Id, Patch } from '../schema'
import { type Difference, differences } from './differences'
import { namesIn, type Telling } from './names'

/** An entry as people read it. */
export interface Told {
  /** A whole sentence: who did what. */
  text: string
  /** Old and new values that the sentence does not say. */
  differences: Difference[]
}

/** What the sentence of a verb needs to know; `telling` already knows the names that stand in the entry itself. */
interface Story {
  entry: Entry
  telling: Telling
  vars: Vars
}
type Teller = (story: Story) => { key: Key; vars?: Vars }

/** The sentence of an entry. Needs the texts of `activity`; a verb of a later version is told without its details. */
export function sentence(entry: Entry, telling: Telling): Told {
  const known = namesIn(entry, telling)
  const vars = { who: whoOf(entry, known), task: known.task(entry.about) ?? known.t('activity.a_task') }
  const teller = TELLERS.get(entry.verb)
  if (!teller) return { text: known.t('activity.unknown', vars), differences: [] }
  const told = teller({ entry, telling: known, vars })
  return {
    text: known.t(told.key, { ...vars, ...told.vars }),
    differences: DIFFERING.has(entry.verb) ? differences(entry, known) : [],
  }
}

/** Who did it; what happens by rule is done by Korridor itself. */
export function whoOf(entry: Entry, { t, person }: Telling): string {
  if (entry.by.kind === 'system') return t('common.system')
  return person(entry.by.id) ?? t('common.somebody')
}

const plain =
  (key: Key): Teller =>
  () => ({ key })

/** The sentence names one thing beside the task, found in the changes. */
const naming =
  (key: Key, vars: (story: Story) => Vars): Teller =>
  (story) => ({ key, vars: vars(story) })

// Of these the sentence says only that something was changed; what, is listed below it.
const DIFFERING = new Set([
  'task.edit',
  'column.edit',
  'board.edit',
  'profile.edit',
  'person.edit',
  'organisation.edit',
  'participant.change',
  'checklist_line.edit',
])

const TELLERS = new Map<string, Teller>([
  ['area.found', plain('activity.area.found')],
  ['interest_group.add', naming('activity.interest_group.add', ({ entry }) => named(entry, 'interest_group'))],
  ['organisation.join', naming('activity.organisation.join', ({ entry }) => named(entry, 'organisation'))],
  ['organisation.edit', naming('activity.organisation.edit', aboutOrganisation)],
  ['organisation.end', naming('activity.organisation.end', aboutOrganisation)],
  ['organisation.follow', naming('activity.organisation.follow', aboutOrganisation)],
  ['moderation.follow', plain('activity.moderation.follow')],
  ['person.join', naming('activity.person.join', ({ entry }) => named(entry, 'person'))],
  ['person.edit', naming('activity.person.edit', aboutPerson)],
  ['person.erase', plain('activity.person.erase')],
  ['person.forget', plain('activity.person.forget')],
  ['space.found', spaceFounded],
  ['participant.add', naming('activity.participant.add', withRole)],
  ['participant.change', naming('activity.participant.change', aboutPerson)],
  ['participant.remove', naming('activity.participant.remove', aboutPerson)],
  ['participant.follow', naming('activity.participant.follow', aboutPerson)],
  ['invitation.create', plain('activity.invitation.create')],
  ['invitation.revoke', plain('activity.invitation.revoke')],
  ['invitation.accept', naming('activity.invitation.accept', aboutPerson)],
  ['person.confirm', naming('activity.person.confirm', aboutPerson)],
  ['participant.confirm', naming('activity.participant.confirm', aboutPerson)],
  ['profile.edit', plain('activity.profile.edit')],
  ['listing.follow', plain('activity.listing.follow')],
  ['goal.set', naming('activity.goal.set', goalSet)],
  ['board.edit', plain('activity.board.edit')],
  ['board.apply_template', plain('activity.board.apply_template')],
  ['column.add', naming('activity.column.add', aboutColumn)],
  ['column.edit', naming('activity.column.edit', aboutColumn)],
  ['column.move', naming('activity.column.move', aboutColumn)],
  ['column.remove', naming('activity.column.remove', aboutColumn)],
  ['task.create', naming('activity.task.create', created)],
  ['task.edit', plain('activity.task.edit')],
  ['task.describe', plain('activity.task.describe')],
  ['task.move', moved],
  ['task.send', sent],
  ['task.assign', assigned],
  ['helper.add', helper],
  ['helper.remove', plain('activity.helper.remove')],
  ['goal_tag.add', naming('activity.goal_tag.add', goal)],
  ['goal_tag.remove', plain('activity.goal_tag.remove')],
  ['task.finish', plain('activity.task.finish')],
  ['task.reopen', plain('activity.task.reopen')],
  ['task.block', naming('activity.task.block', ({ entry }) => patched(entry, 'blocked_because', 'reason'))],
  ['task.unblock', plain('activity.task.unblock')],
  ['task.show', shown],
  ['task.archive', plain('activity.task.archive')],
  ['task.unarchive', plain('activity.task.unarchive')],
  ['task.bin', plain('activity.task.bin')],
  ['task.restore', plain('activity.task.restore')],
  ['task.delete', plain('activity.task.delete')],
  ['task.duplicate', plain('activity.task.duplicate')],
  ['task.put_away', plain('activity.task.put_away')],
  ['checklist_line.add', naming('activity.checklist_line.add', line)],
  ['checklist_line.edit', naming('activity.checklist_line.edit', line)],
  ['checklist_line.tick', ticked],
  ['checklist_line.move', naming('activity.checklist_line.move', line)],
  ['checklist_line.remove', naming('activity.checklist_line.remove', line)],
  ['comment.add', plain('activity.comment.add')],
  ['comment.edit', plain('activity.comment.edit')],
  ['comment.remove', plain('activity.comment.remove')],
])

/** The verbs that have a sentence, for the test that asks for all of them. */
export const TOLD_VERBS: readonly string[] = [...TELLERS.keys()]

// --- what is in the changes ------------------------------------------------------------------------------------------

function put<K extends AnyEntity['kind']>(entry: Entry, kind: K): Extract<AnyEntity, { kind: K }> | undefined {
  for (const change of entry.changes) {
    if (change.do === 'put' && change.entity.kind === kind) return change.entity as Extract<AnyEntity, { kind: K }>
  }
  return undefined
}

function patch(entry: Entry, kind: string, field: string): Patch | undefined {
  return entry.changes.find(
    (change: Change): change is Patch => change.do === 'patch' && change.kind === kind && field in change.fields,
  )
}

function named(entry: Entry, kind: 'interest_group' | 'organisation' | 'person'): Vars {
  return { name: put(entry, kind)?.name ?? '' }
}

function patched(entry: Entry, field: string, as: string): Vars {
  const value = patch(entry, 'task', field)?.fields[field]
  return { [as]: typeof value === 'string' ? value : '' }
}

// --- the sentences that need more than a name ------------------------------------------------------------------------

function spaceFounded({ entry, telling }: Story): ReturnType<Teller> {
  const listing = put(entry, 'listing')
  if (listing) return { key: 'activity.space.found', vars: { name: listing.name } }
  const name = put(entry, 'profile')?.name ?? telling.space(entry.about)
  return name ? { key: 'activity.space.found', vars: { name } } : { key: 'activity.space.found_here' }
}

function aboutPerson({ entry, telling }: Story): Vars {
  return { name: telling.person(entry.about) ?? telling.t('common.somebody') }
}

function aboutOrganisation({ entry, telling }: Story): Vars {
  return { name: telling.organisation(entry.about) ?? telling.t('activity.an_organisation') }
}

function withRole(story: Story): Vars {
  const role = put(story.entry, 'participant')?.role
  return { ...aboutPerson(story), role: role ? story.telling.t(`space_role.${role}`) : '' }
}

function goalSet({ entry }: Story): Vars {
  const goal = put(entry, 'goal')
  return { number: goal?.number ?? '', title: goal?.title ?? '' }
}

function aboutColumn({ entry, telling }: Story): Vars {
  return { column: telling.column(entry.about) ?? telling.t('activity.a_column') }
}

function created({ entry, telling }: Story): Vars {
  return { column: columnName(put(entry, 'task')?.column, telling) }
}

function columnName(id: unknown, { column, t }: Telling): string {
  return (typeof id === 'string' ? column(id) : undefined) ?? t('activity.a_column')
}

function moved({ entry, telling }: Story): ReturnType<Teller> {
  const change = patch(entry, 'task', 'column')
  if (!change || change.fields.column === change.was.column) return { key: 'activity.task.move_within' }
  const vars = { from: columnName(change.was.column, telling), to: columnName(change.fields.column, telling) }
  return {
    key: 'done_at' in change.fields && change.fields.done_at ? 'activity.task.move_done' : 'activity.task.move',
    vars,
  }
}

// The space it came to got the task whole; the one it left saw it go.
function sent({ entry, telling }: Story): ReturnType<Teller> {
  const space = (entry.other && telling.space(entry.other)) ?? telling.t('activity.a_space')
  return { key: put(entry, 'task') ? 'activity.task.send_here' : 'activity.task.send', vars: { space } }
}

function assigned({ entry, telling }: Story): ReturnType<Teller> {
  const change = patch(entry, 'ownership', 'person')
  const owner = put(entry, 'ownership')?.person ?? (change?.fields.person as Id | undefined)
  if (owner === undefined) return { key: 'activity.task.assign_nobody' }
  if (owner === entry.by.id) return { key: 'activity.task.assign_self' }
  const before = change?.was.person as Id | undefined
  const name = telling.person(owner) ?? telling.t('common.somebody')
  const from = before === undefined ? undefined : telling.person(before)
  return from
    ? { key: 'activity.task.assign_from', vars: { name, from } }
    : { key: 'activity.task.assign', vars: { name } }
}

function helper({ entry, telling }: Story): ReturnType<Teller> {
  const person = put(entry, 'helper')?.person
  if (person === entry.by.id) return { key: 'activity.helper.add_self' }
  return {
    key: 'activity.helper.add',
    vars: { name: (person && telling.person(person)) ?? telling.t('common.somebody') },
  }
}

function goal({ entry, telling }: Story): Vars {
  const id = put(entry, 'goal_tag')?.goal
  return { goal: (id && telling.goal(id)) ?? telling.t('activity.a_goal') }
}

function shown({ entry, telling }: Story): ReturnType<Teller> {
  const change = entry.changes.find((one) => one.do === 'put' && one.entity.kind === 'task')
  if (change?.do !== 'put') return { key: 'activity.task.hidden' }
  return { key: 'activity.task.show', vars: { to: telling.audience(change.entity.to) } }
}

function ticked(story: Story): ReturnType<Teller> {
  const done = patch(story.entry, 'checklist_line', 'done_at')?.fields.done_at
  return { key: done ? 'activity.checklist_line.tick' : 'activity.checklist_line.untick', vars: line(story) }
}

function line({ entry, telling }: Story): Vars {
  for (const change of entry.changes) {
    const kind = change.do === 'put' ? change.entity.kind : change.kind
    if (kind !== 'checklist_line') continue
    const id = change.do === 'put' ? change.entity.id : change.id
    return { line: telling.line(id) ?? telling.t('activity.a_line') }
  }
  return { line: telling.t('activity.a_line') }
}
