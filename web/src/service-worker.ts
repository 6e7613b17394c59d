/// <reference lib="webworker" />
/**
 * Keeps the files of one build on the device, so that Korridor starts offline and at once. It never touches what the
 * server says about spaces or people: `/api`, `/ws` and `/health` pass by, `sync` keeps their content bound to a person.
 */
import { answerOf } from './lib/offline'

declare const self: ServiceWorkerGlobalScope
/** Written by the build: a name that changes with every build, and the files of it. */
declare const __PRECACHE__: { version: string; files: string[] }

const { version, files } = __PRECACHE__
const CACHE = `korridor-${version}`

self.addEventListener('install', (event) => {
  // Past the browser's own cache: a page kept there may belong to the build before.
  const fresh = files.map((file) => new Request(file, { cache: 'reload' }))
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(fresh))
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOld().then(() => self.clients.claim()))
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  switch (answerOf(request.method, new URL(request.url), self.location.origin, request.mode)) {
    case 'page':
      event.respondWith(page(request))
      return
    case 'file':
      event.respondWith(file(request))
      return
    case 'network':
      return
  }
})

/** The page itself comes from the server when it answers: after an update nobody is left on the old one. */
async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (unreachable) {
    const kept = await caches.match('/', { cacheName: CACHE })
    if (kept) return kept
    throw unreachable
  }
}

/** A tab that was open during an update still asks for files of the build before. */
async function file(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request)
}

/** Keeps this build and the one before it; browsers list caches in the order in which they were made. */
async function dropOld(): Promise<void> {
  const names = (await caches.keys()).filter((name) => name.startsWith('korridor-') && name !== CACHE)
  await Promise.all(names.slice(0, -1).map((name) => caches.delete(name)))
}
