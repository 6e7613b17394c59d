// Keys that work anywhere on the board page, unless somebody is typing or a dialog is open.

import { letterKeys } from './letter-keys'

export type Shortcuts = Record<'n' | '/' | 'f' | '?' | 'undo', () => unknown>

/** The handler of a page's shortcuts. */
export function boardShortcuts(actions: Shortcuts): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.defaultPrevented || event.isComposing || isTaken(event.target)) return
    const action = actions[nameOf(event) ?? ('' as 'n')]
    if (!action) return
    event.preventDefault()
    action()
  }
}

function nameOf(event: KeyboardEvent): keyof Shortcuts | null {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event
  if ((ctrlKey || metaKey) && !altKey && !shiftKey && key.toLowerCase() === 'z') return 'undo'
  if (ctrlKey || metaKey || altKey || !letterKeys.on) return null
  return key === 'n' || key === '/' || key === 'f' || key === '?' ? key : null
}

function isTaken(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open], [popover]:popover-open')) return true
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null
}
