import type account from '../../../shared_schema/texts/de/account.json'
import type activity from '../../../shared_schema/texts/de/activity.json'
import type app from '../../../shared_schema/texts/de/app.json'
import type board from '../../../shared_schema/texts/de/board.json'
import type invitations from '../../../shared_schema/texts/de/invitations.json'
import type people from '../../../shared_schema/texts/de/people.json'
import type refusals from '../../../shared_schema/texts/de/refusals.json'

export type Language = 'de' | 'en'
/** A file of texts in `shared_schema/texts/{language}/`. Pages load those they need. */
export type TextArea = 'account' | 'activity' | 'app' | 'board' | 'invitations' | 'people' | 'refusals'
export type Texts = Readonly<Record<string, string>>
export type Vars = Readonly<Record<string, string | number>>

type Written =
  | keyof typeof app
  | keyof typeof board
  | keyof typeof people
  | keyof typeof invitations
  | keyof typeof account
  | keyof typeof activity
  | keyof typeof refusals
type Base<K> = K extends `${infer Stem}_${'one' | 'other'}` ? Stem : K
/** A text's key; of plural ones the part before `_one` and `_other`. */
export type Key = Base<Written>
export type Translate = (key: Key, vars?: Vars) => string

/**
 * The function that says a text in one language. `{{name}}` becomes the value of `name`; `count` also chooses between
 * `_one` and `_other`, and numbers are written as the language does. An unknown key is its own text: a test sees to it
 * that there is none.
 */
export function translator(texts: Texts, language: Language): Translate {
  const plural = new Intl.PluralRules(language)
  const number = new Intl.NumberFormat(language)
  const split = new Map<string, readonly string[]>()
  return (key, vars = {}) => {
    const form = typeof vars.count === 'number' ? `${key}_${plural.select(vars.count)}` : key
    const text = texts[form] ?? texts[`${key}_other`] ?? texts[key] ?? key
    let parts = split.get(text)
    if (!parts) {
      // Text and names in turn. A thousand cards say the same few, so they are taken apart once.
      parts = text.split(/\{\{(\w+)\}\}/)
      split.set(text, parts)
    }
    return parts.map((part, at) => (at % 2 ? written(vars[part] ?? '') : part)).join('')
  }

  function written(value: string | number): string {
    return typeof value === 'number' ? number.format(value) : value
  }
}
