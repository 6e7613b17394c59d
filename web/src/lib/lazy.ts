/** While the server is away, so long between two tries. */
const AGAIN_AFTER = 2_000

/**
 * What is fetched when it is needed, a part of the page or texts. Without a server it comes as soon as there is one: a
 * notice about it would say what the header says already. When the server is there and the file is not, another build
 * was installed; then this never resolves, and `watchFailures` offers to load the page anew. That also helps where a
 * browser keeps a failed import for good.
 */
export async function lazy<Wanted>(load: () => Promise<Wanted>): Promise<Wanted> {
  // A server that answers may have come back just now, so it is asked for the file once more.
  for (let answered = false, again = false; ; again = true) {
    try {
      // What is here already does not wait for the styles of other parts.
      if (again) await restyle()
      return await load()
    } catch {
      if (answered) return outdated()
    }
    answered = await reachable()
    if (!answered) await new Promise((resume) => setTimeout(resume, AGAIN_AFTER))
  }
}

/** For a page, which says itself that it cannot be reached: tells when the reason is another build. */
export async function tellIfOutdated(): Promise<void> {
  if (await reachable()) void outdated()
}

/** Stylesheets that did not come. The bundler asks for each of them once only. */
const unstyled = new Set<HTMLLinkElement>()

/** Notes which stylesheets do not come; the answer ends it. */
export function watchStyles(): () => void {
  const failed = ({ target }: Event) => {
    if (target instanceof HTMLLinkElement && target.rel === 'stylesheet') unstyled.add(target)
  }
  // Such an event stays at its element, so it is caught on its way down.
  addEventListener('error', failed, true)
  return () => removeEventListener('error', failed, true)
}

async function restyle(): Promise<void> {
  const links = [...unstyled]
  unstyled.clear()
  await Promise.all(links.map(fetchAgain))
}

function fetchAgain(link: HTMLLinkElement): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const again = link.cloneNode() as HTMLLinkElement
    again.onload = resolve
    again.onerror = reject
    link.replaceWith(again)
  })
}

function reachable(): Promise<boolean> {
  return fetch('/health').then(
    (answer) => answer.ok,
    () => false,
  )
}

function outdated(): Promise<never> {
  dispatchEvent(new Event('korridor:outdated'))
  return new Promise(() => {})
}
