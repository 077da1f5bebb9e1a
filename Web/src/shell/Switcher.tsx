import { KeyboardEvent, useState } from "react"
import { ChatListItem, matchesChat } from "../chatlist/derive"
import { useT } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Dialog } from "../ui/Dialog"
import { Badge } from "../ui/IconButton"
import { SearchField } from "../ui/SearchField"
import { navigate } from "./route"

/** Goes to a chat by some letters of its name; arrows choose, Enter goes. */
export function Switcher({ items, onClose }: { items: readonly ChatListItem[]; onClose: () => void }) {
  const t = useT()
  const [query, setQuery] = useState("")
  const [chosen, setChosen] = useState(0)
  const wanted = query.trim().toLowerCase()
  const found = items.filter((item) => matchesChat(item, wanted)).slice(0, 8)
  const go = (item: ChatListItem | undefined) => {
    if (!item) return
    onClose()
    navigate(`/chatrooms/${item.chatroom.id}`)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && found.length > 0) setChosen((chosen + step + found.length) % found.length)
    else if (event.key === "Enter" && !event.nativeEvent.isComposing) go(found[chosen])
    else return
    event.preventDefault()
  }
  return (
    <Dialog title={t("switcher.title")} onClose={onClose}>
      <div className="switcher" onKeyDown={onKeyDown}>
        <SearchField label={t("chats.filter")} value={query} autoFocus onChange={(value) => {
          setQuery(value)
          setChosen(0)
        }} />
        <ul role="listbox" aria-label={t("chats.title")} tabIndex={-1}>
          {found.map((item, index) => (
            <li key={item.chatroom.id} role="option" aria-selected={index === chosen} className="row" onClick={() => go(item)}>
              <Avatar id={item.chatroom.peer?.id ?? item.chatroom.id} name={item.name} size="small"
                url={item.chatroom.avatar ?? item.chatroom.peer?.avatar} square={item.chatroom.type === "group"} />
              <span className="row-name">{item.name}</span>
              <Badge count={item.unread} />
            </li>
          ))}
        </ul>
        {found.length === 0 && <p className="nothing">{t("chats.nothing")}</p>}
      </div>
    </Dialog>
  )
}
