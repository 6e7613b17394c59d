// Dragging by mouse, pen and finger. It owns two elements, a ghost in the air and a slot that holds the place, and never
// touches one that the framework owns: what arrives from others during a drag redraws the lists as always.
//
// Markup: lists that take a card carry `data-lane`, cards `data-card`, what must not start a drag is a control or
// carries `data-still`. With `handle`, only an element that matches it starts one.

import { cardElement } from './places-on-page.ts'

/** Where something was let go: behind `after` in that lane, null means on top. */
export interface Drop {
  card: string
  lane: string
  after: string | null
}

export interface DragOptions {
  handle?: string
  mayDrag(card: string): boolean
  /** The card is in the air: keep its element where it is until `onEnd`. */
  onLift(card: string): void
  onDrop(drop: Drop): void
  /** Always last, whatever became of the drag. */
  onEnd(card: string, dropped: boolean): void
}

const MOUSE_SLOP = 5 // px; less is a click with an unsteady hand
const TOUCH_SLOP = 8 // px; more within the press is a swipe, which scrolls
const PRESS_MS = 350 // long enough not to catch a swipe, short enough not to feel stuck
const EDGE = 56 // px from the rim of a scroller where it begins to roll
const ROLL = 14 // px a frame at the very rim

interface Flight {
  card: string
  source: HTMLElement
  ghost: HTMLElement
  slot: Slot
  grip: Point
  at: Point
}

interface Point {
  x: number
  y: number
}

/** The one placeholder: an element of its own, like the card's, that shows where the card will land. */
export class Slot {
  readonly element: HTMLElement

  constructor(card: HTMLElement) {
    this.element = document.createElement(card.localName)
    this.element.className = 'slot'
    this.element.setAttribute('aria-hidden', 'true')
    this.element.style.height = `${card.getBoundingClientRect().height}px`
  }

  /** Shows the slot before `next` (null: at the end); moves nothing when it is there already. */
  show(list: Element, next: Element | null): void {
    if (list.contains(this.element) && cardAfter(list, this.element) === next) return
    if (next) next.before(this.element)
    else if (cardsIn(list).length > 0) cardsIn(list).at(-1)?.after(this.element)
    else list.append(this.element)
  }

  hide(): void {
    this.element.remove()
  }

  /** Lane and card in front of the slot, as a drop of `card`. */
  dropOf(card: string): Drop | null {
    const list = this.element.closest<HTMLElement>('[data-lane]')
    if (!list?.dataset.lane) return null
    const before = cardsIn(list).filter((one) => one.dataset.card !== card && !follows(one, this.element))
    return { card, lane: list.dataset.lane, after: before.at(-1)?.dataset.card ?? null }
  }
}

/** Makes the cards in `root` draggable; the answer ends it. */
export function draggable(root: HTMLElement, options: DragOptions): () => void {
  const living = new AbortController()
  let gesture: AbortController | null = null
  let flight: Flight | null = null

  const on = { signal: living.signal }
  root.addEventListener('pointerdown', press, on)
  root.addEventListener('dragstart', (event) => event.preventDefault(), on)
  // Once a finger holds a card, the page must not scroll under it; before that, it must.
  root.addEventListener('touchmove', stopIfFlying, { ...on, passive: false })
  root.addEventListener('contextmenu', stopIfFlying, on)
  return () => {
    land(false)
    living.abort()
  }

  function stopIfFlying(event: Event): void {
    if (flight) event.preventDefault()
  }

  function press(down: PointerEvent): void {
    if (flight || gesture || down.button !== 0 || !down.isPrimary) return
    const source = draggedElement(down.target, options.handle)
    const card = source?.dataset.card
    if (!source || !card || !options.mayDrag(card)) return
    gesture = new AbortController()
    const during = { signal: gesture.signal }
    const touch = down.pointerType === 'touch'
    let last: PointerEvent = down
    const timer = touch ? setTimeout(() => lift(card, source, last), PRESS_MS) : 0
    gesture.signal.addEventListener('abort', () => clearTimeout(timer))
    window.addEventListener('pointermove', move, during)
    window.addEventListener('pointerup', (up) => up.pointerId === down.pointerId && land(true), during)
    window.addEventListener('pointercancel', () => land(false), during)
    window.addEventListener('blur', () => land(false), during)
    window.addEventListener('keydown', putBack, { ...during, capture: true })

    function move(event: PointerEvent): void {
      if (event.pointerId !== down.pointerId) return
      last = event
      if (flight) {
        fly(flight, event)
        return
      }
      const far = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY)
      if (touch && far > TOUCH_SLOP) land(false)
      else if (!touch && far > MOUSE_SLOP && source && card) lift(card, source, event)
    }
  }

  function putBack(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || !flight) return
    event.preventDefault()
    event.stopPropagation()
    land(false)
  }

  function lift(card: string, source: HTMLElement, at: PointerEvent): void {
    const box = source.getBoundingClientRect()
    const ghost = ghostOf(source, box)
    const slot = new Slot(source)
    const here = pointOf(at)
    const grip = { x: here.x - box.left, y: here.y - box.top }
    flight = { card, source, ghost, slot, grip, at: here }
    options.onLift(card)
    root.setPointerCapture(at.pointerId)
    root.dataset.dragging = ''
    source.dataset.inAir = ''
    const list = source.closest('[data-lane]')
    if (list) slot.show(list, cardAfter(list, source))
    ;(root.closest('dialog') ?? document.body).append(ghost)
    swallowNextClick()
    fly(flight, at)
    roll(flight)
  }

  function fly(now: Flight, event: PointerEvent): void {
    const { ghost, grip } = now
    now.at = pointOf(event)
    ghost.style.transform = `translate(${now.at.x - grip.x}px, ${now.at.y - grip.y}px) rotate(0.8deg)`
  }

  /** Once a frame: scroll what the pointer is at the rim of, then hold the place under it. */
  function roll(now: Flight): void {
    const frame = () => {
      if (flight !== now) return
      // A redraw may have made the element anew; the new one is the one in the air.
      const source = cardElement(root, now.card)
      if (source && source !== now.source) {
        now.source = source
        source.dataset.inAir = ''
      }
      const list = laneAt(root, now.at)
      if (list) scrollAtRim(list, 'y', now.at.y)
      for (const scroller of root.querySelectorAll<HTMLElement>('[data-scroll-x]')) {
        scrollAtRim(scroller, 'x', now.at.x)
      }
      if (list) now.slot.show(list, cardBelow(list, now.at.y, now.card))
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  }

  function land(wanted: boolean): void {
    gesture?.abort()
    gesture = null
    const done = flight
    if (!done) return
    flight = null
    const drop = wanted && laneAt(root, done.at) ? done.slot.dropOf(done.card) : null
    done.ghost.remove()
    done.slot.hide()
    delete done.source.dataset.inAir
    delete root.dataset.dragging
    if (drop) options.onDrop(drop)
    options.onEnd(done.card, drop !== null)
  }
}

function pointOf(event: PointerEvent): Point {
  return { x: event.clientX, y: event.clientY }
}

/** The cards of a list, whether they lie in groups or not. */
function cardsIn(list: Element): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>('[data-card]')]
}

function cardAfter(list: Element, one: Element): HTMLElement | null {
  return cardsIn(list).find((card) => follows(card, one)) ?? null
}

function follows(one: Element, other: Element): boolean {
  return (other.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0
}

function draggedElement(target: EventTarget | null, handle?: string): HTMLElement | null {
  if (!(target instanceof Element)) return null
  if (handle && !target.closest(handle)) return null
  if (!handle && target.closest('button, input, textarea, select, label, [data-still]')) return null
  return target.closest<HTMLElement>('[data-card]')
}

function ghostOf(source: HTMLElement, box: DOMRect): HTMLElement {
  const ghost = source.cloneNode(true) as HTMLElement
  ghost.removeAttribute('data-card')
  ghost.querySelectorAll('[id]').forEach((one) => {
    one.removeAttribute('id')
  })
  ghost.classList.add('ghost')
  ghost.inert = true
  ghost.style.width = `${box.width}px`
  ghost.style.height = `${box.height}px`
  return ghost
}

/**
 * The lane under the pointer. Its whole height counts, heading included, and a rim above and below: nobody aims at a
 * list's empty end, and who scrolls at the rim slips over it.
 */
function laneAt(root: HTMLElement, { x, y }: Point): HTMLElement | null {
  const frame = root.getBoundingClientRect()
  if (y < frame.top - EDGE || y > frame.bottom + EDGE) return null
  if (x < frame.left || x > frame.right) return null
  for (const list of root.querySelectorAll<HTMLElement>('[data-lane]')) {
    const box = list.getBoundingClientRect()
    if (x >= box.left && x <= box.right) return list
  }
  return null
}

/** The first card whose middle lies below `y`. Groups above are not looked into: browsers have not laid them out. */
function cardBelow(list: Element, y: number, lifted: string): Element | null {
  for (const one of list.children) {
    const box = one.getBoundingClientRect()
    if (one instanceof HTMLElement && one.dataset.card !== undefined) {
      if (one.dataset.card !== lifted && y < box.top + box.height / 2) return one
    } else if (y < box.bottom) {
      const found = cardBelow(one, y, lifted)
      if (found) return found
    }
  }
  return null
}

/** Pixels a frame: nothing inside, more the nearer to the rim. */
export function rollSpeed(at: number, start: number, end: number): number {
  if (at < start + EDGE) return -ROLL * Math.min(1, (start + EDGE - at) / EDGE)
  if (at > end - EDGE) return ROLL * Math.min(1, (at - end + EDGE) / EDGE)
  return 0
}

function scrollAtRim(scroller: HTMLElement, axis: 'x' | 'y', at: number): void {
  const box = scroller.getBoundingClientRect()
  if (axis === 'y') scroller.scrollTop += rollSpeed(at, box.top, box.bottom)
  else scroller.scrollLeft += rollSpeed(at, box.left, box.right)
}

/** The click that ends a drag must not open the card it started on. */
function swallowNextClick(): void {
  const waiting = new AbortController()
  const options = { capture: true, once: true, signal: waiting.signal }
  const swallow = (event: Event) => {
    event.preventDefault()
    event.stopPropagation()
  }
  // The click follows its pointerup in the same task or not at all.
  const rest = () => setTimeout(() => waiting.abort())
  window.addEventListener('click', swallow, options)
  window.addEventListener('pointerup', rest, options)
  window.addEventListener('pointercancel', rest, options)
}
