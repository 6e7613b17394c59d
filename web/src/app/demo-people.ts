import { matches } from '../lib/names'
import type { DemoPerson } from '../schema'

export interface PeopleOfOrganisation {
  /** Empty for people without one. */
  organisation: string
  people: readonly DemoPerson[]
}

/** The people whose name, organisation, function or space fits the search, by organisation; those without one last. */
export function byOrganisation(people: readonly DemoPerson[], search: string): PeopleOfOrganisation[] {
  const groups = new Map<string, DemoPerson[]>()
  for (const one of people) {
    if (!matches([one.name, one.organisation, one.function, ...one.spaces].join(' '), search)) continue
    const group = groups.get(one.organisation) ?? []
    groups.set(one.organisation, [...group, one])
  }
  return [...groups]
    .map(([organisation, found]) => ({ organisation, people: found }))
    .sort((a, b) => Number(a.organisation === '') - Number(b.organisation === ''))
}

/**
 * Four people who between them show what Korridor is: who coordinates the area, who moderates a network, a partner of
 * it, and a guest or citizen who sees less.
 */
export function suggestions(people: readonly DemoPerson[]): DemoPerson[] {
  const chosen: DemoPerson[] = []
  const choose = (fits: (one: DemoPerson) => boolean) => {
    const found = people.find((one) => !chosen.includes(one) && fits(one))
    if (found) chosen.push(found)
  }
  choose((one) => one.role === 'coordination')
  choose((one) => one.role === 'member' && /moderation|moderator|moderiert/i.test(`${one.function} ${one.spaces}`))
  choose((one) => one.role === 'steering' && one.spaces.length > 1)
  choose((one) => one.role === 'member' && one.spaces.length > 0)
  choose((one) => one.role === 'guest')
  choose((one) => one.role === 'reader')
  return chosen.slice(0, 4)
}
