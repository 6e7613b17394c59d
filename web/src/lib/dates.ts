import type { Day, Instant } from '../schema'
import type { Language, Translate } from './texts'

const MS_A_DAY = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()
const dayTexts = new Map<string, string>()

/** The day it is at this moment in a time zone. */
export function dayOf(moment: Instant | Date, timezone: string): Day {
  return format('en-CA', { timeZone: timezone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    new Date(moment),
  )
}

/** How many days later `to` is than `from`; negative if it is earlier. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / MS_A_DAY)
}

/** "18. Dez."; another year than today's is said. */
export function dayText(day: Day, today: Day, language: Language): string {
  const year = day.slice(0, 4) === today.slice(0, 4) ? undefined : 'numeric'
  // A thousand cards have a hundred days among them.
  const key = `${language} ${year} ${day}`
  const known = dayTexts.get(key)
  if (known !== undefined) return known
  const text = format(language, { timeZone: 'UTC', day: 'numeric', month: 'short', year }).format(Date.parse(day))
  dayTexts.set(key, text)
  return text
}

/** "Montag, 16. November", for headings; today and yesterday by name. */
export function dayHeading(day: Day, today: Day, language: Language, t: Translate): string {
  const ago = daysBetween(day, today)
  if (ago === 0) return t('date.today')
  if (ago === 1) return t('date.yesterday')
  const year = day.slice(0, 4) === today.slice(0, 4) ? undefined : 'numeric'
  const long = { timeZone: 'UTC', weekday: 'long', day: 'numeric', month: 'long', year } as const
  return format(language, long).format(Date.parse(day))
}

/** "14:05" in the area's time zone. */
export function timeText(moment: Instant, timezone: string, language: Language): string {
  return format(language, { timeZone: timezone, hour: '2-digit', minute: '2-digit' }).format(Date.parse(moment))
}

/** "16. Nov., 14:05" in the area's time zone. */
export function momentText(moment: Instant, timezone: string, today: Day, language: Language): string {
  return `${dayText(dayOf(moment, timezone), today, language)}, ${timeText(moment, timezone, language)}`
}

/** What stands on a card: "18. Dez.", "heute fällig", "30. Sept., seit 47 Tagen fällig". */
export function dueText(due: Day, today: Day, language: Language, t: Translate): string {
  const left = daysBetween(today, due)
  const date = dayText(due, today, language)
  if (left < 0) return t('due.late', { date, count: -left })
  if (left === 0) return t('due.today')
  return left === 1 ? t('due.tomorrow') : date
}

/** Due days before today are late; what is due today is not. */
export function isLate(due: Day | null, today: Day): boolean {
  return due !== null && due < today
}

// Making a formatter takes some hundred times as long as using it, and a board of 1,000 cards asks for each of them.
function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options)
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, options)
  formats.set(key, known)
  return known
}
