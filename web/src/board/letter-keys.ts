const KEY = 'korridor.letter-keys'

/** Keys that are single letters can be turned off, since dictation and slips of the hand press them too. */
export const letterKeys = {
  get on(): boolean {
    return localStorage.getItem(KEY) !== 'off'
  },
  set on(on: boolean) {
    if (on) localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, 'off')
  },
}
