import { expect, test } from 'vitest'
import { called } from './called'
import { initials, shortName } from './names'

const person = { name: 'Josef Winkler', erased: false }

test('people are called by their name, and those who were erased by what they were', () => {
  expect(called(person)).toBe('Josef Winkler')
  expect(called({ name: '', erased: true })).toBe('person.former')
  expect(called({ name: '', erased: true, organisation_name: 'Stadt' })).toBe('person.former_of')
  expect(called(undefined)).toBeUndefined()
})

test('what is no name is not shortened like one', () => {
  expect(shortName('ehemaliges Mitglied (Stadt)')).toBe('ehemaliges Mitglied (Stadt)')
  expect(initials('ehemaliges Mitglied (Stadt)')).toBe('EM')
})
