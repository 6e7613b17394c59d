import type { Key } from '../lib/texts'
import type { Participant, Person } from '../schema'

type AreaRole = Person['role']
type SpaceRole = Participant['role']

export const AREA_ROLES: readonly AreaRole[] = [
  'coordination',
  'steering',
  'member',
  'reader',
  'guest',
  'administrator',
]
/** Strongest first. */
export const SPACE_ROLES: readonly SpaceRole[] = ['moderator', 'deputy', 'member', 'coach', 'guest', 'reader']

/** The word for a role in the area; of one that this version does not know, nothing is claimed. */
export function areaRole(role: string): Key {
  return (AREA_ROLES as readonly string[]).includes(role) ? (`area_role.${role}` as Key) : 'common.none'
}

/** The word for a role in a space. */
export function spaceRole(role: string): Key {
  return (SPACE_ROLES as readonly string[]).includes(role) ? (`space_role.${role}` as Key) : 'common.none'
}
