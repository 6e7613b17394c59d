// The board by keyboard: arrows walk, Alt and arrows move, Space picks a card up and puts it down.

import { announce } from '../lib/announce.svelte'
import { t } from '../lib/i18n.svelte'
import type { Desk } from './desk.svelte'
import { Slot } from './drag'
import { letterKeys } from './letter-keys'
import { type Direction, moveTo, neighbour, stepFrom, type Target } from './moves'
import { cardElement } from './places-on-page'
import type { Card, Lane } from './state.svelte'

export interface CardKeys {
  /** Handles keys pressed on the title of a card. */
  keydown(event: KeyboardEvent): void
  /** Puts back what is picked up, as when the focus leaves the board. */
  cancel(): void
}

export interface CardActions {
  openMenu(card: Card, beside: HTMLElement): void
  toggleDone(card: Card): void
}

/** A card in somebody's hand: the place where it would go. */
interface Lift {
  card: Card
  lane: Lane
  index: number
  slot: Slot
}

const ARROWS: Record<string, Direction> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
}

/** Keys for the cards in `root`. */
export function cardKeys(desk: Desk, root: HTMLElement, actions: CardActions): CardKeys {
  let lift: Lift | null = null

  return { keydown, cancel }

  function keydown(event: KeyboardEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a[data-title]') : null
    const element = link?.closest<HTMLElement>('[data-card]')
    if (!element || event.ctrlKey || event.metaKey) return
    const card = desk.model.card(element.dataset.card ?? '')
    const onCard = () => (card ? keyOnCard(card, element, event) : keyOnForeign(element, event))
    const handled = lift ? keyInAir(lift, event) : onCard()
    if (!handled) return
    event.preventDefault()
    event.stopPropagation()
  }

  function keyOnCard(card: Card, element: HTMLElement, event: KeyboardEvent): boolean {
    const direction = ARROWS[event.key]
    if (direction && event.altKey) return desk.rights.work && moveBy(card, direction)
    if (event.altKey) return false
    if (direction) return walk(element, direction)
    switch (event.key) {
      case ' ':
        return desk.rights.work && pickUp(card, element)
      case 'Home':
      case 'End':
        return focusAt(element.closest('[data-column]'), event.key === 'Home' ? 0 : -1)
      default:
        return letter(card, element, event.key)
    }
  }

  /** On a card that lives on another board: its place is that board's, so only its menu moves it. */
  function keyOnForeign(element: HTMLElement, event: KeyboardEvent): boolean {
    const direction = ARROWS[event.key]
    if (direction && !event.altKey) return walk(element, direction)
    if (event.key !== 'm' || !letterKeys.on) return false
    element.querySelector<HTMLElement>('.more')?.click()
    return true
  }

  function letter(card: Card, element: HTMLElement, key: string): boolean {
    if (!letterKeys.on) return false
    if (key === 'm') actions.openMenu(card, element.querySelector<HTMLElement>('.more') ?? element)
    else if (key === 'e' && desk.rights.work) actions.toggleDone(card)
    else return false
    return true
  }

  function moveBy(card: Card, direction: Direction): boolean {
    const target = stepFrom(desk, card, direction)
    if (target) moveTo(desk, card, target)
    else announce(t('move.edge'))
    return true
  }

  /** Walks over what is there to see, the lane of the key projects included; empty lanes have nothing to stand on. */
  function walk(element: HTMLElement, direction: Direction): boolean {
    const lane = element.closest('[data-column]')
    const at = cardsIn(lane).indexOf(element)
    if (direction === 'up') return focusAt(lane, Math.max(0, at - 1))
    if (direction === 'down') return focusAt(lane, at + 1)
    const step = direction === 'left' ? 'previousElementSibling' : 'nextElementSibling'
    let next = lane?.[step]
    while (next && cardsIn(next).length === 0) next = next[step]
    return focusAt(next, Math.min(at, cardsIn(next).length - 1))
  }

  function focusAt(lane: Element | null | undefined, index: number): boolean {
    cardsIn(lane).at(index)?.querySelector<HTMLElement>('a[data-title]')?.focus()
    return true
  }

  function pickUp(card: Card, element: HTMLElement): boolean {
    const at = desk.model.positionOf(card.id)
    if (!at) return false
    lift = { card, lane: at.lane, index: at.index, slot: new Slot(element) }
    element.dataset.held = ''
    announce(t('move.picked', { title: card.view.task.title, ...whereIs(lift) }), 'assertive')
    return true
  }

  function keyInAir(now: Lift, event: KeyboardEvent): boolean {
    const direction = ARROWS[event.key]
    if (direction) shift(now, direction)
    else if (event.key === ' ' || event.key === 'Enter') putDown(now)
    else if (event.key === 'Escape') cancel()
    else if (event.key === 'Tab') {
      cancel()
      return false
    }
    return true
  }

  function shift(now: Lift, direction: Direction): void {
    if (direction === 'up') now.index = Math.max(0, now.index - 1)
    else if (direction === 'down') now.index = Math.min(othersIn(now).length, now.index + 1)
    else {
      now.lane = neighbour(desk.model.lanes, now.lane, direction) ?? now.lane
      now.index = Math.min(now.index, othersIn(now).length)
    }
    showSlot(now)
    announce(t('move.over', whereIs(now)), 'assertive')
  }

  function showSlot({ slot, lane, index, card }: Lift): void {
    const list = root.querySelector(`[data-lane="${CSS.escape(lane.id)}"]`)
    if (!list) return
    const next = lane.cards.filter((one) => one !== card)[index]
    slot.show(list, next ? cardElement(list, next.id) : null)
    slot.element.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }

  function putDown(now: Lift): void {
    const after = othersIn(now)[now.index - 1]?.id ?? null
    end(now)
    const target: Target = { lane: now.lane, after }
    if (desk.model.card(now.card.id) && !now.card.gone) moveTo(desk, now.card, target)
    else announce(t('move.vanished'), 'assertive')
  }

  function cancel(): void {
    if (!lift) return
    announce(t('move.cancelled', { title: lift.card.view.task.title }), 'assertive')
    end(lift)
  }

  function end(now: Lift): void {
    now.slot.hide()
    delete cardElement(root, now.card.id)?.dataset.held
    lift = null
  }
}

function cardsIn(lane: Element | null | undefined): HTMLElement[] {
  return [...(lane?.querySelectorAll<HTMLElement>('[data-card]') ?? [])]
}

function othersIn({ lane, card }: Lift): readonly Card[] {
  return lane.cards.filter((one) => one !== card)
}

function whereIs(now: Lift) {
  const lane = now.lane.column.title
  return { lane, position: now.index + 1, count: othersIn(now).length + 1 }
}
