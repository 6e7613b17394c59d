import { expect, test } from 'vitest'
import type { DemoPerson } from '../schema'
import { byOrganisation, suggestions } from './demo-people'

function person(name: string, rest: Partial<DemoPerson> = {}): DemoPerson {
  return {
    person: name,
    name,
    organisation: '',
    function: '',
    role: 'member',
    spaces: ['Netzwerk Mobilität'],
    moderates: [],
    sector: null,
    ...rest,
  }
}

const PEOPLE = [
  person('Ayşe', { organisation: 'Gewerbeverein', sector: 'private', moderates: ['Netzwerk Ortsmitten'] }),
  person('Jana', { role: 'coordination', organisation: 'Stadt', sector: 'public', moderates: ['Netzwerk Mobilität'] }),
  person('Rosalie', { role: 'guest', spaces: [] }),
  person('Mirela', { organisation: 'Omnibus Dorfner', sector: 'private' }),
  person('Josef', { organisation: 'Omnibus Dorfner', sector: 'private' }),
]

test('each suggestion shows another side, and nobody is suggested twice', () => {
  expect(suggestions(PEOPLE).map(({ reason, person: { name } }) => [reason, name])).toEqual([
    ['coordination', 'Jana'],
    ['moderator', 'Ayşe'],
    ['partner', 'Mirela'],
    ['guest', 'Rosalie'],
  ])
})

test('where nobody fits there is no suggestion', () => {
  expect(suggestions([person('Paul', { sector: 'charitable' })])).toEqual([])
})

test('people stand under their organisation, those without one last', () => {
  expect(byOrganisation(PEOPLE, '').map((group) => [group.organisation, group.people.length])).toEqual([
    ['Gewerbeverein', 1],
    ['Omnibus Dorfner', 2],
    ['Stadt', 1],
    ['', 1],
  ])
})

test('the search looks at organisations and spaces too', () => {
  expect(byOrganisation(PEOPLE, 'dorfner')).toHaveLength(1)
  expect(byOrganisation(PEOPLE, 'mobilitat').flatMap((group) => group.people)).toHaveLength(4)
})
