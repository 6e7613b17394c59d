// Where cards are on the page.

/** The element of a card, wherever it is now. */
export function cardElement(root: ParentNode, card: string): HTMLElement | null {
  return root.querySelector<HTMLElement>(`[data-card="${CSS.escape(card)}"]`)
}

/** Puts the focus on the title of a card. False if it is not there. */
export function focusCard(root: ParentNode, card: string, options?: FocusOptions): boolean {
  const link = cardElement(root, card)?.querySelector<HTMLElement>('a[data-title]')
  link?.focus(options)
  return link !== null && link !== undefined
}
