import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { Entry, Hidden, Id, Snapshot } from '../schema.ts'
import type { Row } from './outbox.ts'

/** A space as it was saved; entries that came later lie beside it. */
export interface SavedSpace extends Snapshot {
  schema: string
  instance: Id
}

interface SavedEntry {
  space: Id
  seq: number
  entry: Entry | Hidden
  /** Head of the chain after this entry, where it is known: after the last one of a frame. */
  head: string | null
}

interface Tables extends DBSchema {
  outbox: { key: number; value: Row }
  spaces: { key: Id; value: SavedSpace }
  entries: { key: [Id, number]; value: SavedEntry }
  drafts: { key: string; value: string }
  facts: { key: string; value: unknown }
}

/**
 * What this device keeps for one person in one area: a database of its own, so that nothing can be read or sent as
 * somebody else. Where there is none (private mode, full disk) everything works and nothing is kept.
 */
export class Storage {
  readonly #name: string
  #db: Promise<IDBPDatabase<Tables> | null>
  #order = 0

  constructor(name: string) {
    this.#name = name
    this.#db = this.#open()
  }

  #open(): Promise<IDBPDatabase<Tables> | null> {
    const close = () => void this.close()
    return openDB<Tables>(this.#name, 1, {
      upgrade(db) {
        db.createObjectStore('outbox', { keyPath: 'order', autoIncrement: true })
        db.createObjectStore('spaces', { keyPath: 'space' })
        db.createObjectStore('entries', { keyPath: ['space', 'seq'] })
        db.createObjectStore('drafts')
        db.createObjectStore('facts')
      },
      // Another tab signs out and deletes the database: do not stand in its way.
      blocking: close,
      terminated: close,
    }).catch(() => null)
  }

  /** Whether anything can be kept here. */
  async kept(): Promise<boolean> {
    return (await this.#db) !== null
  }

  async close(): Promise<void> {
    const db = this.#db
    this.#db = Promise.resolve(null)
    ;(await db)?.close()
  }

  /** Deletes all that is kept of this person in this area. */
  async wipe(): Promise<void> {
    await this.close()
    await new Promise<void>((resolve) => {
      const request = indexedDB.deleteDatabase(this.#name)
      request.onsuccess = request.onerror = () => resolve()
    }).catch(() => undefined)
  }

  // --- outbox ---

  rows(): Promise<Row[]> {
    return this.#try((db) => db.getAll('outbox'), [])
  }

  /** Keeps a new row and gives it its place in the order of all tabs. */
  async add(row: Omit<Row, 'order'>, durability: 'strict' | 'relaxed'): Promise<number> {
    this.#order = await this.#try(
      async (db) => {
        const tx = db.transaction('outbox', 'readwrite', { durability })
        const [order] = await Promise.all([tx.store.add(row as Row), tx.done])
        return order
      },
      // Behind the last one that was kept; a fraction, because the database numbers by whole ones.
      this.#order + 2 ** -20,
    )
    return this.#order
  }

  async put(row: Row): Promise<void> {
    await this.#try((db) => db.put('outbox', row), 0)
  }

  remove(order: number): Promise<void> {
    return this.#try((db) => db.delete('outbox', order), undefined)
  }

  // --- spaces ---

  /** What is kept of a space: a snapshot and the entries after it, as far as they are without holes. */
  space(space: Id): Promise<{ saved: SavedSpace; later: SavedEntry[] } | null> {
    return this.#try(async (db) => {
      const tx = db.transaction(['spaces', 'entries'])
      const saved = await tx.objectStore('spaces').get(space)
      if (!saved) return null
      const later = await tx.objectStore('entries').getAll(after(space, saved.seq))
      return { saved, later }
    }, null)
  }

  /** Keeps a snapshot, and no entry before it: what a viewer may not see any more stands nowhere. */
  save(saved: SavedSpace): Promise<void> {
    return this.#try(async (db) => {
      const tx = db.transaction(['spaces', 'entries'], 'readwrite')
      void tx.objectStore('spaces').put(saved)
      void tx.objectStore('entries').delete(after(saved.space, -1))
      await tx.done
    }, undefined)
  }

  append(space: Id, entries: readonly (Entry | Hidden)[], head: string): Promise<void> {
    return this.#try(async (db) => {
      const tx = db.transaction('entries', 'readwrite')
      for (const entry of entries) {
        const last = entry === entries.at(-1)
        void tx.store.put({ space, seq: entry.seq, entry, head: last ? head : null })
      }
      await tx.done
    }, undefined)
  }

  forget(space: Id): Promise<void> {
    return this.#try(async (db) => {
      const tx = db.transaction(['spaces', 'entries', 'drafts'], 'readwrite')
      void tx.objectStore('spaces').delete(space)
      void tx.objectStore('entries').delete(after(space, -1))
      void tx.objectStore('drafts').delete(IDBKeyRange.bound(`${space}/`, `${space}/\uffff`))
      await tx.done
    }, undefined)
  }

  // --- drafts and facts ---

  draft(key: string): Promise<string | undefined> {
    return this.#try((db) => db.get('drafts', key), undefined)
  }

  keepDraft(key: string, text: string | null): Promise<unknown> {
    return this.#try<unknown>(
      (db) => (text === null ? db.delete('drafts', key) : db.put('drafts', text, key)),
      undefined,
    )
  }

  fact<T>(key: string): Promise<T | undefined> {
    return this.#try((db) => db.get('facts', key) as Promise<T | undefined>, undefined)
  }

  keepFact(key: string, value: unknown): Promise<unknown> {
    return this.#try<unknown>((db) => db.put('facts', value, key), undefined)
  }

  /** A failing disk must not stop the work: then this time nothing is kept. */
  async #try<T>(work: (db: IDBPDatabase<Tables>) => Promise<T>, otherwise: T): Promise<T> {
    const db = await this.#db
    if (!db) return otherwise
    try {
      return await work(db)
    } catch {
      return otherwise
    }
  }
}

function after(space: Id, seq: number): IDBKeyRange {
  return IDBKeyRange.bound([space, seq], [space, Number.MAX_SAFE_INTEGER], true)
}
