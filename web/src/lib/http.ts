import type { AnyReason, Problem } from '../schema'

/** The server's answer that is not what was asked for; status 0 when there was none. */
export class HttpProblem extends Error {
  readonly status: number
  readonly reason: AnyReason | null

  constructor(status: number, reason: AnyReason | null = null) {
    super(`request failed: ${status}`)
    this.status = status
    this.reason = reason
  }
}

/** Reads JSON from the server. Everything about spaces goes through `sync`; this is for what comes before it. */
export async function fetchJson<T>(
  path: string,
  { method = 'GET', body }: { method?: 'GET' | 'POST'; body?: unknown } = {},
): Promise<T> {
  const answer = await ask(path, {
    method,
    headers: { Accept: 'application/json', ...(body ? { 'Content-Type': 'application/json' } : {}) },
    body: body ? JSON.stringify(body) : null,
  })
  if (!answer.ok) throw new HttpProblem(answer.status, await reasonOf(answer))
  return (answer.status === 204 ? undefined : answer.json()) as Promise<T>
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init)
  } catch {
    throw new HttpProblem(0)
  }
}

async function reasonOf(answer: Response): Promise<AnyReason | null> {
  try {
    return ((await answer.json()) as Problem).reason
  } catch {
    return null
  }
}
