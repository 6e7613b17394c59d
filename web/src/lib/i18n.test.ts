import { afterEach, expect, test, vi } from 'vitest'
import { currentLanguage, needTexts, speak, t } from './i18n.svelte'

afterEach(() => vi.unstubAllGlobals())

/** The network: answers each address with a text that names it, one turn of the loop later. */
function network(): string[] {
  const asked: string[] = []
  vi.stubGlobal('document', { documentElement: { lang: '' } })
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    await new Promise((resolve) => setImmediate(resolve))
    return new Response(JSON.stringify({ 'app.skip': path, 'refusal.not_allowed': path }))
  })
  return asked
}

test('the last language chosen wins, and texts asked for meanwhile come in it', async () => {
  const asked = network()
  await speak('en')
  await Promise.all([speak('de'), needTexts('refusals'), needTexts('board')])
  await needTexts('activity')
  expect(currentLanguage()).toBe('de')
  expect(t('app.skip')).toContain('/de/')
  expect(asked.filter((path) => path.includes('/en/'))).toHaveLength(1)
})
