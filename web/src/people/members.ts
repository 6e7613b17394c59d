import { SPACE_ROLES } from '../app/roles'
import { byName, matches } from '../lib/names'
import type { Id, Participant } from '../schema'

/** A person in a space, with each part they have there: the strongest first. */
export interface Member {
  person: Id
  name: string
  function: string
  parts: readonly Participant[]
}

/** The people of a space: by their strongest role, then by name. Who was erased takes part no more. */
export function members(participants: readonly Participant[]): Member[] {
  const people = Map.groupBy(
    participants.filter((one) => !one.erased),
    (one) => one.person,
  )
  return [...people]
    .map(([person, parts]) => {
      const sorted = [...parts].sort((a, b) => strength(a) - strength(b))
      const [first] = sorted
      return { person, name: first?.name ?? '', function: first?.function ?? '', parts: sorted }
    })
    .sort((a, b) => strength(a.parts[0]) - strength(b.parts[0]) || byName(a, b))
}

/** Those whose name, organisation or function fits the search. */
export function searched(people: readonly Member[], search: string): Member[] {
  return people.filter((one) =>
    matches([one.name, one.function, ...one.parts.map((part) => part.organisation_name)].join(' '), search),
  )
}

// A part of one's own stands before an inherited one of the same role: it is the one that can be changed here.
function strength(part: Participant | undefined): number {
  if (!part) return SPACE_ROLES.length * 2
  return SPACE_ROLES.indexOf(part.role) * 2 + (part.through === null ? 0 : 1)
}
