import { expect, test } from 'vitest'
import activity from '../../../shared_schema/texts/de/activity.json'
import app from '../../../shared_schema/texts/de/app.json'
import english from '../../../shared_schema/texts/en/activity.json'
import englishApp from '../../../shared_schema/texts/en/app.json'
import { translator } from '../lib/texts'
import { type Change, COMMANDS, type Entry, type Task } from '../schema'
import { namesIn, type Telling, Titles, visibilityOf } from './names'
import { sentence, TOLD_VERBS } from './sentence'

const NAMES: Record<string, string> = { jana: 'Jana Wolfsteiner', josef: 'Josef Dorfner' }
const COLUMNS: Record<string, string> = { open: 'Offen', busy: 'In Arbeit', done: 'Erledigt' }

const telling: Telling = {
  t: translator({ ...app, ...activity }, 'de'),
  day: (day) => `am ${day}`,
  audience: (to) => visibilityOf(to),
  person: (id) => NAMES[id],
  organisation: () => undefined,
  task: (id) => (id === 'plan' ? 'Musterfahrplan' : undefined),
  column: (id) => COLUMNS[id],
  line: (id) => (id === 'line' ? 'Bahn anrufen' : undefined),
  goal: (id) => (id === 'goal' ? 'Ziel 3: Mobil ohne Auto' : undefined),
  space: (id) => (id === 'rufbus' ? 'Rufbus Selmachtal' : undefined),
}

function entry(verb: string, changes: Change[] = [], rest: Partial<Entry> = {}): Entry {
  return {
    shown: 1,
    seq: 7,
    at: '2026-11-16T13:05:00Z',
    by: { kind: 'person', id: 'jana', for: null },
    verb,
    about: 'plan',
    command: 'c',
    changes,
    unseen: [],
    other: null,
    ...rest,
  }
}

const TASK: Task = {
  kind: 'task',
  id: 'plan',
  to: 7,
  column: 'open',
  place: 'a',
  title: 'Musterfahrplan für das Wochenende',
  created_at: '2026-11-16T13:05:00Z',
  created_by: 'jana',
  due: null,
  blocked_because: null,
  done_at: null,
  done_by: null,
  archived_at: null,
  binned_at: null,
  put_away_at: null,
  comments: 0,
  described: false,
}
const patch = (kind: string, fields: object, was: object, id = 'plan'): Change =>
  ({ do: 'patch', kind, id, fields, was, to: 7 }) as Change
const put = (entity: object): Change => ({ do: 'put', entity }) as Change
const part = { task: 'plan', to: 7, put_away_at: null }

const SAID: [string, Entry, string][] = [
  [
    'a move names both columns',
    entry('task.move', [patch('task', { column: 'busy', place: 'b' }, { column: 'open', place: 'a' })]),
    'Jana Wolfsteiner hat „Musterfahrplan“ von „Offen“ nach „In Arbeit“ verschoben.',
  ],
  [
    'a move into a done column finishes',
    entry('task.move', [patch('task', { column: 'done', done_at: 'x' }, { column: 'busy', done_at: null })]),
    'Jana Wolfsteiner hat „Musterfahrplan“ erledigt: von „In Arbeit“ nach „Erledigt“.',
  ],
  [
    'a move within a column says so',
    entry('task.move', [patch('task', { place: 'b' }, { place: 'a' })]),
    'Jana Wolfsteiner hat „Musterfahrplan“ in der Spalte umgestellt.',
  ],
  [
    'a new task has the title it got',
    entry('task.create', [put(TASK)]),
    'Jana Wolfsteiner hat „Musterfahrplan für das Wochenende“ in „Offen“ angelegt.',
  ],
  [
    'taking over',
    entry('task.assign', [put({ ...part, kind: 'ownership', id: 'plan', person: 'jana' })]),
    'Jana Wolfsteiner hat „Musterfahrplan“ übernommen.',
  ],
  [
    'handing over names both',
    entry('task.assign', [patch('ownership', { person: 'josef' }, { person: 'jana' })]),
    'Jana Wolfsteiner hat „Musterfahrplan“ von Jana Wolfsteiner an Josef Dorfner übertragen.',
  ],
  [
    'an owner less',
    entry('task.assign', [{ do: 'drop', kind: 'ownership', id: 'plan', to: 7 }]),
    'Für „Musterfahrplan“ ist niemand mehr zuständig; geändert von Jana Wolfsteiner.',
  ],
  [
    'a task that leaves',
    entry('task.send', [{ do: 'drop', kind: 'task', id: 'plan', to: 7 }], { other: 'rufbus' }),
    'Jana Wolfsteiner hat „Musterfahrplan“ nach „Rufbus Selmachtal“ verschoben.',
  ],
  [
    'a task that arrives',
    entry('task.send', [put(TASK)], { other: 'rufbus' }),
    'Jana Wolfsteiner hat „Musterfahrplan für das Wochenende“ aus „Rufbus Selmachtal“ hierher verschoben.',
  ],
  [
    'a goal',
    entry('goal_tag.add', [put({ ...part, kind: 'goal_tag', id: 'x', goal: 'goal' })]),
    'Jana Wolfsteiner hat „Musterfahrplan“ einem Ziel zugeordnet: Ziel 3: Mobil ohne Auto.',
  ],
  [
    'a tick',
    entry('checklist_line.tick', [patch('checklist_line', { done_at: 'x' }, { done_at: null }, 'line')]),
    'Jana Wolfsteiner hat in „Musterfahrplan“ abgehakt: „Bahn anrufen“.',
  ],
  [
    'a tick taken back',
    entry('checklist_line.tick', [patch('checklist_line', { done_at: null }, { done_at: 'x' }, 'line')]),
    'Jana Wolfsteiner hat in „Musterfahrplan“ den Haken entfernt: „Bahn anrufen“.',
  ],
  [
    'visibility',
    entry('task.show', [{ ...put({ ...TASK, to: 1 }), formerly: 7 } as Change]),
    'Jana Wolfsteiner hat „Musterfahrplan für das Wochenende“ sichtbar gemacht für: moderators.',
  ],
  [
    'what became hidden from this viewer names nothing',
    entry('task.show', [{ do: 'drop', kind: 'task', id: 'secret', to: 7 }], { about: 'secret' }),
    'Eine Aufgabe ist hier nicht mehr zu sehen.',
  ],
  [
    'the system',
    entry('task.put_away', [], { by: { kind: 'system', id: 'nil', for: null } }),
    '„Musterfahrplan“ ist seit 30 Tagen erledigt und jetzt abgelegt.',
  ],
  [
    'somebody who is gone, and a task that is gone',
    entry('task.archive', [], { by: { kind: 'person', id: 'gone', for: null }, about: 'gone' }),
    'Jemand hat „eine Aufgabe“ ins Archiv gelegt.',
  ],
  ['a verb of a later version', entry('vote.cast'), 'Jana Wolfsteiner hat etwas geändert.'],
]

test.each(SAID)('%s', (_, one, expected) => {
  expect(sentence(one, telling).text).toBe(expected)
})

test('every verb of the vocabulary has a sentence', () => {
  // The last is written by an erasure, and nobody sends it.
  expect([...TOLD_VERBS].sort()).toEqual([...Object.keys(COMMANDS), 'person.forget'].sort())
})

test.each(TOLD_VERBS)('%s is told without holes, in both languages', (verb) => {
  const both: Telling[] = [telling, { ...telling, t: translator({ ...englishApp, ...english }, 'en') }]
  for (const language of both) {
    const { text } = sentence(entry(verb), language)
    expect(text).not.toMatch(/activity\.|\{\{|undefined/)
  }
})

test('an edit lists old and new values, as people say them', () => {
  const edit = entry('task.edit', [
    patch('task', { title: 'Neu', due: '2026-12-04', place: 'b' }, { title: 'Alt', due: null, place: 'a' }),
  ])
  expect(sentence(edit, telling).differences).toEqual([
    { label: 'Titel', from: 'Alt', to: 'Neu' },
    { label: 'Fällig', from: null, to: 'am 2026-12-04' },
  ])
})

test('an owner of a checklist line is told by name', () => {
  const edit = entry('checklist_line.edit', [patch('checklist_line', { owner: 'josef' }, { owner: null }, 'line')])
  expect(sentence(edit, telling).differences).toEqual([{ label: 'Zuständig', from: null, to: 'Josef Dorfner' }])
})

test('titles are remembered for tasks that are gone', () => {
  const titles = new Titles()
  titles.learn([entry('task.create', [put({ ...TASK, id: 'gone', title: 'Alte Aufgabe' })])])
  const knows = titles.behind(telling)
  expect(sentence(entry('task.delete', [], { about: 'gone' }), knows).text).toContain('„Alte Aufgabe“')
  expect(knows.task('plan')).toBe('Musterfahrplan')
})

test('names in an entry do not hide those of the space', () => {
  const known = namesIn(entry('task.create', [put(TASK)]), telling)
  expect(known.person('josef')).toBe('Josef Dorfner')
  expect(known.task('plan')).toBe('Musterfahrplan für das Wochenende')
})

test('who helps of their own accord is not told as entered by themselves', () => {
  const helps = (person: string) => {
    const entity = { kind: 'helper', id: 'h', to: 7, task: 'plan', person, put_away_at: null } as const
    return entry('helper.add', [{ do: 'put', formerly: 0, entity }])
  }
  expect(sentence(helps('jana'), telling).text).toBe('Jana Wolfsteiner arbeitet jetzt an „Musterfahrplan“ mit.')
  expect(sentence(helps('josef'), telling).text).toBe(
    'Jana Wolfsteiner hat Josef Dorfner zum Mitarbeiten an „Musterfahrplan“ eingetragen.',
  )
})
