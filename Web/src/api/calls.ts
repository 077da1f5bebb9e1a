import {
  Chatroom, ChatroomID, Favorite, Friend, FriendRequest, FriendRequests, MediaFile, Member, MessageID, Page, Profile,
  Seq, Summary, SyncAnswer, UserID,
} from "./contract"
import { Http } from "./http"
import { uuid } from "./uuid"

interface SignedIn {
  user: Profile
  token: string
}

/** The calls of the contract that this client makes, one method each. All throw `Refusal`. */
export class Calls {
  constructor(private readonly http: Http) {}

  // Auth

  register(username: string, password: string, nickname: string): Promise<SignedIn> {
    return this.http.call("POST", "/api/auth/register", {
      body: { username, password, nickname: nickname || undefined }, idempotencyKey: uuid(),
    })
  }

  login(username: string, password: string): Promise<SignedIn> {
    return this.http.call("POST", "/api/auth/login", { body: { username, password, device: device() } })
  }

  logout(): Promise<void> {
    return this.http.call("POST", "/api/auth/logout")
  }

  me(): Promise<Profile> {
    return this.http.call<Profile | { user: Profile }>("GET", "/api/auth/me").then((answer) =>
      "user" in answer ? answer.user : answer)
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

  messages(id: ChatroomID, options: { before?: Seq; limit: number }): Promise<Page> {
    return this.http.call("GET", `/api/history/chatrooms/${id}/messages`, { query: options })
  }

  sync(cursors: Record<string, Seq>): Promise<SyncAnswer> {
    return this.http.call("POST", "/api/history/sync", { body: { cursors } })
  }

  readUpTo(id: ChatroomID, seq: Seq): Promise<void> {
    return this.http.call("PUT", `/api/history/chatrooms/${id}/cursor`, { body: { seq } })
  }

  favorites(cursor?: string): Promise<{ favorites: Favorite[]; next?: string }> {
    return this.http.call("GET", "/api/history/favorites", { query: { cursor, limit: 50 } })
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

  file(url: string): Promise<Blob> {
    return this.http.blob(url)
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

/** How the sign-in is named among one's sessions. */
function device(): string {
  const agent = navigator.userAgent
  const browser = ["Edg", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(`${name}/`)) ?? "Browser"
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"].find((name) => agent.includes(name))
  return `${browser === "Edg" ? "Edge" : browser}${system ? `, ${system}` : ""}`
}
