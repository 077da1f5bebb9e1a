import { UserID } from "../api/contract"
import { inStore } from "../kept/database"
import { Outbox, OutboxItem, revived } from "./outbox"

// Texts go to localStorage, because its writes are done when they return: a reload right after Enter loses nothing.
// Files go to IndexedDB, which alone can hold them. Each item has a key of its own, so that tabs do not overwrite each
// other; two tabs that send the same item send the same `clientId`.

const prefix = (user: UserID): string => `teahouse.outbox.${user}.`

/** Writes what differs between two states of the outbox. What is acknowledged is safe and is kept no longer. */
export function persist(user: UserID, before: Outbox, after: Outbox): void {
  const kept = after.filter((item) => item.state !== "sent")
  for (const item of kept) {
    if (before.includes(item)) continue
    const earlier = before.find(({ clientId }) => clientId === item.clientId)
    if (earlier && asKept(earlier) === asKept(item)) continue
    localStorage.setItem(prefix(user) + item.clientId, asKept(item))
  }
  for (const { clientId } of before) {
    if (kept.some((item) => item.clientId === clientId)) continue
    localStorage.removeItem(prefix(user) + clientId)
    void removeFile(clientId)
  }
}

/** How far an upload has come is asked of the server. */
function asKept(item: OutboxItem): string {
  return JSON.stringify({ ...item, progress: undefined })
}

/** What an earlier page of this user left, oldest first. */
export function restore(user: UserID): Outbox {
  const items: OutboxItem[] = []
  for (let index = 0; index < localStorage.length; index++) {
    const key = localStorage.key(index)
    if (!key?.startsWith(prefix(user))) continue
    try {
      items.push(revived(JSON.parse(localStorage.getItem(key) ?? "") as OutboxItem))
    } catch {
      localStorage.removeItem(key)
    }
  }
  return items.sort((a, b) => a.createdAt.localeCompare(b.createdAt))
}

/** Keeps a file until it is uploaded. Where IndexedDB is not to be had (private windows), the page's memory must do. */
export async function keepFile(clientId: string, file: Blob): Promise<void> {
  await inStore("outboxFiles", "readwrite", (files) => files.put(file, clientId)).catch(() => undefined)
}

export async function keptFile(clientId: string): Promise<Blob | undefined> {
  const file = await inStore("outboxFiles", "readonly", (files) => files.get(clientId) as IDBRequest<unknown>).catch(() => undefined)
  return file instanceof Blob ? file : undefined
}

async function removeFile(clientId: string): Promise<void> {
  await inStore("outboxFiles", "readwrite", (files) => files.delete(clientId)).catch(() => undefined)
}
