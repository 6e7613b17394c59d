// Draws a card by hand. A board has a thousand of them, and as components, with a block for each thing that only some of
// them have, they took most of the time until the board was seen.

import sprite from 'virtual:icons'
import type { IconName } from '../ui/icons'
import type { CardFace, Note } from './face'

/**
 * Begins to draw a card in its element; the answer draws a face. What can have the focus stays the same element, and
 * everything else is made anew each time.
 */
export function cardDrawing(card: HTMLElement): (face: CardFace) => void {
  const [marks, heading, foot] = [make('p', 'marks'), make('h3', ''), make('p', 'foot')]
  const link = make('a', '', { 'data-title': '' })
  heading.append(link)
  let menu: HTMLElement | null = null

  return (face) => {
    card.className = face.look
    link.setAttribute('href', face.href)
    link.textContent = face.title
    if (face.menu === null) menu = null
    else {
      menu ??= make('button', 'more', { type: 'button', 'aria-haspopup': 'menu' })
      menu.setAttribute('aria-label', face.menu)
    }
    fill(marks, [...marksOf(face), menu])
    fill(foot, [...footOf(face)])
    fill(card, [marks, heading, ...face.notes.map((note) => noteOf(note, face)), foot])
  }
}

function* marksOf({ goals, column, hidden, visitor }: CardFace): Iterable<Element> {
  for (const { number, name } of goals) yield make('b', `stone g${number}`, { role: 'img', title: name }, `${number}`)
  if (column !== null) yield make('span', 'column', {}, column)
  if (hidden !== null) yield make('span', 'secret', {}, icon('visibility_off'), hidden)
  if (visitor) yield make('span', visitor.writing ? 'visitor writing' : 'visitor', {}, visitor.text)
}

function noteOf({ kind, icon: name, text }: Note, { lines }: CardFace): Element {
  const { done: value, all: max } = lines
  const sign = kind === 'meter' ? make('meter', '', { max, value, 'aria-hidden': true }) : icon(name)
  return make('p', `note ${kind}`, {}, sign, make('span', '', {}, text))
}

function* footOf({ owner, ownerName, comments, date }: CardFace): Iterable<Element> {
  if (owner) yield make('span', owner.here ? 'face here' : 'face', { 'aria-hidden': true }, owner.initials)
  yield make('span', 'name', {}, ownerName)
  if (comments) {
    const { count, text } = comments
    const number = make('span', '', { 'aria-hidden': true }, `${count}`)
    yield make('span', 'count', { title: text }, icon('comment'), number, make('span', 'hidden', {}, text))
  }
  if (date)
    yield make('time', date.late ? 'late' : '', { datetime: date.day }, date.late ? icon('late') : null, date.text)
}

function icon(name: IconName): Element {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const use = document.createElementNS(svg.namespaceURI, 'use')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  use.setAttribute('href', `${sprite}#${name}`)
  svg.append(use)
  return svg
}

function make(
  name: string,
  look: string,
  attributes: Record<string, unknown> = {},
  ...parts: (Element | string | null)[]
): HTMLElement {
  const element = document.createElement(name)
  if (look) element.className = look
  for (const key in attributes) element.setAttribute(key, `${attributes[key]}`)
  for (const part of parts) if (part !== null) element.append(part)
  return element
}

/** Gives an element these children. Those that it has already are not moved, so that a focus in them stays. */
function fill(element: Element, children: readonly (Element | null)[]): void {
  const wanted = children.filter((one) => one !== null)
  for (const one of [...element.children]) if (!wanted.includes(one)) one.remove()
  for (const [at, one] of wanted.entries()) {
    const there = element.children[at] ?? null
    if (there !== one) element.insertBefore(one, there)
  }
}
