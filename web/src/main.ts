import { mount } from 'svelte'
import './ui/tokens.css'
import './ui/ui.css'
import App from './app/App.svelte'
import { speak } from './lib/i18n.svelte'
import { firstLanguage, startPreferences } from './lib/preferences.svelte'

/** ms; fetching every file of the build is not to get in the way of the page that somebody waits for. */
const QUIET = 3_000

startPreferences()
await speak(firstLanguage())
const target = document.getElementById('app')
if (target) mount(App, { target })
// Development serves files that no build has named.
if (import.meta.env.PROD) setTimeout(keepForOffline, QUIET)

/** Where the service worker cannot be had, as in some private windows, nothing is missing but the offline start. */
async function keepForOffline(): Promise<void> {
  await navigator.serviceWorker?.register('/service-worker.js').catch(() => undefined)
}
