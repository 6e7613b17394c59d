import type { Id } from '../schema'

export type StaticPage = 'accessibility' | 'privacy' | 'imprint'
export type Route =
  | { page: 'sign_in' | 'enter' | 'setup' | 'join' | 'overview' | 'tasks' | 'security' | 'not_found' }
  | { page: 'static'; about: StaticPage }
  | { page: 'board'; space: Id; view: 'board' | 'list' }
  | { page: 'journal' | 'people'; space: Id }

const PLAIN = new Map<string, Route>([
  ['/', { page: 'overview' }],
  ['/sign-in', { page: 'sign_in' }],
  ['/enter', { page: 'enter' }],
  ['/setup', { page: 'setup' }],
  ['/tasks', { page: 'tasks' }],
  ['/join', { page: 'join' }],
  ['/account', { page: 'security' }],
  ['/accessibility', { page: 'static', about: 'accessibility' }],
  ['/privacy', { page: 'static', about: 'privacy' }],
  ['/imprint', { page: 'static', about: 'imprint' }],
])
const SPACE = /^\/spaces\/([0-9a-f-]{36})(?:\/(list|journal|people))?$/

/** Which page an address means. */
export function routeOf(path: string): Route {
  const trimmed = path.length > 1 ? path.replace(/\/+$/, '') : path
  const plain = PLAIN.get(trimmed)
  if (plain) return plain
  const [, space, view] = SPACE.exec(trimmed) ?? []
  if (space === undefined) return { page: 'not_found' }
  if (view === 'journal' || view === 'people') return { page: view, space }
  return { page: 'board', space, view: view === 'list' ? 'list' : 'board' }
}

/** The addresses of the pages, for links. */
export const links = {
  overview: '/',
  tasks: '/tasks',
  signIn: '/sign-in',
  security: '/account',
  board: (space: Id) => `/spaces/${space}`,
  list: (space: Id) => `/spaces/${space}/list`,
  journal: (space: Id) => `/spaces/${space}/journal`,
  people: (space: Id) => `/spaces/${space}/people`,
  task: (space: Id, task: Id) => `/spaces/${space}?task=${task}`,
  /** The board as it was after an entry. */
  boardAt: (space: Id, seq: number) => `/spaces/${space}?at=${seq}`,
}
