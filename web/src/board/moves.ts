// Where a card goes: one place for what menu, keys and dragging do.

import { t } from '../lib/i18n.svelte'
import { notify } from '../lib/notices.svelte'
import type { Id } from '../schema'
import type { Desk } from './desk.svelte'
import type { Card, Lane } from './state.svelte'

export type Direction = 'up' | 'down' | 'left' | 'right'

/** A place on the board: behind `after` in a lane, null on top. */
export interface Target {
  lane: Lane
  after: Id | null
}

/** Puts a card somewhere and says where it is now. */
export function moveTo(desk: Desk, card: Card, { lane, after }: Target): void {
  const from = desk.model.positionOf(card.id)
  const others = lane.cards.filter((one) => one !== card)
  const index = others.findIndex((one) => one.id === after) + 1
  if (from?.lane === lane && from.index === index) return
  const values = { title: card.view.task.title, lane: lane.column.title }
  const said = from?.lane === lane ? undefined : t('move.done', values)
  const where = { ...values, position: index + 1, count: others.length + 1 }
  const command = { verb: 'task.move', task: card.id, column: lane.id, after } as const
  void desk.act(command, said ? { said } : { whispered: t('move.placed', where) })
}

/** The place one step away; null if there is none. */
export function stepFrom(desk: Desk, card: Card, direction: Direction): Target | null {
  const from = desk.model.positionOf(card.id)
  if (!from) return null
  const { lane, index } = from
  const cards = lane.cards
  if (direction === 'up') return index > 0 ? { lane, after: cards[index - 2]?.id ?? null } : null
  if (direction === 'down') {
    const next = cards[index + 1]
    return next ? { lane, after: next.id } : null
  }
  const other = neighbour(desk.model.lanes, lane, direction)
  return other ? { lane: other, after: behind(other, index) } : null
}

/** On top of a lane or at its end. */
export function edgeOf(lane: Lane, card: Card, edge: 'top' | 'bottom'): Target {
  const others = lane.cards.filter((one) => one !== card)
  return { lane, after: edge === 'top' ? null : (others.at(-1)?.id ?? null) }
}

/** The lane beside another. */
export function neighbour(lanes: readonly Lane[], lane: Lane, direction: 'left' | 'right'): Lane | undefined {
  return lanes[lanes.indexOf(lane) + (direction === 'left' ? -1 : 1)]
}

/** The card behind which something lands that shall be at `index`. */
function behind(lane: Lane, index: number): Id | null {
  return lane.cards[Math.min(index, lane.cards.length) - 1]?.id ?? null
}

/** Where a task is sent: the board of another space, and where on it. */
export interface Destination {
  space: Id
  name: string
  column?: Id
  after?: Id | null
}

/** Sends a task to another board. The way back is a command of that other space, so it is offered here and now. */
export function sendTo(desk: Desk, card: Card, { space, name, column, after }: Destination): void {
  const { title, column: from } = card.view.task
  const at = desk.model.positionOf(card.id)
  const before = at?.lane.cards[at.index - 1]?.id ?? null
  void desk.act({ verb: 'task.send', task: card.id, space, column: column ?? null, after: after ?? null })
  const back = { verb: 'task.send', task: card.id, space: desk.space, column: from, after: before } as const
  const run = () => void desk.client.do(space, back)
  notify({
    tone: 'info',
    key: 'board.toast',
    text: t('send.done', { title, name }),
    actions: [{ label: t('undo.button'), run }],
  })
}

/** Finishes an open task, opens a finished one again. */
export function toggleDone(desk: Desk, card: Card): void {
  const { task, done } = card.view
  const verb = done ? 'task.reopen' : 'task.finish'
  void desk.act({ verb, task: task.id }, { said: t(done ? 'reopen.done' : 'finish.done', { title: task.title }) })
}

/** Takes a task off the board, with the way back in the notice. */
export function takeOff(desk: Desk, card: Card, verb: 'task.archive' | 'task.bin'): void {
  const { id: task, title } = card.view.task
  void desk.act({ verb, task }, { said: t(verb === 'task.bin' ? 'bin.done' : 'archive.done', { title }) })
}
