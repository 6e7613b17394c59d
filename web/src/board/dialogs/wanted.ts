import type { Desk } from '../desk.svelte'
import type { Card, Lane } from '../state.svelte'

/** The dialog that is asked for, with what it is about. */
export type Wanted =
  | { dialog: 'help' | 'template' | 'put_away' | 'rename' | 'create' }
  | { dialog: 'column'; what: 'edit' | 'add' | 'remove'; lane: Lane | null }
  | { dialog: 'remove_column'; lane: Lane | null }
  | { dialog: 'send'; desk: Desk; card: Card }
