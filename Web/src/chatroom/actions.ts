import { Chatroom, UserID } from "../api/contract"
import { HeldMessage } from "../log/log"

export type MessageAction = "reply" | "edit" | "copy" | "forward" | "favorite" | "readers" | "report" | "recall"

/** What somebody may do with a message, in the order in which it is offered. Whether it is too late to recall, History judges. */
export function messageActions(message: HeldMessage, chatroom: Chatroom, me: UserID): MessageAction[] {
  if (message.recalled || message.recalledAt) return []
  const own = message.sender.id === me
  const mayRecall = own || (chatroom.type === "group" && chatroom.role !== "member")
  const offered: [MessageAction, boolean][] = [
    ["reply", true],
    ["edit", own && message.type === "text"],
    ["copy", message.content !== ""],
    ["forward", true],
    ["favorite", true],
    ["readers", own && chatroom.type === "group"],
    ["report", !own],
    ["recall", mayRecall],
  ]
  return offered.filter(([, offers]) => offers).map(([action]) => action)
}
