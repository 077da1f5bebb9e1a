import { useMemo } from "react"
import { Chatroom } from "../api/contract"
import { useSelected } from "../store/context"
import { ChatListItem, chatList, chatroomName } from "./derive"

/** `null` until the chatrooms are known. */
export function useChatList(): ChatListItem[] | null {
  const chatrooms = useSelected((state) => state.chatrooms)
  const friends = useSelected((state) => state.friends)
  const summaries = useSelected((state) => state.summaries)
  const logs = useSelected((state) => state.logs)
  const readUpTo = useSelected((state) => state.readUpTo)
  const drafts = useSelected((state) => state.drafts)
  const me = useSelected((state) => state.session?.user.id ?? 0)
  return useMemo(
    () => chatrooms && chatList({ chatrooms: chatrooms.values(), friends, summaries, logs, readUpTo, drafts, me }),
    [chatrooms, friends, summaries, logs, readUpTo, drafts, me],
  )
}

export function useChatroomName(chatroom: Chatroom): string {
  return useSelected((state) => chatroomName(chatroom, state.friends))
}
