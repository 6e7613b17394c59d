import { t } from './i18n.svelte'

interface Known {
  name: string
  erased: boolean
  organisation_name?: string
}

/** What somebody is called: their name, or that they were a member once. Undefined for those who are not known. */
export function called(one: Known | undefined): string | undefined {
  if (!one?.erased) return one?.name
  return t(`person.former${one.organisation_name ? '_of' : ''}`, { organisation: one.organisation_name ?? '' })
}
