import type { AnyCommand, AnyReason } from '../schema'
import type { Translate, Vars } from './texts'

/** Why something was refused, in a sentence for the person who wanted it. Needs the texts of `refusals`. */
export function refusalText(reason: AnyReason, t: Translate): string {
  return t(`refusal.${reason.reason}`, valuesOf(reason))
}

/** The words a person typed into a command, so that they can be shown when it is refused; null if there are none. */
export function typedText(command: AnyCommand): string | null {
  for (const field of ['text', 'title', 'reason', 'name'] as const) {
    const value = (command as unknown as Record<string, unknown>)[field]
    if (typeof value === 'string' && value !== '') return value
  }
  return null
}

function valuesOf(reason: AnyReason): Vars {
  switch (reason.reason) {
    case 'column_full':
    case 'too_many':
      return { limit: reason.limit }
    case 'number_taken':
      return { number: reason.number }
    case 'too_many_tries':
      return { seconds: reason.seconds }
    case 'internal':
      return { reference: reason.reference }
    default:
      return {}
  }
}
