import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { lazy, watchStyles } from './lazy'

const page = new EventTarget()
let server: boolean
let told: number

beforeEach(() => {
  server = true
  told = 0
  vi.useFakeTimers()
  vi.stubGlobal('fetch', async () => (server ? new Response() : Promise.reject(new TypeError())))
  vi.stubGlobal('dispatchEvent', page.dispatchEvent.bind(page))
  page.addEventListener('korridor:outdated', count)
})

afterEach(() => {
  page.removeEventListener('korridor:outdated', count)
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const count = () => {
  told += 1
}

/** A part that comes at the given try. */
function part(from: number) {
  let tries = 0
  return async () => {
    tries += 1
    if (tries < from) throw new TypeError('no such file')
    return tries
  }
}

test('what is there comes at once', async () => {
  expect(await lazy(part(1))).toBe(1)
})

test('without a server it is tried again until there is one, and nothing is told', async () => {
  server = false
  const coming = lazy(part(4))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await coming).toBe(4)
  expect(told).toBe(0)
})

test('a server that came back between two requests is not another build', async () => {
  expect(await lazy(part(2))).toBe(2)
  expect(told).toBe(0)
})

test('what is missing although the server is there is told once', async () => {
  void lazy(part(Number.POSITIVE_INFINITY))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(told).toBe(1)
})

test('what is here already does not wait for the styles of another part', async () => {
  vi.stubGlobal('HTMLLinkElement', Stylesheet)
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  const stop = watchStyles()
  server = false
  const failed = new Event('error')
  Object.defineProperty(failed, 'target', { value: new Stylesheet() })
  page.dispatchEvent(failed)
  expect(await lazy(part(1))).toBe(1)
  stop()
})

/** A stylesheet that does not come, however often it is asked for. */
class Stylesheet {
  rel = 'stylesheet'
  onerror: (() => void) | null = null
  cloneNode() {
    return new Stylesheet()
  }
  replaceWith(again: Stylesheet) {
    again.onerror?.()
  }
}
