import { expect, test } from 'vitest'
import type { Participant } from '../schema'
import { members, searched } from './members'

function part(id: string, person: string, role: Participant['role'], rest: Partial<Participant> = {}): Participant {
  return {
    kind: 'participant',
    erased: false,
    id,
    to: 7,
    person,
    name: person,
    role,
    organisation: null,
    organisation_name: '',
    sector: null,
    interest_group: null,
    function: '',
    voting: true,
    through: null,
    since: null,
    invitation: null,
    promised: null,
    until: null,
    ...rest,
  }
}

const PARTS = [
  part('1', 'Zoe', 'member'),
  part('2', 'Änne', 'member', { organisation_name: 'Sozialstation' }),
  part('3', 'Jana', 'member', { through: 'network' }),
  part('4', 'Jana', 'moderator', { through: 'network' }),
  part('5', 'Jana', 'moderator'),
  part('6', 'Gerd', 'guest'),
]

test('one line a person, the strongest role first, names as in German', () => {
  expect(members(PARTS).map((one) => one.person)).toEqual(['Jana', 'Änne', 'Zoe', 'Gerd'])
})

test('of the same role the own part stands before the inherited one', () => {
  expect(members(PARTS)[0]?.parts.map((one) => one.id)).toEqual(['5', '4', '3'])
})

test('organisations are searched too', () => {
  expect(searched(members(PARTS), 'sozial').map((one) => one.person)).toEqual(['Änne'])
})
