import { createContext, useContext } from "react"
import { Chatroom, UserID } from "../api/contract"
import { HeldMessage } from "../log/log"

/** What the composer does with the next words: answer a message, or put others in its place. */
export type Aim = { kind: "reply" | "edit"; message: HeldMessage }

/** What is open above the chatroom. */
export type Overlay =
  | { kind: "forward" | "readers" | "report"; message: HeldMessage }
  | { kind: "person"; id: UserID }
  | { kind: "date" }

/** What the parts of one open chatroom share. */
export interface Conversation {
  chatroom: Chatroom
  aim: Aim | undefined
  setAim(aim: Aim | undefined): void
  /** Files that go with the next words. */
  attached: readonly File[]
  attach(files: Iterable<File>): void
  detach(file?: File): void
  show(overlay: Overlay): void
}

export const ConversationContext = createContext<Conversation | null>(null)

export function useConversation(): Conversation {
  const conversation = useContext(ConversationContext)
  if (!conversation) throw new Error("outside of an open chatroom")
  return conversation
}
