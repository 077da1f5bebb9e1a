import { Chatroom, Message, Seq, Summary, UserID, isChange } from "../api/contract"
import { ChatroomLog } from "../log/log"

/** A line of the chat list: what follows from Social's chatroom, History's summary and the log held here. */
export interface ChatListItem {
  chatroom: Chatroom
  last: Message | null
  unread: number
}

/** Newest activity first, pinned ones on top; chatrooms without any message follow by name. */
export function chatList(
  chatrooms: Iterable<Chatroom>, summaries: ReadonlyMap<number, Summary>, logs: ReadonlyMap<number, ChatroomLog>,
  readUpTo: ReadonlyMap<number, Seq>, me: UserID,
): ChatListItem[] {
  const items = [...chatrooms].map((chatroom) => {
    const summary = summaries.get(chatroom.id)
    const log = logs.get(chatroom.id)
    return {
      chatroom,
      last: lastMessage(summary, log),
      unread: unreadCount(summary, log, readUpTo.get(chatroom.id) ?? 0, me),
    }
  })
  return items.sort((a, b) =>
    Number(b.chatroom.settings?.pinned ?? false) - Number(a.chatroom.settings?.pinned ?? false)
    || (b.last?.createdAt ?? "").localeCompare(a.last?.createdAt ?? "")
    || a.chatroom.name.localeCompare(b.chatroom.name))
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
  const listed = summary?.head ?? 0
  let count = 0
  for (let index = (log?.lines.length ?? 0) - 1; log && index >= 0; index--) {
    const line = log.lines[index]
    if (!line || line.seq <= listed || line.seq <= readHere) break
    if (isChange(line)) continue
    if (line.sender.id === me) return count
    count += 1
  }
  return readHere >= (summary?.last?.seq ?? listed) ? count : count + (summary?.unread ?? 0)
}
