const TITLES = /^(?:(?:prof|dr|dipl|ing|med|phil|rer|nat|h)\.?[-.\s]+)+/i

/** Up to two initials: of the first and the last word, academic titles and what is in parentheses left out. */
export function initials(name: string): string {
  const words = name.replace(TITLES, '').split('(')[0]?.split(/\s+/).filter(Boolean) ?? []
  const chosen = words.length > 1 ? [words[0], words[words.length - 1]] : words
  return chosen.map((word) => Array.from(word ?? '')[0]?.toLocaleUpperCase() ?? '').join('')
}

/** What people call each other in a sentence on a card: the first name; with a title, or if it is no name, the whole. */
export function shortName(name: string): string {
  return TITLES.test(name) || /^\p{Ll}/u.test(name) ? name : (name.split(/\s+/)[0] ?? name)
}

/** The order of people and things by name, as in German; academic titles do not count. */
export function byName(a: { name: string }, b: { name: string }): number {
  return a.name.replace(TITLES, '').localeCompare(b.name.replace(TITLES, ''), 'de')
}

/** A text to search in: lower case, without accents, so that "Pe" finds "Petrović" and "petrovic" does too. */
export function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/ß/g, 'ss').toLowerCase()
}

/** Whether each word of the search stands somewhere in the text. */
export function matches(text: string, search: string): boolean {
  const where = folded(text)
  return folded(search)
    .split(/\s+/)
    .every((word) => where.includes(word))
}
