import type { Component } from 'svelte'
import { needTexts } from '../lib/i18n.svelte'
import type { Route } from '../lib/routes'
import type { TextArea } from '../lib/texts'

/** A page ready to be shown. Another `key` than before means another page: it is made anew and takes the focus. */
export interface ShownPage {
  key: string
  // biome-ignore lint/suspicious/noExplicitAny: every page has its own props; `propsOf` gives those of its route
  component: Component<any>
  props: Record<string, unknown>
}

interface PageFile {
  load: () => Promise<{ default: ShownPage['component'] }>
  texts?: readonly TextArea[]
}

const FILES: Record<Route['page'], PageFile> = {
  sign_in: { load: () => import('./SignInPage.svelte'), texts: ['people', 'account'] },
  enter: { load: () => import('../account/EnterPage.svelte'), texts: ['account'] },
  setup: { load: () => import('../account/SetupPage.svelte'), texts: ['account'] },
  overview: { load: () => import('./OverviewPage.svelte'), texts: ['people'] },
  tasks: { load: () => import('./MyTasksPage.svelte') },
  security: { load: () => import('../account/SecurityPage.svelte'), texts: ['account', 'refusals'] },
  board: { load: () => import('../board/BoardPage.svelte'), texts: ['board'] },
  journal: { load: () => import('../journal/JournalPage.svelte'), texts: ['activity', 'people'] },
  people: { load: () => import('../people/PeoplePage.svelte'), texts: ['people', 'invitations'] },
  join: { load: () => import('../people/JoinPage.svelte'), texts: ['invitations'] },
  static: { load: () => import('./StaticPage.svelte') },
  not_found: { load: () => import('./NotFoundPage.svelte') },
}

/** Loads the script and the texts of a page, each once. */
export async function loadPage(route: Route): Promise<ShownPage> {
  const file = FILES[route.page]
  const [module] = await Promise.all([file.load(), needTexts(...(file.texts ?? []))])
  const { page, ...props } = route
  return { key: keyOf(route), component: module.default, props }
}

/** Which page this is. The board and the list are two views of one page: between them nothing is made anew. */
export function keyOf(route: Route): string {
  if (route.page === 'static') return `static ${route.about}`
  return 'space' in route ? `${route.page} ${route.space}` : route.page
}
