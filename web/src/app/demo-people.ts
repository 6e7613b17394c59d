import { fetchJson, HttpProblem } from '../lib/http'
import { needTexts, t } from '../lib/i18n.svelte'
import { matches } from '../lib/names'
import { refusalText } from '../lib/refusals'
import { enterAs } from '../lib/session.svelte'
import type { DemoPerson, Id, Me } from '../schema'

export interface PeopleOfOrganisation {
  /** Empty for people without one. */
  organisation: string
  people: readonly DemoPerson[]
}

/** Why somebody is suggested: each shows another side of Korridor. */
export type Reason = 'coordination' | 'moderator' | 'partner' | 'guest'
export interface Suggestion {
  reason: Reason
  person: DemoPerson
}

/** The people one may be on a demo instance; null where there is no such choice. */
export async function demoPeople(): Promise<DemoPerson[] | null> {
  try {
    return await fetchJson<DemoPerson[]>('/api/demo/people')
  } catch (problem) {
    if (problem instanceof HttpProblem && problem.status === 404) return null
    throw problem
  }
}

/** Signs in as one of them. */
export async function signInAs(person: Id): Promise<void> {
  enterAs(await fetchJson<Me>('/api/demo/sign-in', { method: 'POST', body: { person } }))
}

/** The server's reason in a sentence, if it gave one. */
export async function refusalOf(problem: unknown): Promise<string | null> {
  const reason = problem instanceof HttpProblem ? problem.reason : null
  if (!reason) return null
  await needTexts('refusals')
  return refusalText(reason, t)
}

/** The people whose name, organisation, function or space fits the search, by organisation; those without one last. */
export function byOrganisation(people: readonly DemoPerson[], search: string): PeopleOfOrganisation[] {
  const found = people.filter((one) =>
    matches([one.name, one.organisation, one.function, ...one.spaces].join(' '), search),
  )
  return [...Map.groupBy(found, (one) => one.organisation)]
    .map(([organisation, members]) => ({ organisation, people: members }))
    .sort((a, b) => rank(a) - rank(b) || a.organisation.localeCompare(b.organisation, 'de'))
}

const rank = (group: PeopleOfOrganisation) => (group.organisation === '' ? 1 : 0)

/** Of each reason the first person that fits, nobody twice. */
export function suggestions(people: readonly DemoPerson[]): Suggestion[] {
  const chosen: Suggestion[] = []
  for (const [reason, fits] of FITS) {
    const person = people.find((one) => fits(one) && chosen.every((other) => other.person !== one))
    if (person) chosen.push({ reason, person })
  }
  return chosen
}

const FITS: readonly [Reason, (one: DemoPerson) => boolean][] = [
  ['coordination', (one) => one.role === 'coordination'],
  ['moderator', (one) => one.moderates.length > 0 && one.sector !== 'public' && one.role !== 'coordination'],
  ['partner', (one) => one.sector === 'private' && one.moderates.length === 0 && one.spaces.length > 0],
  ['guest', (one) => one.role === 'guest'],
]
