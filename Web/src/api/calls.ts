import {
  Account, Block, Chatroom, ChatroomChange, ChatroomID, Favorite, Found, Friend, FriendRequest, FriendRequests, MediaFile,
  Member, Message, MessageID, Page, Profile, Readers, SearchWish, Seq, SessionInfo, Summary, SyncAnswer, UserID,
} from "./contract"
import { Http } from "./http"
import { uuid } from "./uuid"

/** The calls of the contract that this client makes, one method each. All throw `Refusal`. */
export class Calls {
  constructor(private readonly http: Http) {}

  // Auth

  register(username: string, password: string, nickname: string): Promise<{ user: Profile }> {
    return this.http.call("POST", "/api/auth/register", {
      body: { username, password, nickname: nickname || undefined }, idempotencyKey: uuid(),
    })
  }

  login(username: string, password: string): Promise<{ user: Profile }> {
    return this.http.call("POST", "/api/auth/login", { body: { username, password, device: device() } })
  }

  logout(): Promise<void> {
    return this.http.call("POST", "/api/auth/logout")
  }

  /** A new cookie, before the old one expires. */
  renew(): Promise<unknown> {
    return this.http.call("POST", "/api/auth/renew")
  }

  me(): Promise<Account> {
    return this.http.call("GET", "/api/auth/me")
  }

  updateMe(change: { nickname?: string; avatar?: string | null; bio?: string }): Promise<Account> {
    return this.http.call("PATCH", "/api/auth/me", { body: change })
  }

  changePassword(currentPassword: string, newPassword: string): Promise<void> {
    return this.http.call("PUT", "/api/auth/me/password", { body: { currentPassword, newPassword } })
  }

  sessions(): Promise<SessionInfo[]> {
    return this.http.call<{ sessions: SessionInfo[] }>("GET", "/api/auth/me/sessions").then(({ sessions }) => sessions)
  }

  endSession(id: string): Promise<void> {
    return this.http.call("DELETE", `/api/auth/me/sessions/${id}`)
  }

  endOtherSessions(): Promise<void> {
    return this.http.call("DELETE", "/api/auth/me/sessions")
  }

  searchUsers(query: string): Promise<Profile[]> {
    return this.http.call<{ users: Profile[] }>("GET", "/api/auth/users", { query: { query, limit: 20 } })
      .then((answer) => answer.users)
  }

  usersById(ids: readonly UserID[]): Promise<Profile[]> {
    return this.http.call<{ users: Profile[] }>("GET", "/api/auth/users", { query: { ids: ids.join(",") } })
      .then((answer) => answer.users)
  }

  // Social

  friends(): Promise<Friend[]> {
    return this.all<"friends", Friend>("/api/social/friends", "friends")
  }

  removeFriend(user: UserID): Promise<void> {
    return this.http.call("DELETE", `/api/social/friends/${user}`)
  }

  setRemark(user: UserID, remark: string): Promise<unknown> {
    return this.http.call("PATCH", `/api/social/friends/${user}`, { body: { remark } })
  }

  blocks(): Promise<Block[]> {
    return this.all<"blocks", Block>("/api/social/blocks", "blocks")
  }

  block(user: UserID): Promise<unknown> {
    return this.http.call("PUT", `/api/social/blocks/${user}`)
  }

  unblock(user: UserID): Promise<void> {
    return this.http.call("DELETE", `/api/social/blocks/${user}`)
  }

  friendRequests(): Promise<FriendRequests> {
    return this.http.call("GET", "/api/social/friend-requests")
  }

  requestFriend(userId: UserID, reason: string): Promise<FriendRequest> {
    return this.http.call("POST", "/api/social/friend-requests", {
      body: { userId, reason: reason || undefined }, idempotencyKey: uuid(),
    })
  }

  agree(id: number): Promise<unknown> {
    return this.http.call("POST", `/api/social/friend-requests/${id}/agree`)
  }

  reject(id: number): Promise<unknown> {
    return this.http.call("POST", `/api/social/friend-requests/${id}/reject`)
  }

  cancelRequest(id: number): Promise<void> {
    return this.http.call("DELETE", `/api/social/friend-requests/${id}`)
  }

  chatrooms(): Promise<Chatroom[]> {
    return this.all<"chatrooms", Chatroom>("/api/social/chatrooms", "chatrooms")
  }

  directChatroom(user: UserID): Promise<Chatroom> {
    return this.http.call("PUT", `/api/social/chatrooms/direct/${user}`)
  }

  createGroup(name: string, memberIds: readonly UserID[]): Promise<Chatroom> {
    return this.http.call("POST", "/api/social/chatrooms", { body: { name, memberIds }, idempotencyKey: uuid() })
  }

  updateChatroom(id: ChatroomID, change: ChatroomChange): Promise<Chatroom> {
    return this.http.call("PATCH", `/api/social/chatrooms/${id}`, { body: change })
  }

  setSettings(id: ChatroomID, settings: Partial<Chatroom["settings"]>): Promise<unknown> {
    return this.http.call("PATCH", `/api/social/chatrooms/${id}/settings`, { body: settings })
  }

  transfer(id: ChatroomID, userId: UserID): Promise<unknown> {
    return this.http.call("PUT", `/api/social/chatrooms/${id}/owner`, { body: { userId } })
  }

  updateMember(
    id: ChatroomID, user: UserID, change: { role?: "admin" | "member"; mutedUntil?: string | null },
  ): Promise<unknown> {
    return this.http.call("PATCH", `/api/social/chatrooms/${id}/members/${user}`, { body: change })
  }

  dissolve(id: ChatroomID): Promise<void> {
    return this.http.call("DELETE", `/api/social/chatrooms/${id}`)
  }

  members(id: ChatroomID): Promise<Member[]> {
    return this.all<"members", Member>(`/api/social/chatrooms/${id}/members`, "members")
  }

  addMembers(id: ChatroomID, userIds: readonly UserID[]): Promise<unknown> {
    return this.http.call("POST", `/api/social/chatrooms/${id}/members`, { body: { userIds } })
  }

  removeMember(id: ChatroomID, user: UserID): Promise<void> {
    return this.http.call("DELETE", `/api/social/chatrooms/${id}/members/${user}`)
  }

  // History

  summaries(): Promise<Summary[]> {
    return this.all<"chatrooms", Summary>("/api/history/chatrooms", "chatrooms")
  }

  messages(id: ChatroomID, place: { before?: Seq; after?: Seq; around?: Seq; limit: number }): Promise<Page> {
    return this.http.call("GET", `/api/history/chatrooms/${id}/messages`, { query: place })
  }

  sync(cursors: Record<string, Seq>): Promise<SyncAnswer> {
    return this.http.call("POST", "/api/history/sync", { body: { cursors } })
  }

  readUpTo(id: ChatroomID, seq: Seq): Promise<void> {
    return this.http.call("PUT", `/api/history/chatrooms/${id}/cursor`, { body: { seq } })
  }

  readers(id: ChatroomID, seq: Seq): Promise<Readers> {
    return this.http.call("GET", `${message(id, seq)}/readers`)
  }

  edit(id: ChatroomID, seq: Seq, content: string): Promise<Message> {
    return this.http.call("PATCH", message(id, seq), { body: { content } })
  }

  recall(id: ChatroomID, seq: Seq): Promise<void> {
    return this.http.call("DELETE", message(id, seq))
  }

  react(id: ChatroomID, seq: Seq, emoji: string): Promise<Message> {
    return this.http.call("PUT", `${message(id, seq)}/reactions/${encodeURIComponent(emoji)}`)
  }

  unreact(id: ChatroomID, seq: Seq, emoji: string): Promise<Message> {
    return this.http.call("DELETE", `${message(id, seq)}/reactions/${encodeURIComponent(emoji)}`)
  }

  search(wish: SearchWish, cursor?: string): Promise<Found> {
    return this.http.call("GET", "/api/history/search", { query: { ...wish, cursor, limit: 30 } })
  }

  favorites(query: string, cursor?: string): Promise<{ favorites: Favorite[]; next?: string }> {
    return this.http.call("GET", "/api/history/favorites", { query: { query: query || undefined, cursor, limit: 50 } })
  }

  addFavorite(messageId: MessageID): Promise<unknown> {
    return this.http.call("POST", "/api/history/favorites", { body: { messageId } })
  }

  removeFavorite(messageId: MessageID): Promise<void> {
    return this.http.call("DELETE", `/api/history/favorites/${messageId}`)
  }

  // Media

  upload(
    chatroomId: ChatroomID, file: Blob, name: string, idempotencyKey: string, onProgress: (done: number) => void,
  ): Promise<MediaFile> {
    return this.http.upload("/api/media/uploads", file, { query: { name, chatroomId }, idempotencyKey, onProgress })
  }

  uploadAvatar(image: Blob): Promise<MediaFile> {
    return this.http.upload("/api/media/uploads", image, { query: { name: "avatar.png" }, idempotencyKey: uuid() })
  }

  /** All pages of a list. */
  private async all<Name extends string, Item>(path: string, name: Name): Promise<Item[]> {
    const items: Item[] = []
    let cursor: string | undefined
    do {
      const page = await this.http.call<Record<Name, Item[]> & { next?: string }>("GET", path, {
        query: { limit: 200, cursor },
      })
      items.push(...page[name])
      cursor = page.next ?? undefined
    } while (cursor)
    return items
  }
}

function message(id: ChatroomID, seq: Seq): string {
  return `/api/history/chatrooms/${id}/messages/${seq}`
}

/** How the sign-in is named among one's sessions. */
function device(): string {
  const agent = navigator.userAgent
  const browser = ["Edg", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(`${name}/`)) ?? "Browser"
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"].find((name) => agent.includes(name))
  return `${browser === "Edg" ? "Edge" : browser}${system ? `, ${system}` : ""}`
}
