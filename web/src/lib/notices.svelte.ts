import { announce } from './announce.svelte'

export interface NoticeAction {
  label: string
  run: () => void
}

export interface NoticeText {
  /** `problem` stays until somebody answers it; `info` goes by itself. */
  tone: 'info' | 'problem'
  text: string
  /** What the person had typed, shown so that nothing is lost. */
  typed?: string
  actions?: readonly NoticeAction[]
  /** A notice with the same key takes the place of the earlier one. */
  key?: string
  /** Run when it is dismissed by its cross, not by an action. */
  ondismiss?: () => void
}

export interface Notice extends NoticeText {
  id: number
}

// More than three at once hide the page they speak of; problems wait behind them until there is room.
const SHOWN = 3
let next = 1
let all = $state.raw<readonly Notice[]>([])

export const notices = {
  get shown(): readonly Notice[] {
    return all.slice(0, SHOWN)
  },
  get waiting(): number {
    return Math.max(0, all.length - SHOWN)
  },
}

/** Shows a notice in the corner of the page and says it; returns what takes it away again. */
export function notify(text: NoticeText): () => void {
  const notice = { ...text, id: next++ }
  all = [...all.filter((one) => text.key === undefined || one.key !== text.key), notice]
  announce(text.text, text.tone === 'problem' ? 'assertive' : 'polite')
  return () => drop(notice.id)
}

/** Takes a notice away. */
export function drop(id: number): void {
  all = all.filter((one) => one.id !== id)
}

/** Takes away the notice with this key, if there is one. */
export function dropKey(key: string): void {
  all = all.filter((one) => one.key !== key)
}
