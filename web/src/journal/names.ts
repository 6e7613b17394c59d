import { called } from '../lib/called'
import type { Translate } from '../lib/texts'
import { type AnyEntity, AUDIENCES, type Day, type Entry, type Id } from '../schema'
import type { ReadSpace } from '../sync'

/** What is needed to tell an entry: texts, and names by id. A name that is not known (any more) is undefined. */
export interface Telling {
  t: Translate
  day: (day: Day) => string
  audience: (to: number) => string
  person: (id: Id) => string | undefined
  organisation: (id: Id) => string | undefined
  task: (id: Id) => string | undefined
  column: (id: Id) => string | undefined
  line: (id: Id) => string | undefined
  goal: (id: Id) => string | undefined
  space: (id: Id) => string | undefined
}

/** Names from a space and, above it, from its area. `t` and `day` say texts and days in the language of the page. */
export function tellingFrom(space: ReadSpace, area: ReadSpace, t: Translate, day: (day: Day) => string): Telling {
  const goal = (id: Id) => area.get('goal', id)
  return {
    t,
    day,
    audience: (to) => t(`visibility.${visibilityOf(to)}`),
    person: (id) => called(space.where('participant', 'person', id)[0]) ?? called(area.get('person', id)),
    organisation: (id) => area.get('organisation', id)?.name,
    task: (id) => space.get('task', id)?.title,
    column: (id) => space.get('column', id)?.title,
    line: (id) => space.get('checklist_line', id)?.text,
    goal: (id) => goal(id) && t('goal.named', { number: goal(id)?.number ?? '', title: goal(id)?.title ?? '' }),
    space: (id) => area.get('listing', id)?.name,
  }
}

/** The names that stand in an entry itself come first: a title as it was then, of a task that may be gone now. */
export function namesIn(entry: Entry, telling: Telling): Telling {
  const put = new Map<string, AnyEntity>()
  for (const change of entry.changes) {
    if (change.do === 'put') put.set(`${change.entity.kind} ${change.entity.id}`, change.entity)
  }
  if (put.size === 0) return telling
  const find = <K extends AnyEntity['kind']>(kind: K, id: Id) =>
    put.get(`${kind} ${id}`) as Extract<AnyEntity, { kind: K }> | undefined
  return {
    ...telling,
    person: (id) => telling.person(id) ?? called(find('person', id)) ?? participant(put, id),
    task: (id) => find('task', id)?.title ?? telling.task(id),
    column: (id) => find('column', id)?.title ?? telling.column(id),
    line: (id) => find('checklist_line', id)?.text ?? telling.line(id),
    space: (id) => telling.space(id) ?? find('listing', id)?.name ?? find('profile', id)?.name,
  }
}

function participant(put: ReadonlyMap<string, AnyEntity>, person: Id): string | undefined {
  for (const one of put.values()) if (one.kind === 'participant' && one.person === person) return called(one)
  return undefined
}

/** The word people chose for an audience. */
export function visibilityOf(to: number): keyof typeof AUDIENCES {
  const found = Object.entries(AUDIENCES).find(([, audience]) => audience === to)
  return (found?.[0] ?? 'space') as keyof typeof AUDIENCES
}

/**
 * Remembers the titles that entries bring along: when a task is gone from the space, the entries that made it still
 * know what it was called.
 */
export class Titles {
  readonly #tasks = new Map<Id, string>()
  readonly #columns = new Map<Id, string>()

  learn(entries: readonly Entry[]): void {
    for (const change of entries.flatMap((entry) => entry.changes)) {
      if (change.do === 'put' && change.entity.kind === 'task') this.#keep(this.#tasks, change.entity)
      else if (change.do === 'put' && change.entity.kind === 'column') this.#keep(this.#columns, change.entity)
    }
  }

  /** The telling with these titles behind what the space knows now. */
  behind(telling: Telling): Telling {
    return {
      ...telling,
      task: (id) => telling.task(id) ?? this.#tasks.get(id),
      column: (id) => telling.column(id) ?? this.#columns.get(id),
    }
  }

  #keep(titles: Map<Id, string>, { id, title }: { id: Id; title: string }): void {
    if (!titles.has(id)) titles.set(id, title)
  }
}
