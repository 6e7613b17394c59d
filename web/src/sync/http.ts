import type { Problem } from '../schema.ts'
import { ReadProblem } from './types.ts'
import type { World } from './world.ts'

/** Longer than any read takes, so that a swallowed request does not hold its place for ever. */
const READ_WITHIN = 20_000

export interface Answer<T> {
  status: number
  body: T
  etag: string | null
}

export interface ReadOptions {
  etag?: string | null
  signal?: AbortSignal
  /** Seconds more than usual that the server may take (long poll). */
  longer?: number
}

export interface Http {
  /** 200, or 304 if an etag was given (then the body is undefined); throws `ReadProblem` for all else. */
  get<T>(path: string, options?: ReadOptions): Promise<Answer<T>>
  /** Any answer at all; throws `ReadProblem` with status 0 if there is none. */
  post<T>(path: string, body?: unknown): Promise<Answer<T>>
}

/** Reads and posts. Nothing is left in the browser's HTTP cache: what is kept can be wiped. */
export function httpOver({ fetch, later }: Pick<World, 'fetch' | 'later'>): Http {
  async function send<T>(path: string, init: RequestInit, ms: number): Promise<Answer<T>> {
    const ended = new AbortController()
    const give = () => ended.abort()
    const stop = later(give, ms)
    init.signal?.addEventListener('abort', give)
    try {
      const response = await fetch(path, { cache: 'no-store', ...init, signal: ended.signal })
      const text = await response.text()
      const body = (text ? JSON.parse(text) : undefined) as T
      return { status: response.status, body, etag: response.headers.get('ETag') }
    } catch {
      throw new ReadProblem(0)
    } finally {
      stop()
      init.signal?.removeEventListener('abort', give)
    }
  }

  return {
    async get<T>(path: string, { etag, signal, longer = 0 }: ReadOptions = {}) {
      const headers: HeadersInit = etag ? { 'If-None-Match': etag } : {}
      const init = signal ? { headers, signal } : { headers }
      const answer = await send<T>(path, init, READ_WITHIN + longer * 1000)
      if (answer.status === 200 || (etag && answer.status === 304)) return answer
      throw new ReadProblem(answer.status, (answer.body as Problem | undefined)?.reason ?? null)
    },
    post: (path, body) =>
      send(
        path,
        {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        },
        READ_WITHIN,
      ),
  }
}
