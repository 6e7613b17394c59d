// A press beside an open menu closes it. If that press was on the button of the menu, its click must not open it again.

let pressed: { button: Element; wasOpen: boolean } | null = null

/** Remembers, at the press, whether the menu of this button is open. */
export function pressMenuButton(event: PointerEvent): void {
  const button = event.target instanceof Element ? event.target.closest('[aria-haspopup="menu"]') : null
  pressed = button && { button, wasOpen: button.getAttribute('aria-expanded') === 'true' }
}

/** Whether a click on this button opens its menu. By keyboard it always does. */
export function opensMenu(button: Element): boolean {
  const closes = pressed?.button === button && pressed.wasOpen
  pressed = null
  return !closes
}
