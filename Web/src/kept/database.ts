/** `outboxFiles`: what is still to be uploaded, by `clientId`. `kept`: what the last page knew, by `<user>/<what>`. */
type StoreName = "outboxFiles" | "kept"

let opened: Promise<IDBDatabase> | undefined

/** One step in IndexedDB, durable when it resolves. Rejects where there is none, as in some private windows. */
export async function inStore<Result>(
  name: StoreName, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<Result> | void,
): Promise<Result | undefined> {
  opened ??= open()
  const database = await opened
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(name, mode)
    const request = work(transaction.objectStore(name))
    transaction.oncomplete = () => resolve(request?.result)
    transaction.onabort = () => reject(transaction.error)
  })
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("teahouse", 2)
    opening.onupgradeneeded = () => {
      const { result } = opening
      for (const name of ["outboxFiles", "kept"]) {
        if (!result.objectStoreNames.contains(name)) result.createObjectStore(name)
      }
    }
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      // A later version of the client in another tab must not wait for this one.
      opening.result.onversionchange = () => {
        opening.result.close()
        opened = undefined
      }
      resolve(opening.result)
    }
  })
}
