import { expect, test } from 'vitest'
import { byName, initials, matches, shortName } from './names'

test.each([
  ['Jana Wolfsteiner', 'JW'],
  ['Dr. Paul Amsinck', 'PA'],
  ['Prof. Dr. Friederike Stolz', 'FS'],
  ['Hans-Peter Lindl', 'HL'],
  ['Ayşe Demirkan', 'AD'],
  ['Ömer', 'Ö'],
  ['Dora Hermann', 'DH'],
  ['', ''],
])('initials of %s are %s', (name, expected) => {
  expect(initials(name)).toBe(expected)
})

test('a short name keeps the title', () => {
  expect(shortName('Josef Dorfner')).toBe('Josef')
  expect(shortName('Dr. Paul Amsinck')).toBe('Dr. Paul Amsinck')
})

test('a search finds words in any order, whatever their accents', () => {
  expect(matches('Mirela Petrović Omnibus Dorfner', 'dorf petrovic')).toBe(true)
  expect(matches('Petra Nußrainer', 'nussrainer')).toBe(true)
  expect(matches('Petra Nußrainer', 'kainz')).toBe(false)
  expect(matches('anything', '  ')).toBe(true)
})

test('people are sorted without their titles, umlauts as in German', () => {
  const people = ['Zoe', 'Dr. Paul', 'Änne', 'Prof. Dr. Berta'].map((name) => ({ name }))
  expect(people.sort(byName).map((one) => one.name)).toEqual(['Änne', 'Prof. Dr. Berta', 'Dr. Paul', 'Zoe'])
})
