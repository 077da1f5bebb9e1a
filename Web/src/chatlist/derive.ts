import { Chatroom, ChatroomID, Friend, Message, Seq, Summary, UserID, isChange } from "../api/contract"
import { ChatroomLog } from "../log/log"

/** A line of the chat list: what follows from Social's chatroom, History's summary and the log held here. */
export interface ChatListItem {
  chatroom: Chatroom
  /** As one calls it: the remark of a friend goes before their nickname. */
  name: string
  last: Message | null
  unread: number
  /** Whether what is unread names oneself. */
  mentioned: boolean
  /** What was begun there and not sent. */
  draft: string
}

/** What the chat list follows from. */
export interface ChatListSources {
  chatrooms: Iterable<Chatroom>
  friends: readonly Friend[] | null
  summaries: ReadonlyMap<ChatroomID, Summary>
  logs: ReadonlyMap<ChatroomID, ChatroomLog>
  readUpTo: ReadonlyMap<ChatroomID, Seq>
  drafts: ReadonlyMap<ChatroomID, string>
  me: UserID
}

/** Newest activity first, pinned ones on top; chatrooms without any message follow by name. */
export function chatList({ chatrooms, friends, summaries, logs, readUpTo, drafts, me }: ChatListSources): ChatListItem[] {
  const items = [...chatrooms].map((chatroom) => {
    const summary = summaries.get(chatroom.id)
    const log = logs.get(chatroom.id)
    const readHere = readUpTo.get(chatroom.id) ?? 0
    const unread = unreadCount(summary, log, readHere, me)
    return {
      chatroom,
      name: chatroomName(chatroom, friends),
      last: lastMessage(summary, log),
      unread,
      mentioned: unread > 0 && isMentioned(summary, log, readHere, me),
      draft: drafts.get(chatroom.id) ?? "",
    }
  })
  return items.sort((a, b) =>
    Number(b.chatroom.settings?.pinned ?? false) - Number(a.chatroom.settings?.pinned ?? false)
    || (b.last?.createdAt ?? "").localeCompare(a.last?.createdAt ?? "")
    || a.name.localeCompare(b.name))
}

export function chatroomName({ name, peer }: Chatroom, friends: readonly Friend[] | null): string {
  const remark = peer && friends?.find(({ user }) => user.id === peer.id)?.remark
  return remark || name
}

export function matchesChat({ chatroom, name }: ChatListItem, wanted: string): boolean {
  return [name, chatroom.name, chatroom.peer?.username ?? ""].some((each) => each.toLowerCase().includes(wanted))
}

/** What one has put away comes back by itself when somebody writes there. */
export function isListed({ chatroom, unread }: ChatListItem): boolean {
  return !chatroom.settings.hidden || unread > 0
}

/** Of all that is unread, how much one wants to be told of. */
export function unreadInAll(items: readonly ChatListItem[]): number {
  return items.reduce((sum, { chatroom, unread, mentioned }) => {
    const told = chatroom.settings.notify === "all" || (chatroom.settings.notify === "mentions" && mentioned)
    return told ? sum + unread : sum
  }, 0)
}

export function lastMessage(summary: Summary | undefined, log: ChatroomLog | undefined): Message | null {
  const listed = summary?.last ?? null
  for (let index = (log?.lines.length ?? 0) - 1; log && index >= 0; index--) {
    const line = log.lines[index]
    if (line && !isChange(line)) return !listed || line.seq >= listed.seq ? line : listed
  }
  return listed
}

/**
 * What History counted up to its head, unless it has been read here since, and what others have written after that.
 * A message of one's own moves one's read cursor to it, also from another device.
 */
export function unreadCount(
  summary: Summary | undefined, log: ChatroomLog | undefined, readHere: Seq, me: UserID,
): number {
  const { messages, all } = newHere(summary, log, readHere, me)
  const count = messages.length
  return !all || readHere >= (summary?.last?.seq ?? summary?.head ?? 0) ? count : count + (summary?.unread ?? 0)
}

function isMentioned(summary: Summary | undefined, log: ChatroomLog | undefined, readHere: Seq, me: UserID): boolean {
  const { messages, all } = newHere(summary, log, readHere, me)
  const listed = all && readHere < (summary?.last?.seq ?? summary?.head ?? 0) && Boolean(summary?.mentioned)
  return listed || messages.some(({ mentions }) => mentions?.includes(me))
}

/** What others have written above what History has counted; `all`: nothing of one's own is among it. */
function newHere(summary: Summary | undefined, log: ChatroomLog | undefined, readHere: Seq, me: UserID) {
  const listed = summary?.head ?? 0
  const messages: Message[] = []
  for (let index = (log?.lines.length ?? 0) - 1; log && index >= 0; index--) {
    const line = log.lines[index]
    if (!line || line.seq <= listed || line.seq <= readHere) break
    if (isChange(line)) continue
    if (line.sender.id === me) return { messages, all: false }
    messages.push(line)
  }
  return { messages, all: true }
}
