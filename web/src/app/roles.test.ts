import { expect, test } from 'vitest'
import { type SpaceLine, Viewer } from '../schema'
import { areaRole, roleIn, spaceRole } from './roles'

const SPACE: SpaceLine = {
  id: 's',
  space_kind: 'network',
  name: 'Netzwerk',
  parent: null,
  viewer: Viewer.MEMBER,
  role: 'member',
  open_tasks: 0,
  my_tasks: 0,
  my_overdue: 0,
}

test('a role is said as the person holds it', () => {
  expect(roleIn(SPACE, 'member')).toBe('space_role.member')
  expect(roleIn({ ...SPACE, viewer: Viewer.MODERATOR, role: 'deputy' }, 'member')).toBe('space_role.deputy')
})

test('coordination reaches down into every space', () => {
  expect(roleIn({ ...SPACE, viewer: Viewer.MODERATOR }, 'coordination')).toBe('area_role.coordination')
  expect(roleIn({ ...SPACE, viewer: Viewer.MODERATOR, role: null }, 'coordination')).toBe('area_role.coordination')
})

test('without a part there one reads along', () => {
  expect(roleIn({ ...SPACE, viewer: Viewer.READER, role: null }, 'member')).toBe('overview.reading')
})

test('of a role that this version does not know nothing is claimed', () => {
  expect(areaRole('emperor')).toBe('common.none')
  expect(spaceRole('emperor')).toBe('common.none')
})
