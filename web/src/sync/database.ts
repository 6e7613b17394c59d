// IndexedDB with promises: as much of it as `Storage` needs.

/** Opens a database, which `make` fills with stores if it is new. `close` is called when it must be let go. */
export async function openDatabase(
  name: string,
  make: (db: IDBDatabase) => void,
  close: () => void,
): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => make(request.result)
  const db = await answer(request)
  db.onversionchange = db.onclose = close
  return db
}

/** What a request finds. */
export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Resolves once all that a transaction wrote is kept, and rejects if nothing of it is. */
export function done(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve()
    tx.onabort = () => reject(tx.error)
  })
}
