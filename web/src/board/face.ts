// What stands on a card, in words: read from the card at once, so that a card is one thing to draw and not thirty.

import { dayOf, dayText, dueText } from '../lib/dates'
import { currentLanguage, t } from '../lib/i18n.svelte'
import { initials, shortName } from '../lib/names'
import type { Day, Id } from '../schema'
import type { IconName } from '../ui/icons'
import { goneText } from './gone'
import type { Card } from './state.svelte'

/** A line between the title and the people: how far it is, what it waits for, whether it is saved. */
export interface Note {
  kind: 'plain' | 'meter' | 'wait' | 'late'
  icon: IconName
  text: string
}

export interface CardFace {
  look: string
  title: string
  goals: readonly { number: number; title: string }[]
  goalsText: string
  /** What few cards have: hidden from most, or somebody is there. */
  signs: { secret: boolean; visitor: string; writing: boolean } | null
  lines: { done: number; all: number }
  notes: readonly Note[]
  date: { day: Day; text: string; late: boolean } | null
  owner: { initials: string; here: boolean } | null
  ownerName: string
  comments: number
}

/** Names of people, and the day by which tasks are late. */
export interface Onlooker {
  today: Day
  nameOf(person: Id): string
}

/** The face of a card. Reading it in a template follows the card, the language and the day. */
export function faceOf(card: Card, onlooker: Onlooker, timezone: string): CardFace {
  const { view } = card
  const { task, owner } = view
  return {
    look: lookOf(card),
    title: task.title,
    goals: view.goals,
    goalsText: view.goals.map(({ number, title }) => t('goal.named', { number, title })).join(', '),
    signs: signsOf(card),
    lines: view.lines,
    notes: notesOf(card, onlooker),
    date: dateOf(card, onlooker.today, timezone),
    owner: owner ? { initials: initials(view.ownerName), here: card.here.some((one) => one.person === owner) } : null,
    ownerName: owner ? view.ownerName || t('common.somebody') : t('card.unowned'),
    comments: task.comments,
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

function signsOf({ view, here }: Card): CardFace['signs'] {
  const writer = here.find((one) => one.writing)
  const visitor = writer ?? here.find((one) => one.person !== view.owner)
  if (!view.hidden && !visitor) return null
  const name = visitor ? shortName(visitor.name) : ''
  const text = visitor ? t(writer ? 'card.writes' : 'card.looks', { name }) : ''
  return { secret: view.hidden, visitor: text, writing: writer !== undefined }
}

function notesOf(card: Card, onlooker: Onlooker): Note[] {
  const { view, gone, mark } = card
  const notes: Note[] = []
  if (gone) notes.push({ kind: 'plain', icon: 'info', text: goneText(gone, onlooker) })
  if (view.lines.all > 0) notes.push({ kind: 'meter', icon: 'checklist', text: t('card.lines', view.lines) })
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
