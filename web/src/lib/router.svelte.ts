import { type Route, routeOf } from './routes'

export interface GoOptions {
  /** Takes the place of the current entry in the history instead of adding one. */
  replace?: boolean
}

let address = $state.raw(read())
const route = $derived(routeOf(address.pathname))

/** Where the page is. Reading it in a template or an effect follows it. */
export const router = {
  get route(): Route {
    return route
  },
  get path(): string {
    return address.pathname
  },
  /** What stands behind the #. */
  get fragment(): string {
    return address.hash.slice(1)
  },
  get query(): URLSearchParams {
    return address.searchParams
  },
}

/** Goes to an address of this site. */
export function go(href: string, { replace = false }: GoOptions = {}): void {
  const next = new URL(href, location.href)
  if (next.href === location.href) return
  history[replace ? 'replaceState' : 'pushState'](null, '', next)
  address = next
}

/** Changes parts of the query and leaves the rest as it is; null takes a part out. */
export function goQuery(parts: Record<string, string | null>, options?: GoOptions): void {
  go(withQuery(location.href, parts), options)
}

/** The address of this page with other parts in its query, for links. */
export function withQuery(href: string, parts: Record<string, string | null>): string {
  const next = new URL(href, location.href)
  for (const [name, value] of Object.entries(parts)) {
    if (value === null) next.searchParams.delete(name)
    else next.searchParams.set(name, value)
  }
  return next.pathname + next.search
}

/** Lets links of this site change the page without loading it anew, and follows back and forward. */
export function startRouter(): () => void {
  const follow = () => {
    address = read()
  }
  const click = (event: MouseEvent) => {
    const href = ownLink(event)
    if (href === null) return
    event.preventDefault()
    go(href)
  }
  addEventListener('popstate', follow)
  document.addEventListener('click', click)
  return () => {
    removeEventListener('popstate', follow)
    document.removeEventListener('click', click)
  }
}

function ownLink(event: MouseEvent): string | null {
  if (event.defaultPrevented || event.button !== 0) return null
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (!link?.href || link.target || link.hasAttribute('download')) return null
  const next = new URL(link.href)
  const jump = next.hash !== '' && next.pathname === location.pathname && next.search === location.search
  const served = /^\/(api|assets|health|ws)(\/|$)/.test(next.pathname)
  return next.origin !== location.origin || jump || served ? null : next.href
}

function read(): URL {
  return new URL(location.href)
}
