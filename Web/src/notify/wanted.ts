import { Chatroom, Message, UserID } from "../api/contract"

/** Whether a message that has just come is worth calling somebody back to the page. */
export function wanted(message: Message, chatroom: Chatroom | undefined, me: UserID): boolean {
  if (!chatroom || message.sender.id === me || message.recalled) return false
  switch (chatroom.settings.notify) {
    case "all":
      return true
    case "mentions":
      return message.mentions?.includes(me) ?? false
    case "none":
      return false
  }
}
