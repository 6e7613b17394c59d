import { fetchJson, HttpProblem } from '../lib/http'
import type { Id, Instant, Invitation, InviteByMail, Invited, Join, JoinPreview, Me, Participant } from '../schema'

export const INVITED_ROLES = ['member', 'guest', 'reader'] as const satisfies readonly Invitation['role'][]
export const DAYS = [7, 14, 30, 90] as const
export const USES = [1, 5, 20, 50, 100, 500] as const
/** As many as the server takes at once. */
export const MOST_ADDRESSES = 100

const TOKEN_BYTES = 32

/** A new secret for a link; 256 bits, in letters that stand in an address. */
export function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

/** What the server gets to know of a token. */
export async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The address that opens an invitation. What stands in its fragment never leaves the browser by itself. */
export function linkOf(token: string, origin: string): string {
  return `${origin}/join#${token}`
}

/** The e-mail addresses in whatever was pasted: a list, a column of a table, the line of a mail program. */
export function addressesIn(text: string): string[] {
  const words = text.split(/[\s,;<>"'()]+/).map((word) => word.replace(/^mailto:/i, '').replace(/[.:]+$/, ''))
  return [...new Set(words.filter((word) => word.includes('@')).map((word) => word.toLowerCase()))]
}

/** Whether somebody may still come in by it. */
export function isOpen(one: Invitation, now: Instant): boolean {
  return one.revoked_at === null && one.uses < one.most_uses && Date.parse(now) < Date.parse(one.expires_at)
}

/** The open ones, the newest first. */
export function openOnes(all: readonly Invitation[], now: Instant): Invitation[] {
  return all.filter((one) => isOpen(one, now)).sort((a, b) => b.created_at.localeCompare(a.created_at))
}

/** Those who came by an invitation and can be sent away with it: whoever moderates by now has outgrown it. */
export function cameBy(invitation: Id, participants: readonly Participant[]): Participant[] {
  return participants.filter((one) => one.invitation === invitation && one.role !== 'moderator')
}

// --- the server ------------------------------------------------------------------------------------------------------

/** What the invited will see; null if the link opens nothing (any more). */
export async function lookAt(token: string): Promise<JoinPreview | null> {
  try {
    return await fetchJson<JoinPreview>('/api/join/look', { method: 'POST', body: { token } })
  } catch (problem) {
    if (problem instanceof HttpProblem && problem.status === 404) return null
    throw problem
  }
}

/** Comes in; answers who one is now. */
export function join(form: Join): Promise<Me> {
  return fetchJson<Me>('/api/join', { method: 'POST', body: form })
}

/** Mails a link to each address. */
export function inviteByMail(space: Id, form: InviteByMail): Promise<Invited[]> {
  return fetchJson<Invited[]>(`/api/spaces/${space}/invitations/mail`, { method: 'POST', body: form })
}
