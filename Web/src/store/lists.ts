import { Calls } from "../api/calls"
import { Chatroom, Message, MessageID, PresenceEvent, Profile, UserID } from "../api/contract"
import { Refusal } from "../api/http"
import { State } from "./state"
import { Store } from "./store"
import { Telling } from "./telling"

/** How long after a failure the lists are asked for again, in milliseconds. */
const again = 4000

/** Whom one knows, where one talks, what one keeps: the lists of the services, as they are now. */
export class Lists {
  private timer: number | undefined

  constructor(
    private readonly store: Store<State>, private readonly calls: Calls, private readonly telling: Telling,
  ) {}

  stop(): void {
    window.clearTimeout(this.timer)
  }

  /** Fetches all but the favorites anew; while that fails, again after some seconds. */
  async load(): Promise<void> {
    window.clearTimeout(this.timer)
    try {
      await Promise.all([this.loadChatrooms(), this.loadPeople()])
    } catch (error) {
      const { session, connection } = this.store.get()
      if (!session) return
      if (connection === "connecting" && error instanceof Refusal && error.code === "offline") {
        this.store.update(() => ({ connection: "offline" }))
      }
      this.timer = window.setTimeout(() => void this.load(), again)
    }
  }

  async loadChatrooms(): Promise<void> {
    const [chatrooms, summaries] = await Promise.all([this.calls.chatrooms(), this.calls.summaries()])
    this.store.update(() => ({
      chatrooms: new Map(chatrooms.map((chatroom) => [chatroom.id, chatroom])),
      summaries: new Map(summaries.map((summary) => [summary.chatroomId, summary])),
    }))
    await this.loadJoinRequests()
  }

  /** Who waits to be let into the groups that one may let people into. */
  async loadJoinRequests(): Promise<void> {
    const mine = [...this.store.get().chatrooms?.values() ?? []].filter(letsIn)
    const waiting = await Promise.all(mine.map(async ({ id }) => [id, await this.calls.joinRequests(id)] as const))
    this.store.update(() => ({ joinRequests: new Map(waiting) }))
  }

  lookForJoinRequests(): void {
    void this.loadJoinRequests().catch(() => undefined)
  }

  async loadPeople(): Promise<void> {
    const [friends, requests] = await Promise.all([this.calls.friends(), this.calls.friendRequests()])
    this.store.update(() => ({ friends, requests }))
  }

  /** `query`: only those that say it. */
  async loadFavorites(query = "", more = false): Promise<void> {
    const answer = await this.calls.favorites(query, more ? this.store.get().favoritesNext : undefined)
    this.store.update(({ favorites }) => ({
      favorites: more ? [...(favorites ?? []), ...answer.favorites] : answer.favorites,
      favoritesNext: answer.next,
    }))
  }

  async addFavorite(message: Message): Promise<void> {
    await this.calls.addFavorite(message.id)
    this.telling.toast("info", this.telling.t("favorites.added"))
  }

  async removeFavorite(messageId: MessageID): Promise<void> {
    await this.calls.removeFavorite(messageId)
    this.store.update(({ favorites }) => ({
      favorites: favorites?.filter((favorite) => favorite.messageId !== messageId) ?? null,
    }))
  }

  /** Makes the names of people known who appear only by id. */
  async meet(ids: readonly UserID[]): Promise<void> {
    const unknown = ids.filter((id) => !this.store.get().profiles.has(id))
    if (unknown.length === 0) return
    this.remember(await this.calls.usersById(unknown.slice(0, 100)))
  }

  remember(people: readonly Profile[]): void {
    this.store.update(({ profiles }) => {
      const known = new Map(profiles)
      for (const person of people) known.set(person.id, person)
      return { profiles: known }
    })
  }

  presence({ userId, online, lastSeenAt }: PresenceEvent): void {
    this.store.update(({ friends }) => ({
      friends: friends?.map((friend) => (friend.user.id === userId ? { ...friend, online, lastSeenAt } : friend)) ?? null,
    }))
  }
}

function letsIn({ type, role, joinApproval }: Chatroom): boolean {
  return type === "group" && role !== "member" && (joinApproval ?? false)
}
