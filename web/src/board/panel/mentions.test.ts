import { expect, test } from 'vitest'
import { nameBeforeCaret, shownText, storedText } from './mentions.ts'

const JOSEF = '00000000-0000-7000-8000-000000000001'
const JANA = '00000000-0000-7000-8000-000000000002'
const PEOPLE = [
  { person: JANA, name: 'Jana' },
  { person: '00000000-0000-7000-8000-000000000003', name: 'Jana Wolfsteiner' },
  { person: JOSEF, name: 'Josef (Bus) Dorfner' },
]

test('a mention is kept as an id and read as a name', () => {
  const stored = storedText('Bitte @Josef (Bus) Dorfner, und @Jana!', PEOPLE)
  expect(stored).toBe(`Bitte @[${JOSEF}], und @[${JANA}]!`)
  const names = new Map(PEOPLE.map((one) => [one.person, one.name]))
  expect(shownText(stored, (id) => names.get(id) ?? '')).toBe('Bitte @Josef (Bus) Dorfner, und @Jana!')
})

test('the longer name wins, and a longer word is no name', () => {
  expect(storedText('@Jana Wolfsteiner', PEOPLE)).toBe('@[00000000-0000-7000-8000-000000000003]')
  expect(storedText('@Janas Idee', PEOPLE)).toBe('@Janas Idee')
  expect(storedText('mail@Janet', PEOPLE)).toBe('mail@Janet')
  expect(storedText('@Jana', [])).toBe('@Jana')
})

test('what is typed after an @ is found at the caret', () => {
  expect(nameBeforeCaret('Hallo @Jo', 9)).toEqual({ from: 6, typed: 'Jo' })
  expect(nameBeforeCaret('@', 1)).toEqual({ from: 0, typed: '' })
  expect(nameBeforeCaret('@Josef Dorf', 11)).toEqual({ from: 0, typed: 'Josef Dorf' })
})

test('an address or a finished sentence is no mention', () => {
  expect(nameBeforeCaret('mail@beispiel', 13)).toBeNull()
  expect(nameBeforeCaret('@ wie', 5)).toBeNull()
  expect(nameBeforeCaret('@Jana macht das heute noch', 26)).toBeNull()
  expect(nameBeforeCaret('kein Zeichen', 12)).toBeNull()
})
