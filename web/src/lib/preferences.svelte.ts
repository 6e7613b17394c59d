import { speak } from './i18n.svelte'
import type { Language } from './texts'

export type Theme = 'system' | 'light' | 'dark'
export type Density = 'roomy' | 'compact'

const KEY = 'korridor.preferences'
interface Stored {
  theme: Theme
  density: Density
  /** Null until somebody chooses. */
  language: Language | null
}
const FIRST: Stored = { theme: 'system', density: 'roomy', language: null }

let chosen = $state.raw<Stored>(FIRST)

/** What this browser shows how; kept on this device only. */
export const preferences = {
  get theme(): Theme {
    return chosen.theme
  },
  get density(): Density {
    return chosen.density
  },
}

/** Reads the choices of this device and puts theme and density on the page. */
export function startPreferences(): void {
  chosen = { ...FIRST, ...stored() }
  apply()
}

/** The language to begin with: the chosen one, else what the browser prefers, else the one offered by the area. */
export function firstLanguage(offered: Language = 'en'): Language {
  const [preferred] = /^(?:de|en)/.exec(navigator.language) ?? []
  return chosen.language ?? (preferred as Language | undefined) ?? offered
}

export function chooseTheme(theme: Theme): void {
  keep({ theme })
}

export function chooseDensity(density: Density): void {
  keep({ density })
}

/** Shows everything in this language, now and next time. */
export async function chooseLanguage(language: Language): Promise<void> {
  keep({ language })
  await speak(language)
}

function keep(change: Partial<Stored>): void {
  chosen = { ...chosen, ...change }
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen))
  } catch {
    // A browser that keeps nothing still shows what was chosen until it is closed.
  }
  apply()
}

function apply(): void {
  const root = document.documentElement
  if (chosen.theme === 'system') delete root.dataset.theme
  else root.dataset.theme = chosen.theme
  root.dataset.density = chosen.density
}

function stored(): Partial<Stored> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Stored>
  } catch {
    return {}
  }
}
