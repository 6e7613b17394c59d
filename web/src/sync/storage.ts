import type { Entry, Hidden, Id, Snapshot } from '../schema.ts'
import { answer, done, openDatabase } from './database.ts'
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

type Store = 'outbox' | 'spaces' | 'entries' | 'drafts' | 'facts'

/**
 * What this device keeps for one person in one area: a database of its own, so that nothing can be read or sent as
 * somebody else. Where there is none (private mode, full disk) everything works and nothing is kept.
 */
export class Storage {
  readonly #name: string
  #db: Promise<IDBDatabase | null>
  #order = 0

  constructor(name: string) {
    this.#name = name
    this.#db = this.#open()
  }

  #open(): Promise<IDBDatabase | null> {
    const make = (db: IDBDatabase) => {
      db.createObjectStore('outbox', { keyPath: 'order', autoIncrement: true })
      db.createObjectStore('spaces', { keyPath: 'space' })
      db.createObjectStore('entries', { keyPath: ['space', 'seq'] })
      db.createObjectStore('drafts')
      db.createObjectStore('facts')
    }
    // Another tab signs out and deletes the database: do not stand in its way.
    return openDatabase(this.#name, make, () => void this.close()).catch(() => null)
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
    return this.#try((db) => answer<Row[]>(read(db, 'outbox').getAll()), [])
  }

  /** Keeps a new row and gives it its place in the order of all tabs. */
  async add(row: Omit<Row, 'order'>, durability: 'strict' | 'relaxed'): Promise<number> {
    this.#order = await this.#try(
      async (db) => {
        const tx = db.transaction('outbox', 'readwrite', { durability })
        const [order] = await Promise.all([answer(tx.objectStore('outbox').add(row)), done(tx)])
        return order as number
      },
      // Behind the last one that was kept; a fraction, because the database numbers by whole ones.
      this.#order + 2 ** -20,
    )
    return this.#order
  }

  put(row: Row): Promise<void> {
    return this.#write(['outbox'], ([outbox]) => outbox.put(row))
  }

  remove(order: number): Promise<void> {
    return this.#write(['outbox'], ([outbox]) => outbox.delete(order))
  }

  // --- spaces ---

  /** What is kept of a space: a snapshot and the entries after it, as far as they are without holes. */
  space(space: Id): Promise<{ saved: SavedSpace; later: SavedEntry[] } | null> {
    return this.#try(async (db) => {
      const tx = db.transaction(['spaces', 'entries'])
      const saved = await answer<SavedSpace | undefined>(tx.objectStore('spaces').get(space))
      if (!saved) return null
      const later = await answer<SavedEntry[]>(tx.objectStore('entries').getAll(after(space, saved.seq)))
      return { saved, later }
    }, null)
  }

  /** Keeps a snapshot, and no entry before it: what a viewer may not see any more stands nowhere. */
  save(saved: SavedSpace): Promise<void> {
    return this.#write(['spaces', 'entries'], ([spaces, entries]) => {
      spaces.put(saved)
      entries.delete(after(saved.space, -1))
    })
  }

  append(space: Id, entries: readonly (Entry | Hidden)[], head: string): Promise<void> {
    return this.#write(['entries'], ([store]) => {
      for (const entry of entries) {
        const last = entry === entries.at(-1)
        store.put({ space, seq: entry.seq, entry, head: last ? head : null } satisfies SavedEntry)
      }
    })
  }

  forget(space: Id): Promise<void> {
    return this.#write(['spaces', 'entries', 'drafts'], ([spaces, entries, drafts]) => {
      spaces.delete(space)
      entries.delete(after(space, -1))
      drafts.delete(IDBKeyRange.bound(`${space}/`, `${space}/\uffff`))
    })
  }

  // --- drafts and facts ---

  draft(key: string): Promise<string | undefined> {
    return this.#try((db) => answer<string | undefined>(read(db, 'drafts').get(key)), undefined)
  }

  keepDraft(key: string, text: string | null): Promise<void> {
    return this.#write(['drafts'], ([drafts]) => (text === null ? drafts.delete(key) : drafts.put(text, key)))
  }

  fact<T>(key: string): Promise<T | undefined> {
    return this.#try((db) => answer<T | undefined>(read(db, 'facts').get(key)), undefined)
  }

  keepFact(key: string, value: unknown): Promise<void> {
    return this.#write(['facts'], ([facts]) => facts.put(value, key))
  }

  /** Writes in one transaction and resolves when it is done. */
  #write<const Names extends readonly Store[]>(
    names: Names,
    write: (stores: { [Name in keyof Names]: IDBObjectStore }) => unknown,
  ): Promise<void> {
    return this.#try(async (db) => {
      const tx = db.transaction(names, 'readwrite')
      write(names.map((name) => tx.objectStore(name)) as { [Name in keyof Names]: IDBObjectStore })
      await done(tx)
    }, undefined)
  }

  /** A failing disk must not stop the work: then this time nothing is kept. */
  async #try<T>(work: (db: IDBDatabase) => Promise<T>, otherwise: T): Promise<T> {
    const db = await this.#db
    if (!db) return otherwise
    try {
      return await work(db)
    } catch {
      return otherwise
    }
  }
}

function read(db: IDBDatabase, name: Store): IDBObjectStore {
  return db.transaction(name).objectStore(name)
}

function after(space: Id, seq: number): IDBKeyRange {
  return IDBKeyRange.bound([space, seq], [space, Number.MAX_SAFE_INTEGER], true)
}
