import { type Me, SCHEMA } from '../schema'
import { type Client, type Status, startClient } from '../sync'
import { fetchJson, HttpProblem } from './http'

/** `unknown` until the server or this device has said who is signed in. */
export type SessionState = 'unknown' | 'signed_out' | 'signed_in' | 'unreachable'

const KEY = 'korridor.me'
let state = $state<SessionState>('unknown')
let client = $state.raw<Client | null>(null)
let status = $state.raw<Status | null>(null)

/** Who is signed in. Pages inside the shell are only made when somebody is, so they use `me` and `client` plainly. */
export const session = {
  get state(): SessionState {
    return state
  },
  get me(): Me {
    return need().me
  },
  get client(): Client {
    return need()
  },
  /** What the header says; null when nobody is signed in. */
  get status(): Status | null {
    return status
  },
}

/** Finds out who is signed in. Offline, the person who used this device last goes on with what it holds. */
export async function resumeSession(): Promise<void> {
  try {
    begin(await fetchJson<Me>('/api/me'))
  } catch (problem) {
    if (problem instanceof HttpProblem && problem.status === 401) end()
    else resumeOffline()
  }
}

/** Goes on as the person whom the server has just signed in. */
export function enterAs(me: Me): void {
  begin(me)
}

/** Signs out and wipes what this device holds. False if the server could not be reached: then nobody is signed out. */
export async function signOut(): Promise<boolean> {
  const done = await need().signOut()
  if (done) end()
  return done
}

function begin(me: Me): void {
  client?.stop() // somebody comes in where somebody else was
  keepMe(me)
  const next = startClient(me)
  next.subscribeStatus((now) => {
    status = now
    if (now.link === 'signed-out') end()
  })
  status = next.status
  client = next
  state = 'signed_in'
}

function end(): void {
  const last = client
  client = null
  status = null
  state = 'signed_out'
  keepMe(null)
  last?.stop()
}

function resumeOffline(): void {
  const me = keptMe()
  // Another generation of the vocabulary cannot read what this device holds.
  if (me && me.schema === SCHEMA) begin(me)
  else state = 'unreachable'
}

function need(): Client {
  if (!client) throw new Error('Nobody is signed in.')
  return client
}

function keepMe(me: Me | null): void {
  try {
    if (me) localStorage.setItem(KEY, JSON.stringify(me))
    else localStorage.removeItem(KEY)
  } catch {
    // Without storage there is no reading offline, and nothing else is missing.
  }
}

function keptMe(): Me | null {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? 'null') as Me | null
  } catch {
    return null
  }
}
