/** Marks the field that a dialog gives the focus to when it opens, instead of its cross: `{@attach firstFocus}`. */
export function firstFocus(field: HTMLElement): void {
  field.setAttribute('autofocus', '')
}
