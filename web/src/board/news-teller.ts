// Tells those who listen what others did, one sentence a spell.

import { announce } from '../lib/announce.svelte'
import { t } from '../lib/i18n.svelte'
import type { Desk } from './desk.svelte'
import { type News, withEntries } from './news'

const SPELL = 4_000 // ms; shorter interrupts what is being read, longer feels stale

/** Follows a board until the answer is called. */
export function newsTeller(desk: Desk): () => void {
  let news: News | null = null
  let timer = 0
  const stop = desk.seat.subscribe(({ entries }) => {
    news = withEntries(news, entries, desk.me)
    if (news && !timer) timer = window.setTimeout(tell, SPELL)
  })
  return () => {
    stop()
    clearTimeout(timer)
  }

  function tell(): void {
    timer = 0
    if (news) announce(sentence(desk, news))
    news = null
  }
}

function sentence(desk: Desk, { people, tasks, changes }: News): string {
  const names = people.map((one) => desk.model.nameOf(one) || t('common.somebody'))
  const who = new Intl.ListFormat(document.documentElement.lang || 'de').format(names)
  const title = tasks.length === 1 && desk.model.card(tasks[0] ?? '')?.view.task.title
  return title ? t('news.one', { who, title }) : t('news.many', { who, count: changes })
}
