import { ChatroomID, MediaFile, MessageBody, MessageReceipt } from "../api/contract"

/**
 * What the person has sent and the log does not show yet.
 *
 * - `uploading`: its file is on the way to Media.
 * - `waiting`: to be sent, at once or when the connection is back.
 * - `sending`: emitted, not yet acknowledged.
 * - `sent`: acknowledged; gone as soon as its entry arrives.
 * - `failed`: refused for good; the person may try again or drop it.
 */
export type SendState = "uploading" | "waiting" | "sending" | "sent" | "failed"

/** One message on its way. Whatever happens to it, its `clientId` stays: that is what makes a repetition harmless. */
export interface OutboxItem {
  readonly clientId: string
  readonly chatroomId: ChatroomID
  readonly body: MessageBody
  /** By this device's clock, for the order among one's own. */
  readonly createdAt: string
  readonly state: SendState
  /** What is being uploaded, or has been. */
  readonly file?: { name: string; size: number; type: string }
  /** 0…1 */
  readonly progress?: number
  /** Where a large file is uploaded in parts, once that has begun: a later page goes on there. */
  readonly upload?: string
  readonly media?: MediaFile
  /** The message of the same batch that goes before this one. */
  readonly after?: string
  readonly receipt?: MessageReceipt
  /** Why it failed: a code of the contract. */
  readonly error?: string
  /** How often in a row the acknowledgement did not come. */
  readonly attempts: number
}

export type Outbox = readonly OutboxItem[]

export type OutboxEvent =
  | { type: "added"; item: OutboxItem }
  | { type: "progressed"; clientId: string; progress: number }
  | { type: "begun"; clientId: string; upload: string }
  | { type: "uploaded"; clientId: string; media: MediaFile }
  | { type: "emitted"; clientId: string }
  | { type: "acknowledged"; clientId: string; receipt: MessageReceipt }
  /** No acknowledgement, or a refusal that passes: it goes out again. */
  | { type: "unanswered"; clientId: string }
  | { type: "refused"; clientId: string; code: string }
  | { type: "retried"; clientId: string }
  | { type: "dropped"; clientId: string }
  /** Its entry is in the log. */
  | { type: "arrived"; clientId: string }
  /** Whatever was under way on the old connection is open again. */
  | { type: "disconnected" }

export function outboxAfter(outbox: Outbox, event: OutboxEvent): Outbox {
  switch (event.type) {
    case "added":
      return outbox.some((item) => item.clientId === event.item.clientId) ? outbox : [...outbox, event.item]
    case "progressed":
      return update(outbox, event.clientId, (item) =>
        item.state === "uploading" ? { ...item, progress: event.progress } : item)
    case "begun":
      return update(outbox, event.clientId, (item) => ({ ...item, upload: event.upload }))
    case "uploaded":
      return update(outbox, event.clientId, (item) => ({
        ...item, state: "waiting", progress: undefined, upload: undefined, media: event.media,
        body: { ...item.body, mediaId: event.media.id },
      }))
    case "emitted":
      return update(outbox, event.clientId, (item) => ({ ...item, state: "sending" }))
    case "acknowledged":
      return update(outbox, event.clientId, (item) => ({ ...item, state: "sent", receipt: event.receipt, attempts: 0 }))
    case "unanswered":
      return update(outbox, event.clientId, (item) =>
        item.state === "sending" ? { ...item, state: "waiting", attempts: item.attempts + 1 } : item)
    case "refused":
      return update(outbox, event.clientId, (item) => ({ ...item, state: "failed", error: event.code }))
    case "retried":
      return update(outbox, event.clientId, (item) =>
        item.state === "failed" ? { ...item, state: waitingState(item), error: undefined, attempts: 0 } : item)
    case "dropped":
    case "arrived":
      return outbox.some((item) => item.clientId === event.clientId)
        ? outbox.filter((item) => item.clientId !== event.clientId)
        : outbox
    case "disconnected":
      return outbox.some((item) => item.state === "sending")
        ? outbox.map((item) => (item.state === "sending" ? { ...item, state: "waiting" } : item))
        : outbox
  }
}

/**
 * What may be emitted now: of each chatroom the first that waits, unless one is under way there; so order is kept. Only
 * files let others pass while they are uploaded, but for those that were sent together with them.
 */
export function nextToSend(outbox: Outbox): OutboxItem[] {
  const busy = new Set(outbox.filter((item) => item.state === "sending").map((item) => item.chatroomId))
  const ahead = new Set(outbox.filter(({ state }) => state !== "sent" && state !== "failed").map(({ clientId }) => clientId))
  const next: OutboxItem[] = []
  for (const item of outbox) {
    if (item.state !== "waiting" || busy.has(item.chatroomId)) continue
    if (item.after !== undefined && ahead.has(item.after)) continue
    busy.add(item.chatroomId)
    next.push(item)
  }
  return next
}

/** Milliseconds to wait before the next attempt: 1, 2, 4, 8 and then 15 s. */
export function retryDelay(attempts: number): number {
  return Math.min(15_000, 1000 * 2 ** Math.max(0, attempts - 1))
}

/** Whether trying again unchanged can succeed by itself. */
export function passes(code: string): boolean {
  return [
    "unavailable", "too_many_requests", "timeout", "offline", "too_many_uploads", "upload_locked", "offset_conflict",
  ].includes(code)
}

/** What an item read from storage after a reload is: nothing of the old page is under way any more. */
export function revived(item: OutboxItem): OutboxItem {
  if (item.state === "failed") return item
  return { ...item, state: waitingState(item), progress: undefined, attempts: 0 }
}

function waitingState(item: OutboxItem): SendState {
  return item.file && !item.body.mediaId ? "uploading" : "waiting"
}

function update(outbox: Outbox, clientId: string, change: (item: OutboxItem) => OutboxItem): Outbox {
  let changed = false
  const result = outbox.map((item) => {
    if (item.clientId !== clientId) return item
    const next = change(item)
    if (next !== item) changed = true
    return next
  })
  return changed ? result : outbox
}
