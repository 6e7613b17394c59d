// Draws a card by hand. A board has a thousand of them, and as components, with a block for each thing that only some of
// them have, they took most of the time until the board was seen.

import './card.css'
import sprite from 'virtual:icons'
import type { IconName } from '../ui/icons'
import type { CardFace, Note } from './face'

const blank = document.createElement('template')
blank.innerHTML = `
  <p class="marks"><b class="stone" role="img"></b><button type="button" class="more" aria-haspopup="menu"></button></p>
  <h3><a data-title></a></h3>
  <p class="foot"><span class="face" aria-hidden="true"></span><span class="name"></span><time></time></p>
`.replace(/\n */g, '')

/** Draws a card in its element, and anew whenever it has another face. What can have the focus stays the same element. */
export function drawCard(card: HTMLElement, faceOf: () => CardFace): void {
  card.append(blank.content.cloneNode(true))
  const marks = first(card)
  const stone = first(marks)
  const menu = next(stone)
  const heading = next(marks)
  const link = first(heading)
  const foot = next(heading)
  const owner = first(foot)
  const name = next(owner)
  const date = next(name) as HTMLTimeElement
  /** What only some cards have: made anew each time. */
  let more: Element[] = []

  // At once, since an effect for later would be queued for each of the thousand.
  $effect.pre(() => draw(faceOf()))

  function draw(face: CardFace): void {
    for (const one of more) one.remove()
    more = []
    card.dataset.card = face.id
    card.className = face.look
    const [goal, ...goals] = face.goals
    show(stone, goal !== undefined)
    if (goal) engrave(stone, goal)
    // Who may do nothing with a card has no menu, not even a hidden one.
    if (face.menu === null) menu.remove()
    else if (!menu.parentNode) marks.append(menu)
    const last = menu.parentNode ? menu : null
    for (const one of goals) add(marks, last, engrave(stone.cloneNode() as HTMLElement, one))
    if (face.column !== null) add(marks, last, make('span', 'column', face.column))
    if (face.secret !== null) add(marks, last, make('span', 'secret', icon('visibility_off'), face.secret))
    if (face.visitor)
      add(marks, last, make('span', face.visitor.writing ? 'visitor writing' : 'visitor', face.visitor.text))
    if (face.menu !== null) menu.setAttribute('aria-label', face.menu)
    link.setAttribute('href', face.href)
    link.textContent = face.title
    for (const note of face.notes) add(card, foot, noteOf(note))
    show(owner, face.owner !== null)
    if (face.owner) {
      owner.className = face.owner.here ? 'face here' : 'face'
      owner.textContent = face.owner.initials
    }
    name.textContent = face.ownerName
    if (face.comments) add(foot, date, commentsOf(face.comments))
    show(date, face.date !== null)
    if (face.date) {
      if (face.date.late || date.className) date.className = face.date.late ? 'late' : ''
      date.dateTime = face.date.day
      date.textContent = face.date.text
      if (face.date.late) date.prepend(icon('late'))
    }
  }

  function add(parent: Element, before: Element | null, one: Element): void {
    parent.insertBefore(one, before)
    more.push(one)
  }
}

function engrave(stone: HTMLElement, { number, name }: CardFace['goals'][number]): HTMLElement {
  stone.className = `stone g${number}`
  stone.title = name
  stone.textContent = `${number}`
  return stone
}

function noteOf({ kind, icon: name, text, meter }: Note): Element {
  return make('p', `note ${kind}`, meter ? meterOf(meter) : icon(name), make('span', '', text))
}

function meterOf({ done, all }: { done: number; all: number }): Element {
  const meter = hide(document.createElement('meter'))
  meter.max = all
  meter.value = done
  return meter
}

function commentsOf({ count, text }: NonNullable<CardFace['comments']>): Element {
  const number = hide(make('span', '', `${count}`))
  const comments = make('span', 'count', icon('comment'), number, make('span', 'hidden', text))
  comments.title = text
  return comments
}

function icon(name: IconName): Element {
  const svg = hide(document.createElementNS('http://www.w3.org/2000/svg', 'svg'))
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use')
  svg.classList.add('icon')
  use.setAttribute('href', `${sprite}#${name}`)
  svg.append(use)
  return svg
}

function show(element: HTMLElement, shown: boolean): void {
  if (element.hidden === shown) element.hidden = !shown
}

/** Hides an element from those who listen. */
function hide<T extends Element>(element: T): T {
  element.ariaHidden = 'true'
  return element
}

function make(name: string, look: string, ...parts: (Element | string)[]): HTMLElement {
  const element = document.createElement(name)
  element.className = look
  element.append(...parts)
  return element
}

const first = (element: Element) => element.firstElementChild as HTMLElement
const next = (element: Element) => element.nextElementSibling as HTMLElement
