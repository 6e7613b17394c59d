import { t } from '../lib/i18n.svelte'
import { watchStyles } from '../lib/lazy'
import { notify } from '../lib/notices.svelte'

/**
 * Catches what nobody expected outside of rendering and says so calmly, once, without the raw error. What was typed is
 * kept in drafts and in the outbox, so loading the page anew loses nothing.
 */
export function watchFailures(): () => void {
  const failed = (event: Event) => {
    // Browsers report this when a layout takes two rounds; nothing is wrong then.
    if (event instanceof ErrorEvent && event.message.startsWith('ResizeObserver')) return
    tell('failure', t('failure.notice'))
  }
  // A file of this build is gone because another one was installed.
  const outdated = () => tell('outdated', t('failure.outdated'))
  const endStyles = watchStyles()
  addEventListener('error', failed)
  addEventListener('unhandledrejection', failed)
  addEventListener('korridor:outdated', outdated)
  return () => {
    endStyles()
    removeEventListener('error', failed)
    removeEventListener('unhandledrejection', failed)
    removeEventListener('korridor:outdated', outdated)
  }
}

function tell(key: string, text: string): void {
  notify({ tone: 'problem', key, text, actions: [{ label: t('failure.reload'), run: () => location.reload() }] })
}

/** For a boundary: the page says calmly that something went wrong; what it was stands in the browser's console. */
export function report(error: unknown): void {
  console.error(error)
}
