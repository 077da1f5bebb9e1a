import { Calls } from "../api/calls"
import { ChatroomID, Message, MessageBody } from "../api/contract"
import { Connection } from "../api/connection"
import { Refusal } from "../api/http"
import { uuid } from "../api/uuid"
import { State } from "../store/state"
import { Store } from "../store/store"
import { OutboxEvent, OutboxItem, nextToSend, outboxAfter, passes, retryDelay } from "./outbox"
import { keepFile, keptFile, persist, restore } from "./storage"

/**
 * Carries out what the outbox decides: emits, uploads, waits, repeats. It may emit one message several times, always
 * with the same `clientId`, so that it is stored once.
 */
export class Sender {
  private readonly files = new Map<string, Blob>()
  private readonly uploading = new Set<string>()
  private readonly timers = new Set<number>()
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
  }

  text(chatroomId: ChatroomID, content: string, more: Pick<MessageBody, "replyTo" | "mentions"> = {}): void {
    this.add({
      clientId: uuid(), chatroomId, body: { type: "text", content, ...more }, createdAt: new Date().toISOString(),
      state: "waiting", attempts: 0,
    })
  }

  file(chatroomId: ChatroomID, file: File): void {
    const clientId = uuid()
    this.files.set(clientId, file)
    void keepFile(clientId, file)
    this.add({
      clientId, chatroomId, body: { type: showable(file.type) ? "image" : "file", content: "" },
      createdAt: new Date().toISOString(), state: "uploading", progress: 0, attempts: 0,
      file: { name: file.name, size: file.size, type: file.type },
    })
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

  drop(clientId: string): void {
    this.happened({ type: "dropped", clientId })
    this.files.delete(clientId)
  }

  /** The file of an item that is still on its way, to show it meanwhile. */
  localFile(clientId: string): Blob | undefined {
    return this.files.get(clientId)
  }

  disconnected(): void {
    this.happened({ type: "disconnected" })
  }

  /** Sends and uploads whatever can go now. Called whenever something may have become possible. */
  pump(): void {
    if (this.stopped) return
    for (const item of this.store.get().outbox) {
      if (item.state === "uploading") void this.upload(item)
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
      this.files.delete(clientId)
    } catch (error) {
      this.refused(item, error)
    }
    this.pump()
  }

  private async upload(item: OutboxItem): Promise<void> {
    const { clientId } = item
    if (this.uploading.has(clientId)) return
    this.uploading.add(clientId)
    try {
      const file = this.files.get(clientId) ?? (await keptFile(clientId))
      if (!file) return this.happened({ type: "refused", clientId, code: "file_lost" })
      this.files.set(clientId, file)
      const media = await this.calls.upload(item.chatroomId, file, item.file?.name ?? "file", clientId, (progress) =>
        this.happened({ type: "progressed", clientId, progress }))
      this.happened({ type: "uploaded", clientId, media })
    } catch (error) {
      if (error instanceof Refusal && passes(error.code)) this.later(error.body.retryAfter ?? 3)
      else this.happened({ type: "refused", clientId, code: error instanceof Refusal ? error.code : "file_lost" })
    } finally {
      this.uploading.delete(clientId)
    }
    this.pump()
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
    this.pump()
  }
}

/** What Media calls an image and a browser shows; anything else goes as a file. */
function showable(type: string): boolean {
  return ["image/png", "image/jpeg", "image/gif", "image/webp"].includes(type)
}
