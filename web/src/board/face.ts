// What stands on a card, in words: read from the card at once, so that a card is one thing to draw and not thirty.

import { dayOf, dayText, dueText } from '../lib/dates'
import { currentLanguage, t } from '../lib/i18n.svelte'
import { initials, shortName } from '../lib/names'
import { links } from '../lib/routes'
import type { Day, Id } from '../schema'
import type { IconName } from '../ui/icons'
import type { CardView } from './cards'
import type { Surface } from './desk.svelte'
import { goneText } from './gone'
import type { BoardModel, Card } from './state.svelte'

/** A line between the title and the people: how far it is, what it waits for, whether it is saved. */
export interface Note {
  kind: 'plain' | 'wait' | 'late'
  icon: IconName
  text: string
  /** How much of how much, to be shown in place of the icon. */
  meter?: CardView['lines']
}

export interface CardFace {
  id: Id
  look: string
  title: string
  href: string
  /** What its menu is called; null where there is none. */
  menu: string | null
  /** Each goal with its name, as "Ziel 3: Mobilität". */
  goals: readonly { number: number; name: string }[]
  /** Where it stands, said of cards of another board. */
  column: string | null
  /** That only moderators see it. */
  secret: string | null
  visitor: { text: string; writing: boolean } | null
  notes: readonly Note[]
  owner: { initials: string; here: boolean } | null
  ownerName: string
  comments: { count: number; text: string } | null
  date: { day: Day; text: string; late: boolean } | null
}

/** The face of a card. Reading it in a template follows the card, the language and the day. */
export function faceOf(
  card: Card,
  { space, model, rights }: Surface,
  timezone: string,
  column: string | null = null,
): CardFace {
  const { view, here } = card
  const { task, owner } = view
  return {
    id: card.id,
    look: lookOf(card),
    title: task.title,
    href: links.task(space, card.id),
    menu: rights.work ? t('card.menu', { title: task.title }) : null,
    goals: view.goals.map(({ number, title }) => ({ number, name: t('goal.named', { number, title }) })),
    column,
    secret: view.hidden ? t('card.moderators_only') : null,
    visitor: visitorOf(card),
    notes: notesOf(card, model),
    owner: owner ? { initials: initials(view.ownerName), here: here.some((one) => one.person === owner) } : null,
    ownerName: owner ? view.ownerName || t('common.somebody') : t('card.unowned'),
    comments: task.comments ? { count: task.comments, text: t('card.comments', { count: task.comments }) } : null,
    date: dateOf(card, model.today, timezone),
  }
}

function lookOf(card: Card): string {
  const looks = ['card']
  if (card.here.length > 0) looks.push('busy')
  if (card.view.done) looks.push('is-done')
  if (card.mark.refused.length > 0) looks.push('refused')
  else if (isWaiting(card)) looks.push('unsent')
  if (card.gone) looks.push('is-gone')
  return looks.join(' ')
}

function isWaiting({ mark }: Card): boolean {
  return mark.refused.length === 0 && mark.waiting.some((one) => one.state === 'waiting')
}

/** Who writes, else who else than its owner looks. */
function visitorOf({ view, here }: Card): CardFace['visitor'] {
  const writer = here.find((one) => one.writing)
  const visitor = writer ?? here.find((one) => one.person !== view.owner)
  if (!visitor) return null
  const text = t(writer ? 'card.writes' : 'card.looks', { name: shortName(visitor.name) })
  return { text, writing: writer !== undefined }
}

function notesOf(card: Card, model: BoardModel): Note[] {
  const { view, gone, mark } = card
  const notes: Note[] = []
  if (gone) notes.push({ kind: 'plain', icon: 'info', text: goneText(gone, model) })
  const { lines } = view
  if (lines.all > 0) notes.push({ kind: 'plain', icon: 'checklist', text: t('card.lines', { ...lines }), meter: lines })
  const reason = view.task.blocked_because
  if (reason) notes.push({ kind: 'wait', icon: 'blocked', text: t('card.waits', { reason }) })
  if (isWaiting(card)) notes.push({ kind: 'plain', icon: 'send', text: t('card.waiting') })
  if (mark.refused.length > 0) notes.push({ kind: 'late', icon: 'late', text: t('card.refused') })
  return notes
}

function dateOf({ view }: Card, today: Day, timezone: string): CardFace['date'] {
  const { done_at, due } = view.task
  const language = currentLanguage()
  if (done_at) {
    const day = dayOf(done_at, timezone)
    return { day, text: dayText(day, today, language), late: false }
  }
  return due ? { day: due, text: dueText(due, today, language, t), late: view.overdue } : null
}
