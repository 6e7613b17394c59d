import type { Key } from '../lib/texts'
import type { Entry } from '../schema'
import type { Telling } from './names'

/** One value that changed, as people read it; null where there was or is none. */
export interface Difference {
  label: string
  from: string | null
  to: string | null
}

type Say = (value: unknown, telling: Telling) => string | null

const text: Say = (value) => (value === null || value === undefined || value === '' ? null : String(value))
const day: Say = (value, telling) => (typeof value === 'string' ? telling.day(value) : null)
const person: Say = (value, telling) =>
  typeof value === 'string' ? (telling.person(value) ?? telling.t('common.somebody')) : null
const yes: Say = (value, { t }) => t(value ? 'activity.yes' : 'activity.no')
const spaceRole: Say = (value, { t }) => t(`space_role.${value}` as Key)
const colour: Say = (value, { t }) => (value ? t(`colour.${value}` as Key) : null)

/** The fields that are told, with their words; others, such as places, mean nothing to a reader. */
const FIELDS: Record<string, { label: Key; say: Say }> = {
  'task.title': { label: 'field.title', say: text },
  'task.due': { label: 'field.due', say: day },
  'board.title': { label: 'field.title', say: text },
  'column.title': { label: 'field.title', say: text },
  'column.colour': { label: 'field.colour', say: colour },
  'column.limit': { label: 'field.limit', say: text },
  'column.done': { label: 'field.done', say: yes },
  'profile.name': { label: 'field.name', say: text },
  'profile.purpose': { label: 'field.purpose', say: text },
  'person.name': { label: 'field.name', say: text },
  'person.function': { label: 'field.function', say: text },
  'person.role': { label: 'field.role', say: (value, { t }) => t(`area_role.${value}` as Key) },
  'person.access_until': { label: 'field.until', say: day },
  'organisation.name': { label: 'field.name', say: text },
  'organisation.sector': { label: 'field.sector', say: (value, { t }) => t(`sector.${value}` as Key) },
  'organisation.description': { label: 'field.description', say: text },
  'organisation.contact': { label: 'field.contact', say: person },
  'organisation.contact_name': { label: 'field.contact_name', say: text },
  'organisation.contact_email': { label: 'field.contact_email', say: text },
  'organisation.website': { label: 'field.website', say: text },
  'organisation.municipality': { label: 'field.municipality', say: yes },
  'participant.until': { label: 'field.until', say: day },
  'participant.role': { label: 'field.role', say: spaceRole },
  'participant.voting': { label: 'field.voting', say: yes },
  'checklist_line.text': { label: 'field.text', say: text },
  'checklist_line.owner': { label: 'field.owner', say: person },
  'checklist_line.due': { label: 'field.due', say: day },
}

/** Old and new values of an entry, in the order of its changes. */
export function differences(entry: Entry, telling: Telling): Difference[] {
  return entry.changes.flatMap((change) => {
    if (change.do !== 'patch') return []
    return Object.entries(change.fields).flatMap(([field, value]) => {
      const told = FIELDS[`${change.kind}.${field}`]
      if (!told || value === change.was[field]) return []
      return [
        {
          label: telling.t(told.label),
          from: told.say(change.was[field], telling),
          to: told.say(value, telling),
        },
      ]
    })
  })
}
