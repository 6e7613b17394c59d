/** While the server is away, so long between two tries. */
const AGAIN_AFTER = 2_000

/**
 * A part of the page that is fetched when it is needed. Without a server it comes as soon as there is one: a notice
 * about it would say what the header says already. When the server is there and the file is not, another build was
 * installed; then this never resolves, and `watchFailures` offers to load the page anew.
 */
export async function lazy<Module>(load: () => Promise<Module>): Promise<Module> {
  for (;;) {
    try {
      return await load()
    } catch {
      if (await reachable()) return outdated()
    }
    await new Promise((resume) => setTimeout(resume, AGAIN_AFTER))
  }
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
