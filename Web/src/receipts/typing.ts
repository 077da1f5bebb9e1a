import { Connection } from "../api/connection"
import { ChatroomID, UserID } from "../api/contract"
import { State } from "../store/state"
import { Store } from "../store/store"

/** How long somebody who was heard writing is believed to go on, in milliseconds; and how often one says it oneself. */
const believed = 6000
const interval = 3000

/** Who is writing where. Hints only: what is lost is told again. */
export class Typing {
  private readonly timers = new Map<string, number>()
  private readonly told = new Map<ChatroomID, number>()

  constructor(private readonly store: Store<State>, private readonly connection: () => Connection | null) {}

  tell(chatroomId: ChatroomID): void {
    const now = Date.now()
    if (now - (this.told.get(chatroomId) ?? 0) < interval) return
    this.told.set(chatroomId, now)
    this.connection()?.typing(chatroomId)
  }

  heard({ chatroomId, userId }: { chatroomId: ChatroomID; userId: UserID }): void {
    if (userId === this.store.get().session?.user.id) return
    this.set(chatroomId, userId, true)
    const key = `${chatroomId}.${userId}`
    window.clearTimeout(this.timers.get(key))
    this.timers.set(key, window.setTimeout(() => this.ended(chatroomId, userId), believed))
  }

  ended(chatroomId: ChatroomID, userId: UserID): void {
    const key = `${chatroomId}.${userId}`
    window.clearTimeout(this.timers.get(key))
    this.timers.delete(key)
    this.set(chatroomId, userId, false)
  }

  stop(): void {
    for (const timer of this.timers.values()) window.clearTimeout(timer)
    this.timers.clear()
  }

  private set(chatroomId: ChatroomID, userId: UserID, writes: boolean): void {
    this.store.update(({ typing }) => {
      if ((typing.get(chatroomId)?.has(userId) ?? false) === writes) return {}
      const writing = new Set(typing.get(chatroomId))
      if (writes) writing.add(userId)
      else writing.delete(userId)
      return { typing: new Map(typing).set(chatroomId, writing) }
    })
  }
}
