import { Socket, io } from "socket.io-client"
import {
  Change, Chatroom, ChatroomID, ErrorBody, FriendRequest, Message, MessageBody, MessageReceipt, PresenceEvent, Profile,
  Ready, Seq, UserID,
} from "./contract"
import { Refusal } from "./http"

/** What the one socket tells. */
export interface ConnectionEvents {
  /** Asked at each CONNECT. */
  cursors(): { cursors: Record<string, Seq>; epoch?: string }
  ready(payload: Ready): void
  entry(entry: Message | Change): void
  chatroom(payload: { kind: "added" | "updated" | "removed"; chatroom: Chatroom }): void
  friendRequest(payload: FriendRequest): void
  friend(payload: { kind: string; user: Profile }): void
  presence(payload: PresenceEvent): void
  read(payload: { chatroomId: ChatroomID; userId: UserID; seq: Seq }): void
  typing(payload: { chatroomId: ChatroomID; userId: UserID }): void
  disconnected(): void
  /** The server refuses the session for good. */
  refused(code: string): void
}

/** A little more than the server takes at most to answer. */
const ackTimeout = 12_000

/** The one socket, for all chatrooms. It reconnects by itself; `ready` marks each time it is of use again. */
export class Connection {
  private readonly socket: Socket
  private again: number | undefined
  /** Between `ready` and the end of the transport: when events may be sent. */
  online = false

  constructor(private readonly events: ConnectionEvents) {
    this.socket = io({
      path: "/socket.io/",
      autoConnect: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5000,
      randomizationFactor: 0.5,
      auth: (answer) => answer(events.cursors()),
    })
    this.listen()
  }

  open(): void {
    this.socket.connect()
  }

  close(): void {
    window.clearTimeout(this.again)
    this.online = false
    this.socket.removeAllListeners()
    this.socket.disconnect()
  }

  /** Skips the wait before the next attempt, as when the device is back on a network. */
  hurry(): void {
    if (this.socket.connected) return
    this.socket.disconnect()
    this.socket.connect()
  }

  /** @throws Refusal; code `timeout` if no answer came, in which case it may have been stored. */
  send(chatroomId: ChatroomID, clientId: string, message: MessageBody): Promise<MessageReceipt> {
    return this.emit("sendMessage", { chatroomId, clientId, message })
  }

  /** Says that one is writing. Nothing depends on it. */
  typing(chatroomId: ChatroomID): void {
    if (this.online) void this.emit("typing", { chatroomId }).catch(() => undefined)
  }

  /** The cookie is a newer one now: the live socket is told to go on with it. */
  renew(): Promise<unknown> {
    return this.emit("renew", {})
  }

  private async emit<Answer>(event: string, payload: object): Promise<Answer> {
    let answer: Answer | { error: ErrorBody }
    try {
      answer = (await this.socket.timeout(ackTimeout).emitWithAck(event, payload)) as Answer | { error: ErrorBody }
    } catch {
      throw new Refusal(0, { code: "timeout", message: "The server did not answer." })
    }
    if (typeof answer === "object" && answer !== null && "error" in answer) throw new Refusal(0, answer.error)
    return answer as Answer
  }

  private listen(): void {
    const { socket, events } = this
    socket.on("ready", (payload: Ready) => {
      this.online = true
      events.ready(payload)
    })
    socket.on("message", (payload: Message) => events.entry(payload))
    socket.on("change", (payload: Change) => events.entry(payload))
    socket.on("chatroom", (payload: Parameters<ConnectionEvents["chatroom"]>[0]) => events.chatroom(payload))
    socket.on("friendRequest", (payload: FriendRequest) => events.friendRequest(payload))
    socket.on("friend", (payload: { kind: string; user: Profile }) => events.friend(payload))
    socket.on("presence", (payload: PresenceEvent) => events.presence(payload))
    socket.on("read", (payload: Parameters<ConnectionEvents["read"]>[0]) => events.read(payload))
    socket.on("typing", (payload: Parameters<ConnectionEvents["typing"]>[0]) => events.typing(payload))
    socket.on("disconnect", () => {
      this.online = false
      events.disconnected()
      // A server's own DISCONNECT is the one case in which the client does not come back by itself.
      if (!socket.active) this.comeBack()
    })
    socket.on("connect_error", (error) => {
      if (socket.active) return events.disconnected()
      const code = error.data?.code ?? "unavailable"
      if (code === "unauthenticated" || code === "forbidden") events.refused(code)
      else this.comeBack()
    })
  }

  private comeBack(): void {
    window.clearTimeout(this.again)
    this.again = window.setTimeout(() => this.socket.connect(), 1000 + Math.random() * 2000)
  }
}
