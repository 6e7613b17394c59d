import { needTexts, t } from '../lib/i18n.svelte'
import { lazy } from '../lib/lazy'
import { dropKey, notify } from '../lib/notices.svelte'
import { refusalText, typedText } from '../lib/refusals'
import { go, router } from '../lib/router.svelte'
import { links } from '../lib/routes'
import type { Id } from '../schema'
import type { Client, Outcome, Overwritten, Pending, Status } from '../sync'

/**
 * Tells of what happens to changes after they were made: refused ones with the words that were typed, values that
 * somebody overwrote, and a server that speaks another version. Returns what ends it.
 */
export function watchSync(client: Client): () => void {
  const told = new Set<Id>()
  const pending = (all: readonly Pending[]) => tellRefused(client, all, told)
  const stops = [
    client.subscribePending(pending),
    client.subscribeOverwritten((lost) => void tellOverwritten(client, lost)),
    client.subscribeStatus(tellStatus),
  ]
  pending(client.pending)
  tellStatus(client.status)
  return () => {
    for (const stop of stops) stop()
  }
}

function tellRefused(client: Client, all: readonly Pending[], told: Set<Id>): void {
  const refused = all.filter((one) => one.state === 'refused')
  for (const id of told) {
    if (refused.some((one) => one.id === id)) continue
    told.delete(id)
    dropKey(id)
  }
  for (const one of refused) {
    if (told.has(one.id)) continue
    told.add(one.id)
    void tellOneRefused(client, one)
  }
}

async function tellOneRefused(client: Client, refused: Pending): Promise<void> {
  await lazy(() => needTexts('refusals'))
  const { reason, command, space, id } = refused
  if (!reason || !client.pending.some((one) => one.id === id)) return
  // Both texts are brought together where the text is: in the panel of the task.
  const merge = reason.reason === 'text_changed' && 'task' in command ? command.task : null
  const title = titleOf(client, space, refused.about)
  notify({
    tone: 'problem',
    key: id,
    text: title ? `„${title}“: ${refusalText(reason, t)}` : refusalText(reason, t),
    ...optional('typed', typedText(command)),
    actions: [
      merge
        ? { label: t('notice.compare'), run: () => go(links.task(space, merge)) }
        : { label: t('notice.again'), run: () => void client.resend(id) },
      { label: t('notice.discard'), run: () => client.discard(id) },
    ],
  })
}

async function tellOverwritten(client: Client, lost: Overwritten): Promise<void> {
  const { space, entry } = lost
  const title = titleOf(client, space, entry.about)
  const name = nameOf(client, space, entry.by.id)
  const text = title ? t('notice.overwritten_in', { name, title }) : t('notice.overwritten', { name })
  notify({
    tone: 'problem',
    key: `overwritten ${lost.kind} ${lost.id} ${lost.field}`,
    text,
    ...optional('typed', typeof lost.mine === 'string' && !isId(lost.mine) ? lost.mine : null),
    actions: [{ label: t('notice.restore'), run: () => void restore(client, lost) }],
  })
}

async function restore(client: Client, lost: Overwritten): Promise<void> {
  const outcome: Outcome | null = await client.restore(lost)
  if (outcome?.ok) notify({ tone: 'info', text: t('notice.restored') })
  // A refused one is told as such; without a way back the place itself is shown.
  else if (outcome === null && router.path !== links.board(lost.space)) go(links.task(lost.space, lost.entry.about))
}

let toldNotKept = false

function tellStatus(status: Status): void {
  if (status.link === 'outdated') {
    const reload = { label: t('failure.reload'), run: () => location.reload() }
    const text = t(status.kept ? 'failure.outdated' : 'failure.outdated_not_kept')
    notify({ tone: 'problem', key: 'outdated', text, actions: [reload] })
  }
  if (status.kept || toldNotKept) return
  toldNotKept = true
  notify({ tone: 'problem', key: 'not_kept', text: t('state.not_kept') })
}

function titleOf(client: Client, space: Id, about: Id): string | undefined {
  return look(client, space, (state) => state.get('task', about)?.title ?? state.get('column', about)?.title)
}

function nameOf(client: Client, space: Id, person: Id): string {
  const name = look(client, space, (state) => state.where('participant', 'person', person)[0]?.name)
  return name ?? t('common.somebody')
}

// A seat that is open anyway is shared; one that is not says nothing and is given back at once.
function look<T>(client: Client, space: Id, read: (state: ReturnType<Client['open']>['state']) => T): T {
  const seat = client.open(space)
  try {
    return read(seat.state)
  } finally {
    seat.close()
  }
}

const isId = (text: string) => /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(text)

function optional(name: 'typed', value: string | null): { typed?: string } {
  return value === null ? {} : { [name]: value }
}
