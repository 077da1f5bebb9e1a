import {
  Account, Block, Chatroom, ChatroomChange, ChatroomID, Favorite, Found, Friend, FriendRequest, FriendRequests, Invite,
  JoinRequest, MediaFile, Member, Message, MessageID, Page, Privacy, Profile, Readers, SearchWish, SecondFactorSetup, Seq,
  SessionInfo, Summary, SyncAnswer, UserID,
} from "./contract"
import { Http, Sending } from "./http"
import { TusUpload, endUpload, uploadResumably } from "./tus"
import { uuid } from "./uuid"

/** The calls of the contract that this client makes, one method each. All throw `Refusal`. */
export class Calls {
  constructor(private readonly http: Http) {}

  // Auth

  register(
    wish: { username: string; password: string; nickname?: string; email?: string; code?: string },
  ): Promise<{ user: Profile }> {
    return this.http.call("POST", "/api/auth/register", { body: wish, idempotencyKey: uuid() })
  }

  login(username: string, password: string, totp?: string): Promise<{ user: Profile }> {
    return this.http.call("POST", "/api/auth/login", { body: { username, password, totp, device: device() } })
  }

  /** A code by mail; the answer does not tell whether anybody has that address. */
  async sendCode(email: string, purpose: "register" | "resetPassword" | "changeEmail"): Promise<void> {
    await this.http.call("POST", "/api/auth/codes", { body: { email, purpose } })
  }

  resetPassword(username: string, code: string, newPassword: string): Promise<void> {
    return this.http.call("POST", "/api/auth/password-reset", { body: { username, code, newPassword } })
  }

  changeEmail(email: string, code: string, password: string): Promise<Account> {
    return this.http.call("PUT", "/api/auth/me/email", { body: { email, code, password } })
  }

  hasSecondFactor(): Promise<boolean> {
    return this.http.call<{ active: boolean }>("GET", "/api/auth/me/totp").then(({ active }) => active)
  }

  beginSecondFactor(password: string): Promise<SecondFactorSetup> {
    return this.http.call("POST", "/api/auth/me/totp", { body: { password } })
  }

  confirmSecondFactor(code: string): Promise<void> {
    return this.http.call("POST", "/api/auth/me/totp/confirm", { body: { code } })
  }

  removeSecondFactor(password: string, totp: string): Promise<void> {
    return this.http.call("DELETE", "/api/auth/me/totp", { body: { password, totp } })
  }

  privacy(): Promise<Privacy> {
    return this.http.call("GET", "/api/auth/me/privacy")
  }

  setPrivacy(change: Partial<Omit<Privacy, "code">>): Promise<Privacy> {
    return this.http.call("PATCH", "/api/auth/me/privacy", { body: change })
  }

  /** Another friend code; the one before opens nothing more. */
  renewFriendCode(): Promise<Privacy> {
    return this.http.call("POST", "/api/auth/me/privacy/code")
  }

  deleteMe(password: string): Promise<void> {
    return this.http.call("DELETE", "/api/auth/me", { body: { password } })
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

  /** `code`: of somebody who takes requests only with it. */
  requestFriend(userId: UserID, reason: string, code?: string): Promise<FriendRequest> {
    return this.http.call("POST", "/api/social/friend-requests", {
      body: { userId, reason: reason || undefined, code }, idempotencyKey: uuid(),
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

  createInvite(id: ChatroomID, limits: { expiresIn?: number; maxUses?: number }): Promise<Invite> {
    return this.http.call("POST", `/api/social/chatrooms/${id}/invites`, { body: limits })
  }

  /** The group, or that one waits for it. */
  followInvite(code: string): Promise<Chatroom | { chatroomId: ChatroomID; status: "waiting" }> {
    return this.http.call("POST", `/api/social/invites/${encodeURIComponent(code)}`)
  }

  joinRequests(id: ChatroomID): Promise<JoinRequest[]> {
    return this.http.call<{ requests: JoinRequest[] }>("GET", `/api/social/chatrooms/${id}/join-requests`, {
      query: { limit: 200 },
    }).then(({ requests }) => requests)
  }

  settleJoinRequest(id: ChatroomID, user: UserID, letsIn: boolean): Promise<void> {
    const answer = letsIn ? "approve" : "reject"
    return this.http.call("POST", `/api/social/chatrooms/${id}/join-requests/${user}/${answer}`)
  }

  report(what: { userId: UserID } | { messageId: MessageID }, reason: string): Promise<unknown> {
    return this.http.call("POST", "/api/social/reports", { body: { ...what, reason }, idempotencyKey: uuid() })
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

  /** In one piece. */
  upload(
    chatroomId: ChatroomID, file: Blob, name: string, idempotencyKey: string, sending: Sending,
  ): Promise<MediaFile> {
    return this.http.upload("/api/media/uploads", file, { query: { name, chatroomId }, idempotencyKey, ...sending })
  }

  /** In parts, so that what has arrived stays there when the connection breaks. */
  uploadResumably(
    chatroomId: ChatroomID, file: Blob, name: string, upload: Pick<TusUpload, "address" | "onBegun" | "idempotencyKey">,
    sending: Sending,
  ): Promise<MediaFile> {
    const metadata = { filename: name, filetype: file.type, chatroomId: String(chatroomId) }
    return uploadResumably(this.http, { file, metadata, ...upload, ...sending })
  }

  endUpload(address: string): Promise<void> {
    return endUpload(this.http, address)
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
