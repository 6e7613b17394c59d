import type { Key } from '../lib/texts'
import { type Participant, type Person, type SpaceLine, Viewer } from '../schema'

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

/** As what somebody is in a space: what reaches down from the area is said where it gives more than their part there. */
export function roleIn(space: SpaceLine, inArea: string): Key {
  const moderates = space.role === 'moderator' || space.role === 'deputy'
  if (space.viewer === Viewer.MODERATOR && !moderates) return areaRole(inArea)
  return space.role ? spaceRole(space.role) : 'overview.reading'
}
