import { useEffect, useState } from "react"
import { ChatroomID } from "../api/contract"
import { ChatListItem } from "../chatlist/derive"
import { navigate } from "./route"

export type ShellOverlay = "switcher" | "shortcuts"

/** The keys that work on every page; what is open above it by them. */
export function useShortcuts(items: readonly ChatListItem[] | null, here: ChatroomID | undefined) {
  const [overlay, setOverlay] = useState<ShellOverlay>()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const command = event.ctrlKey || event.metaKey
      if (command && !event.altKey && event.key.toLowerCase() === "k") setOverlay("switcher")
      else if ((command && event.key === "/") || (event.key === "?" && !isWriting(event.target))) setOverlay("shortcuts")
      else if (event.altKey && !command && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        const next = neighbour(items ?? [], here, event.key === "ArrowUp" ? -1 : 1, event.shiftKey)
        if (next) navigate(`/chatrooms/${next.chatroom.id}`)
      } else return
      event.preventDefault()
    }
    document.addEventListener("keydown", onKey)
    return () => document.removeEventListener("keydown", onKey)
  }, [items, here])
  return { overlay, close: () => setOverlay(undefined) }
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null
}

/** The chat above or below in the list; `unread`: the next that has something unread. */
export function neighbour(
  items: readonly ChatListItem[], here: ChatroomID | undefined, step: 1 | -1, unread: boolean,
): ChatListItem | undefined {
  const place = items.findIndex(({ chatroom }) => chatroom.id === here)
  const rest = step > 0 ? items.slice(place + 1) : items.slice(0, Math.max(0, place)).reverse()
  return unread ? rest.find((item) => item.unread > 0) : rest[0]
}
