import {
  Chatroom, ChatroomID, Favorite, Friend, FriendRequests, JoinRequest, Message, MessageID, Profile, Seq, Summary, UserID,
} from "../api/contract"
import { Language } from "../i18n/i18n"
import { ChatroomLog, emptyLog } from "../log/log"
import { Outbox } from "../outbox/outbox"
import { Session } from "../session/session"
import { Theme } from "../theme/theme"

/** Everything the pages show. Each fact is here once; what follows from several is derived where it is shown. */
export interface State {
  session: Session | null
  language: Language
  theme: Theme
  connection: "connecting" | "online" | "offline"
  /** The Gateway that one is connected to, for those who look into how it works. */
  node: string
  /** `null` until first loaded. */
  chatrooms: ReadonlyMap<ChatroomID, Chatroom> | null
  summaries: ReadonlyMap<ChatroomID, Summary>
  logs: ReadonlyMap<ChatroomID, ChatroomLog>
  /** Which history of the server the logs belong to; see CONNECT. */
  epoch: string | undefined
  /** Read up to here on this page, before History's lists know it. */
  readUpTo: ReadonlyMap<ChatroomID, Seq>
  /** Which chatrooms are loading a page. */
  loading: ReadonlySet<ChatroomID>
  outbox: Outbox
  /** What was begun and not sent, as far as one is elsewhere now. */
  drafts: ReadonlyMap<ChatroomID, string>
  friends: readonly Friend[] | null
  requests: FriendRequests | null
  /** Who waits to be let into the groups that one may let people into. */
  joinRequests: ReadonlyMap<ChatroomID, readonly JoinRequest[]>
  favorites: readonly Favorite[] | null
  /** Where the next page of favorites begins; absent at the end. */
  favoritesNext: string | undefined
  /** People met in logs and members lists, for system lines. */
  profiles: ReadonlyMap<UserID, Profile>
  /** Counts changes of any chatroom's members, so that open lists reload. */
  membersVersion: number
  /** Up to where the others have read, as far as is known. */
  readBy: ReadonlyMap<ChatroomID, ReadonlyMap<UserID, Seq>>
  /** Who is writing. */
  typing: ReadonlyMap<ChatroomID, ReadonlySet<UserID>>
  /** Messages that others refer to and no log holds; `null`: not to be had. */
  quoted: ReadonlyMap<MessageID, Message | null>
  /** The message to be brought before one's eyes. */
  sought: Place | null
  toasts: readonly Toast[]
}

export interface Place {
  chatroomId: ChatroomID
  seq: Seq
}

export interface Toast {
  id: number
  kind: "info" | "error"
  text: string
}

/** What a signed-out page knows. */
export function freshState({ language, theme }: Pick<State, "language" | "theme">, session: Session | null): State {
  return {
    session,
    language,
    theme,
    connection: "connecting",
    node: "",
    chatrooms: null,
    summaries: new Map(),
    logs: new Map(),
    epoch: undefined,
    readUpTo: new Map(),
    loading: new Set(),
    outbox: [],
    drafts: new Map(),
    friends: null,
    requests: null,
    joinRequests: new Map(),
    favorites: null,
    favoritesNext: undefined,
    profiles: new Map(),
    membersVersion: 0,
    readBy: new Map(),
    typing: new Map(),
    quoted: new Map(),
    sought: null,
    toasts: [],
  }
}

export function logOf(state: State, id: ChatroomID): ChatroomLog {
  return state.logs.get(id) ?? emptyLog
}

export function withLog(state: State, id: ChatroomID, log: ChatroomLog): ReadonlyMap<ChatroomID, ChatroomLog> {
  return log === logOf(state, id) ? state.logs : new Map(state.logs).set(id, log)
}
