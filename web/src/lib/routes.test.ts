import { expect, test } from 'vitest'
import { links, routeOf } from './routes'

const SPACE = '0190a5d2-5b5e-7cc1-8b4b-3d2f1a0c9e77'

test.each([
  ['/', { page: 'overview' }],
  ['/tasks/', { page: 'tasks' }],
  ['/sign-in', { page: 'sign_in' }],
  ['/privacy', { page: 'static', about: 'privacy' }],
  [links.board(SPACE), { page: 'board', space: SPACE, view: 'board' }],
  [links.list(SPACE), { page: 'board', space: SPACE, view: 'list' }],
  [links.journal(SPACE), { page: 'journal', space: SPACE }],
  [links.people(SPACE), { page: 'people', space: SPACE }],
  ['/spaces/other', { page: 'not_found' }],
  [`/spaces/${SPACE}/settings`, { page: 'not_found' }],
  ['/toString', { page: 'not_found' }],
])('%s', (path, expected) => {
  expect(routeOf(path)).toEqual(expected)
})
