// What crosses the wire, named as the services name it. Unknown fields are ignored.

export type UserID = number
export type ChatroomID = number
/** The place of an entry in its chatroom's log: 1, 2, 3 … without a hole. 0 is before the first. */
export type Seq = number
/** `"<chatroomId>.<seq>"` */
export type MessageID = string

export interface Profile {
  id: UserID
  username: string
  nickname: string
  avatar?: string | null
}

/** Oneself. */
export interface Account extends Profile {
  bio?: string | null
  email?: string | null
  emailVerified?: boolean
}

export interface SessionInfo {
  id: string
  device?: string | null
  address: string
  createdAt: string
  lastUsedAt: string
  current: boolean
}

export interface Block {
  user: Profile
  since: string
}

/** Who may ask one to be friends, and what others learn of one; receipts and typing are mutual. */
export interface Privacy {
  requests: "anyone" | "sharesChatroom" | "code" | "nobody"
  presence: "friends" | "nobody"
  receipts: boolean
  typing: boolean
  /** What somebody has to know who asks to be friends, where `requests` is `code`. */
  code: string
}

/** What an authenticator app needs, told this once. */
export interface SecondFactorSetup {
  secret: string
  /** `otpauth://…` */
  url: string
  recoveryCodes: string[]
}

export interface Sender {
  id: UserID
  nickname: string
  avatar?: string | null
}

export type FriendRequestStatus = "pending" | "agreed" | "rejected" | "cancelled" | "expired"

/** As one of its two people sees it: `user` is the other one. */
export interface FriendRequest {
  id: number
  user: Profile
  reason: string
  status: FriendRequestStatus
  createdAt: string
}

export interface FriendRequests {
  received: FriendRequest[]
  sent: FriendRequest[]
}

export interface Friend {
  user: Profile
  remark?: string | null
  since: string
  online: boolean
  /** Where they show it. */
  lastSeenAt?: string | null
}

/** What the socket tells of a friend. Without a time where they are online, or no longer let it be seen whether they are. */
export type PresenceEvent = { userId: UserID } & Pick<Friend, "online" | "lastSeenAt">

export interface Chatroom {
  id: ChatroomID
  type: "direct" | "group"
  name: string
  avatar?: string | null
  announcement?: string | null
  memberCount: number
  peer?: Profile | null
  role: "owner" | "admin" | "member"
  /** One's own, as far as an event has told it. */
  mutedUntil?: string | null
  canSend?: boolean
  settings: { notify: "all" | "mentions" | "none"; pinned: boolean; hidden: boolean }
  historyForNewMembers?: boolean
  /** Of a group: whether whoever comes must be let in by an owner or admin. */
  joinApproval?: boolean
}

export interface ChatroomChange {
  name?: string
  announcement?: string
  avatar?: string | null
  historyForNewMembers?: boolean
  joinApproval?: boolean
}

export interface Member {
  user: Profile
  role: Chatroom["role"]
  joinedAt: string
  mutedUntil?: string | null
  online?: boolean
}

/** Somebody who has followed a link into a group and waits to be let in. */
export interface JoinRequest {
  user: Profile
  invitedBy: UserID
  createdAt: string
}

export interface Invite {
  code: string
  expiresAt: string
}

export type MessageType = "text" | "image" | "file"

/** What a person says, as they send it. */
export interface MessageBody {
  type: MessageType
  content: string
  mediaId?: string
  replyTo?: Seq
  mentions?: UserID[]
}

export interface MediaFile {
  id: string
  /** Path at the edge: `/api/media/files/<id>/<name>`. */
  url: string
  name: string
  type: string
  size: number
  width?: number | null
  height?: number | null
  thumbnail?: string | null
}

export interface Reaction {
  emoji: string
  userIds: UserID[]
}

export interface Message {
  id: MessageID
  chatroomId: ChatroomID
  seq: Seq
  ordinal: number
  type: MessageType
  content: string
  media?: MediaFile | null
  replyTo?: Seq | null
  mentions?: UserID[] | null
  sender: Sender
  clientId: string
  createdAt: string
  editedAt?: string | null
  recalledAt?: string | null
  recalled?: boolean
  reactions?: Reaction[] | null
}

interface ChangeOf<Kind extends string> {
  id: MessageID
  chatroomId: ChatroomID
  seq: Seq
  kind: Kind
  createdAt?: string
}

export interface EditChange extends ChangeOf<"edit"> {
  target: Seq
  content: string
}

export interface RecallChange extends ChangeOf<"recall"> {
  target: Seq
  by: UserID
}

export interface ReactionChange extends ChangeOf<"reaction"> {
  target: Seq
  emoji: string
  userId: UserID
  added: boolean
}

export interface SystemChange extends ChangeOf<"system"> {
  action: "created" | "added" | "removed" | "left" | "renamed" | "dissolved"
  userId?: UserID | null
  by?: UserID | null
  name?: string | null
}

export type Change = EditChange | RecallChange | ReactionChange | SystemChange

/** One place of a chatroom's log. */
export type Entry = Message | Change

export function isChange(entry: Entry): entry is Change {
  return "kind" in entry
}

/** A chatroom as History lists it. */
export interface Summary {
  chatroomId: ChatroomID
  head: Seq
  unread: number
  mentioned?: boolean | number
  last?: Message | null
}

export interface Page {
  messages: Message[]
  head: Seq
}

export interface Found {
  messages: Message[]
  next?: string
}

/** What is looked for; times as RFC 3339. */
export interface SearchWish {
  [name: string]: string | number | undefined
  query: string
  chatroomId?: ChatroomID
  from?: UserID
  type?: MessageType
  before?: string
  after?: string
}

/** Who of the others has read a message, the first first, and who has not. */
export interface Readers {
  readers: { user: Profile; at: string }[]
  unread: Profile[]
}

/** `POST /sync`: entries come as events, either `["message", {…}]` or the payload alone. */
export interface SyncAnswer {
  chatrooms: { id: ChatroomID; entries: (Entry | [string, Entry])[]; head: Seq; more: boolean }[]
}

export interface Favorite {
  messageId: MessageID
  message: Message
  chatroom?: { id: ChatroomID; name: string; type?: Chatroom["type"] } | null
  createdAt: string
}

export interface MessageReceipt {
  id: MessageID
  seq: Seq
  createdAt: string
}

export interface ErrorBody {
  code: string
  message: string
  fields?: Record<string, string>
  /** Seconds. */
  retryAfter?: number
}

export interface Ready {
  user: UserID | Profile
  session: string
  epoch: string
  node: string
  chatrooms: { id: ChatroomID; head: Seq; from: Seq; behind?: boolean }[]
}
