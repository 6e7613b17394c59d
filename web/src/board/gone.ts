// Why something that somebody is busy with is not there any more, in a sentence.

import { t } from '../lib/i18n.svelte'
import type { Id } from '../schema'
import type { Gone } from './state.svelte'

/** "Josef Dorfner hat die Aufgabe archiviert." */
export function goneText(gone: Gone, names: { nameOf(person: Id): string }): string {
  const name = (gone.by && names.nameOf(gone.by)) || t('common.somebody')
  switch (gone.verb) {
    case 'task.archive':
      return t('gone.archived', { name })
    case 'task.bin':
    case 'column.remove':
      return t('gone.binned', { name })
    case 'task.send':
      return t('gone.sent', { name })
    case 'task.delete':
      return t('gone.deleted', { name })
    case 'task.show':
      return t('gone.hidden', { name })
    default:
      return t('gone.other')
  }
}
