import { fetchJson, HttpProblem } from '../lib/http'
import { enterAs } from '../lib/session.svelte'
import type {
  Challenge,
  Entered,
  LinkPreview,
  MailTried,
  Me,
  NewAuthenticator,
  OwnSession,
  RecoveryCodes,
  Security,
  SetUp,
  SetupPreview,
  TryMail,
} from '../schema'

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

/** Uses a link up; goes on as whom it signs in, or answers the token for the second step. */
export const useLink = async (token: string) => entered(await post<Entered>('/api/sign-in', { token }))

/** Signs in with a password; answers the token for the second step if there is one. */
export const usePassword = async (email: string, password: string) =>
  entered(await post<Entered>('/api/sign-in/password', { email, password }))

/** The second step, with a code of the authenticator or one that stands in for it. */
export const useCode = async (token: string, code: string) =>
  entered(await post<Entered>('/api/sign-in/second', { token, code }))

function entered({ me, second }: Entered): string | null {
  if (me) enterAs(me)
  return second
}

/** How one signs in; null in a demo, where nobody has an account. */
export async function security(): Promise<Security | null> {
  try {
    return await fetchJson<Security>('/api/me/security')
  } catch (problem) {
    if (problem instanceof HttpProblem && problem.status === 404) return null
    throw problem
  }
}

/** Has a link sent there; whoever opens it has confirmed the address. */
export const giveAddress = (email: string) => post<void>('/api/me/email', { email })

export const setPassword = (given: { new: string; current: string | null }) => post<void>('/api/me/password', given)

export const removePassword = () => post<void>('/api/me/password/remove', {})

export const newAuthenticator = () => post<NewAuthenticator>('/api/me/authenticator/new', {})

export const confirmAuthenticator = (secret: string, code: string) =>
  post<RecoveryCodes>('/api/me/authenticator', { secret, code })

export const removeAuthenticator = (code: string) => post<void>('/api/me/authenticator/remove', { code })

export const newRecoveryCodes = (code: string) => post<RecoveryCodes>('/api/me/recovery-codes', { code })

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

function post<Answer>(path: string, body: unknown): Promise<Answer> {
  return fetchJson<Answer>(path, { method: 'POST', body })
}

// --- passkeys --------------------------------------------------------------------------------------------------------

/** Whether this browser knows passkeys, and this address may have them: a bare number may not. */
export const knowsPasskeys =
  'PublicKeyCredential' in globalThis &&
  'parseCreationOptionsFromJSON' in PublicKeyCredential &&
  !/^[\d.:[\]]+$/.test(location.hostname)

/** Has the device make a passkey; false if the person changed their mind. */
export async function addPasskey(name: string): Promise<boolean> {
  const { token, options } = await post<Challenge>('/api/me/passkeys/new', {})
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  )
  const credential = await asked(navigator.credentials.create({ publicKey }))
  if (credential) await post<void>('/api/me/passkeys', { token, name, credential: credential.toJSON() })
  return credential !== null
}

export const removePasskey = (id: string) => post<void>('/api/me/passkeys/remove', { id })

/** Signs in with a passkey; false if the person changed their mind. */
export async function usePasskey(): Promise<boolean> {
  const { token, options } = await post<Challenge>('/api/sign-in/passkey/new', {})
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  )
  const credential = await asked(navigator.credentials.get({ publicKey }))
  if (credential) entered(await post<Entered>('/api/sign-in/passkey', { token, credential: credential.toJSON() }))
  return credential !== null
}

/** Browsers do not tell whether somebody pressed "cancel" or has no passkey; either way nothing was done. */
async function asked(answer: Promise<Credential | null>): Promise<PublicKeyCredential | null> {
  try {
    return (await answer) as PublicKeyCredential | null
  } catch (problem) {
    if (
      problem instanceof DOMException &&
      ['NotAllowedError', 'AbortError', 'InvalidStateError'].includes(problem.name)
    )
      return null
    throw problem
  }
}
