// What this person may do here, so that only buttons are shown that will work. The server decides; see access.py.

import { AUDIENCES, type Id, type Participant, type Task, Viewer, type Visibility } from '../schema.ts'

export interface Rights {
  /** Work on tasks at all; else everything is read-only. */
  work: boolean
  /** Take tasks off the board and bring them back. */
  clear: boolean
  /** Shape the board: columns, templates, what is removed for good. */
  shape: boolean
  assign(owner: Id | null, to: Id | null): boolean
  help(person: Id): boolean
  /** The visibilities that may be chosen for a task; none: only its present one is shown. */
  visibilities(task: Pick<Task, 'created_by'> | null): Visibility[]
  editComment(author: Id): boolean
  removeComment(author: Id): boolean
}

/** The rights of somebody who looks at a space as this kind of viewer. */
export function rightsOf(viewer: number, me: Id): Rights {
  const moderator = viewer === Viewer.MODERATOR
  const member = moderator || viewer === Viewer.MEMBER
  const guest = viewer === Viewer.GUEST
  const work = member || guest
  return {
    work,
    clear: member,
    shape: moderator,
    assign: (owner, to) => member || (guest && [null, me].includes(owner) && [null, me].includes(to)),
    help: (person) => member || (guest && person === me),
    visibilities: (task) => {
      const hide = moderator || (member && (task === null || task.created_by === me))
      if (!member) return []
      return hide ? ['moderators', 'space', 'area', 'public'] : ['space', 'area', 'public']
    },
    editComment: (author) => work && author === me,
    removeComment: (author) => moderator || (work && author === me),
  }
}

/** A person's strongest part here, in the order of the server. */
const STRONGEST: Participant['role'][] = ['moderator', 'deputy', 'member', 'guest', 'coach', 'reader']

/** Who of the participants may own a task with this audience, each person once, by name. */
export function mayOwn(participants: Iterable<Participant>, to: number, language: string): Participant[] {
  const fits = people(participants).filter(({ role }) => {
    if (role === 'reader' || role === 'coach') return false
    return to !== AUDIENCES.moderators || role === 'moderator' || role === 'deputy'
  })
  return fits.sort((a, b) => a.name.localeCompare(b.name, language))
}

/** Who may help or be mentioned: everybody who takes part and may see the task. */
export function mayHelp(participants: Iterable<Participant>, to: number, language: string): Participant[] {
  const fits = people(participants).filter(({ role }) => {
    if (to === AUDIENCES.moderators) return role === 'moderator' || role === 'deputy'
    return role !== 'reader'
  })
  return fits.sort((a, b) => a.name.localeCompare(b.name, language))
}

function people(participants: Iterable<Participant>): Participant[] {
  const strongest = new Map<Id, Participant>()
  for (const one of participants) {
    if (one.erased) continue
    const known = strongest.get(one.person)
    const stronger = !known || STRONGEST.indexOf(one.role) < STRONGEST.indexOf(known.role)
    if (stronger) strongest.set(one.person, one)
  }
  return [...strongest.values()]
}
