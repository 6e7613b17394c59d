const SERVED = /^\/(api|ws|health)(\/|$)/

/** Who answers a request: the kept files, the page (server first), or the network alone. */
export type Answer = 'file' | 'page' | 'network'

/** How the service worker treats a request of the page. */
export function answerOf(method: string, url: URL, origin: string, mode: RequestMode): Answer {
  if (method !== 'GET' || url.origin !== origin || SERVED.test(url.pathname)) return 'network'
  if (mode === 'navigate') return 'page'
  return url.pathname.startsWith('/assets/') ? 'file' : 'network'
}
