import { fetchJson } from '../lib/http'
import { enterAs } from '../lib/session.svelte'
import type { Id, LinkPreview, MailTried, Me, OwnSession, SetUp, SetupPreview, TryMail } from '../schema'

/** The token of the link that led here. It is taken out of the address, so that nobody reads it over a shoulder. */
export function takeToken(): string {
  const token = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
  return token
}

/** Asks for a link to this address. The answer is the same whether anybody has it. */
export const askForLink = (email: string) => post<void>('/api/sign-in/ask', { email })

/** Whom a link signs in; uses nothing up. */
export const lookAtLink = (token: string) => post<LinkPreview>('/api/sign-in/look', { token })

/** Uses a link up and goes on as whom it signs in. */
export async function useLink(token: string): Promise<void> {
  enterAs(await post<Me>('/api/sign-in', { token }))
}

export const lookAtSetup = (token: string) => post<SetupPreview>('/api/setup/look', { token })

export const tryMail = (trial: TryMail) => post<MailTried>('/api/setup/try-mail', trial)

/** Founds the area and goes on as its coordination. */
export async function setUp(given: SetUp): Promise<void> {
  enterAs(await post<Me>('/api/setup', given))
}

/** Where one is signed in. */
export const ownSessions = () => fetchJson<OwnSession[]>('/api/me/sessions')

/** Signs out elsewhere: one place, or (null) all but this one. */
export const endSessions = (id: string | null) => post<void>('/api/me/sessions/end', { id })

/** Has oneself forgotten for good; `name` was typed by hand. The server ends every session. */
export const eraseMe = (person: Id, name: string) => post<void>(`/api/people/${person}/erase`, { name })

function post<Answer>(path: string, body: unknown): Promise<Answer> {
  return fetchJson<Answer>(path, { method: 'POST', body })
}
