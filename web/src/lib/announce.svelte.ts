export type Urgency = 'polite' | 'assertive'

let polite = $state.raw({ id: 0, text: '' })
let assertive = $state.raw({ id: 0, text: '' })

/** What the live regions say now; each message has a number of its own, so that the same words are said again. */
export const announced = {
  get polite() {
    return polite
  },
  get assertive() {
    return assertive
  },
}

/** Says something to people who listen: politely after what is being read, or at once (`assertive`). */
export function announce(text: string, urgency: Urgency = 'polite'): void {
  if (urgency === 'polite') polite = { id: polite.id + 1, text }
  else assertive = { id: assertive.id + 1, text }
}
