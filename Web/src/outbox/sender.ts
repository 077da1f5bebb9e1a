import { Calls } from "../api/calls"
import { ChatroomID, MediaFile, Message, MessageBody } from "../api/contract"
import { Connection } from "../api/connection"
import { Refusal } from "../api/http"
import { uuid } from "../api/uuid"
import { State } from "../store/state"
import { Store } from "../store/store"
import { OutboxEvent, OutboxItem, nextToSend, outboxAfter, passes, retryDelay } from "./outbox"
import { keepFile, keptFile, persist, restore } from "./storage"

/** Files of so many bytes go in one piece; a larger one is uploaded in parts and goes on where it was cut off. */
const inOnePiece = 20 * 1024 * 1024

/** More at a time would not be faster, and the first would come last. */
const uploadsAtOnce = 3

/**
 * Carries out what the outbox decides: emits, uploads, waits, repeats. It may emit one message several times, always
 * with the same `clientId`, so that it is stored once.
 */
export class Sender {
  private readonly held = new Map<string, Blob>()
  /** What is being uploaded, and how to stop it. */
  private readonly uploading = new Map<string, AbortController>()
  private readonly timers = new Set<number>()
  /** Until when an upload is not tried again, after one that broke off. */
  private readonly rests = new Map<string, number>()
  /** Until when nothing is sent to a chatroom, after a refusal that passes. */
  private readonly pauses = new Map<ChatroomID, number>()
  private stopped = false

  constructor(
    private readonly store: Store<State>,
    private readonly calls: Calls,
    private readonly connection: () => Connection | null,
  ) {}

  /** Takes up what an earlier page left. */
  resume(): void {
    const user = this.store.get().session?.user.id
    if (user === undefined) return
    this.store.update(() => ({ outbox: restore(user) }))
    this.pump()
  }

  stop(): void {
    this.stopped = true
    for (const timer of this.timers) window.clearTimeout(timer)
    for (const upload of this.uploading.values()) upload.abort()
  }

  text(chatroomId: ChatroomID, content: string, more: Pick<MessageBody, "replyTo" | "mentions"> = {}): void {
    this.add({
      clientId: uuid(), chatroomId, body: { type: "text", content, ...more }, createdAt: new Date().toISOString(),
      state: "waiting", attempts: 0,
    })
  }

  /** Sends files, each as a message; `more` goes with them: the words under the last, what is answered with the first. */
  files(
    chatroomId: ChatroomID, files: readonly File[], more: Pick<MessageBody, "content" | "replyTo" | "mentions">,
  ): void {
    let after: string | undefined
    for (const [index, file] of files.entries()) {
      const clientId = uuid()
      this.held.set(clientId, file)
      const last = index === files.length - 1
      // Named by its place among the others too: they may be made within one millisecond.
      const createdAt = new Date(Date.now() + index).toISOString()
      this.happened({ type: "added", item: {
        clientId, chatroomId, createdAt, state: "uploading", progress: 0, attempts: 0, after,
        body: {
          type: showable(file.type) ? "image" : "file", content: last ? more.content : "",
          mentions: last ? more.mentions : undefined, replyTo: index === 0 ? more.replyTo : undefined,
        },
        file: { name: file.name, size: file.size, type: file.type },
      } })
      void keepFile(clientId, file)
      after = clientId
    }
    this.pump()
  }

  /** Says elsewhere what was said here; a file goes along without being uploaded again. */
  forward(chatroomId: ChatroomID, { type, content, media }: Message): void {
    this.add({
      clientId: uuid(), chatroomId, body: { type, content, mediaId: media?.id }, createdAt: new Date().toISOString(),
      state: "waiting", attempts: 0, media: media ?? undefined,
    })
  }

  retry(clientId: string): void {
    this.happened({ type: "retried", clientId })
    this.pump()
  }

  /** Takes back what is not sent; an upload under way ends. */
  drop(clientId: string): void {
    const begun = this.store.get().outbox.find((item) => item.clientId === clientId)?.upload
    this.uploading.get(clientId)?.abort()
    if (begun) void this.calls.endUpload(begun).catch(() => undefined)
    this.happened({ type: "dropped", clientId })
    this.held.delete(clientId)
  }

  /** The file of an item that is still on its way, to show it meanwhile. */
  localFile(clientId: string): Blob | undefined {
    return this.held.get(clientId)
  }

  disconnected(): void {
    this.happened({ type: "disconnected" })
  }

  /** Sends and uploads whatever can go now. Called whenever something may have become possible. */
  pump(): void {
    if (this.stopped) return
    for (const item of this.store.get().outbox) {
      if (item.state === "uploading" && (this.rests.get(item.clientId) ?? 0) <= Date.now()) void this.upload(item)
    }
    const connection = this.connection()
    if (!connection?.online) return
    for (const item of nextToSend(this.store.get().outbox)) {
      if ((this.pauses.get(item.chatroomId) ?? 0) > Date.now()) continue
      void this.emit(item, connection)
    }
  }

  happened(event: OutboxEvent): void {
    const { session, outbox } = this.store.get()
    const next = outboxAfter(outbox, event)
    if (next === outbox) return
    if (session) persist(session.user.id, outbox, next)
    this.store.update(() => ({ outbox: next }))
  }

  private add(item: OutboxItem): void {
    this.happened({ type: "added", item })
    this.pump()
  }

  private async emit(item: OutboxItem, connection: Connection): Promise<void> {
    const { clientId } = item
    this.happened({ type: "emitted", clientId })
    try {
      const receipt = await connection.send(item.chatroomId, clientId, item.body)
      this.happened({ type: "acknowledged", clientId, receipt })
      this.held.delete(clientId)
    } catch (error) {
      this.refused(item, error)
    }
    this.pump()
  }

  private async upload(item: OutboxItem): Promise<void> {
    const { clientId } = item
    if (this.uploading.has(clientId)) return
    if (this.uploading.size >= uploadsAtOnce) return
    const stop = new AbortController()
    this.uploading.set(clientId, stop)
    try {
      const file = this.held.get(clientId) ?? (await keptFile(clientId))
      if (!file) return this.happened({ type: "refused", clientId, code: "file_lost" })
      this.held.set(clientId, file)
      const media = await this.send(item, file, stop.signal)
      this.happened({ type: "uploaded", clientId, media })
    } catch (error) {
      if (stop.signal.aborted) return
      if (error instanceof Refusal && passes(error.code)) {
        const seconds = error.body.retryAfter ?? 3
        this.rests.set(clientId, Date.now() + seconds * 1000)
        this.later(seconds)
        return
      }
      this.happened({ type: "refused", clientId, code: error instanceof Refusal ? error.code : "file_lost" })
    } finally {
      this.uploading.delete(clientId)
      this.pump()
    }
  }

  /** Small files go in one piece, large ones in parts. */
  private send({ clientId, chatroomId, file, upload }: OutboxItem, bytes: Blob, signal: AbortSignal): Promise<MediaFile> {
    const name = file?.name ?? "file"
    let shown = -1
    const onProgress = (sent: number) => {
      // The page shows whole percents.
      const percent = Math.floor((sent / Math.max(1, bytes.size)) * 100)
      if (percent !== shown) this.happened({ type: "progressed", clientId, progress: Math.min(1, percent / 100) })
      shown = percent
    }
    const sending = { signal, onProgress }
    if (bytes.size <= inOnePiece) return this.calls.upload(chatroomId, bytes, name, clientId, sending)
    const onBegun = (address: string) => this.happened({ type: "begun", clientId, upload: address })
    return this.calls.uploadResumably(chatroomId, bytes, name, { address: upload, onBegun, idempotencyKey: clientId }, sending)
  }

  private refused(item: OutboxItem, error: unknown): void {
    const code = error instanceof Refusal ? error.code : "timeout"
    if (!passes(code)) return this.happened({ type: "refused", clientId: item.clientId, code })
    this.happened({ type: "unanswered", clientId: item.clientId })
    const asked = error instanceof Refusal && error.body.retryAfter ? error.body.retryAfter * 1000 : 0
    const pause = Math.max(asked, retryDelay(item.attempts + 1))
    // A lost connection needs no pause of its own: `ready` is the moment to go on.
    if (!this.connection()?.online) return
    this.pauses.set(item.chatroomId, Date.now() + pause)
    this.later(pause / 1000)
  }

  private later(seconds: number): void {
    const timer = window.setTimeout(() => {
      this.timers.delete(timer)
      this.pump()
    }, seconds * 1000 + 20)
    this.timers.add(timer)
  }

  /** The connection is of use again: nothing waits for an old pause. */
  ready(): void {
    this.pauses.clear()
    this.rests.clear()
    this.pump()
  }
}

/** What Media calls an image and a browser shows; anything else goes as a file. */
export function showable(type: string): boolean {
  return ["image/png", "image/jpeg", "image/gif", "image/webp"].includes(type)
}
