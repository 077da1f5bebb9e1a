import { MouseEvent, memo, useState } from "react"
import { Chatroom, Message } from "../api/contract"
import { Translate, shortTime } from "../i18n/i18n"
import { navigate } from "../shell/route"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Icon } from "../ui/Icon"
import { Badge } from "../ui/IconButton"
import { Menu, MenuItem } from "../ui/Menu"
import { ChatListItem } from "./derive"
import { previewText } from "./preview"

/** A chatroom in the list; a menu (right click, long touch) sets what it is to oneself. */
export const ChatRow = memo(function ChatRow(
  { chatroom, name, last, unread, mentioned, draft, selected }: ChatListItem & { selected: boolean },
) {
  const t = useT()
  const language = useLanguage()
  const me = useSelected((state) => state.session?.user.id)
  const waiting = useSelected((state) => state.joinRequests.get(chatroom.id)?.length ?? 0)
  const [menu, setMenu] = useState<{ x: number; y: number }>()
  const group = chatroom.type === "group"
  const { pinned, notify } = chatroom.settings
  const quiet = notify === "none" || (notify === "mentions" && !mentioned)
  const openMenu = (event: MouseEvent) => {
    event.preventDefault()
    const box = event.currentTarget.getBoundingClientRect()
    // By keyboard there is no place of the pointer.
    setMenu(event.clientX > 0 ? { x: event.clientX, y: event.clientY } : { x: box.left + 60, y: box.bottom })
  }
  return (
    <li>
      <button type="button" className="row" aria-current={selected ? "page" : undefined} onContextMenu={openMenu}
        onClick={() => navigate(`/chatrooms/${chatroom.id}`)}>
        <Avatar id={group ? chatroom.id : chatroom.peer?.id ?? chatroom.id} name={name}
          url={chatroom.avatar ?? chatroom.peer?.avatar} square={group} />
        <span className="row-body">
          <span className="row-line">
            <span className="row-name">{name}</span>
            {waiting > 0 && <Mark icon="addPerson" label={t("chatroom.detailsWaiting", { count: waiting })} />}
            {notify === "none" && <Mark icon="mute" label={t("chats.muted")} />}
            {pinned && <Mark icon="pin" label={t("chats.pinned")} />}
            {last && <time className="row-time" dateTime={last.createdAt}>{shortTime(language, last.createdAt)}</time>}
          </span>
          <span className="row-line">
            {draft && !selected
              ? <span className="row-text"><span className="draft">{t("chats.draft")}</span> {draft}</span>
              : <span className="row-text">{last ? preview(t, last, me, group) : "\u00a0"}</span>}
            {mentioned && <span className="badge badge-mention" role="img" aria-label={t("chats.mentioned")}>@</span>}
            <Badge count={unread} quiet={quiet} />
          </span>
        </span>
      </button>
      {menu && <ChatMenu chatroom={chatroom} name={name} unread={unread} head={last?.seq} at={menu} onClose={() => setMenu(undefined)} />}
    </li>
  )
})

function Mark({ icon, label }: { icon: "pin" | "mute" | "addPerson"; label: string }) {
  return <span className={icon === "addPerson" ? "row-mark row-mark-strong" : "row-mark"} role="img" aria-label={label} title={label}><Icon name={icon} size={14} /></span>
}

function ChatMenu({ chatroom, name, unread, head, at, onClose }: {
  chatroom: Chatroom
  name: string
  unread: number
  head: number | undefined
  at: { x: number; y: number }
  onClose: () => void
}) {
  const t = useT()
  const teahouse = useTeahouse()
  const { pinned, hidden, notify } = chatroom.settings
  const set = (change: Partial<Chatroom["settings"]>) =>
    void teahouse.attempt(() => teahouse.chatrooms.setSettings(chatroom, change))
  const items: MenuItem[] = [
    { icon: "pin", label: t(pinned ? "chats.unpin" : "settings.pinned"), onChoose: () => set({ pinned: !pinned }) },
    notify === "none"
      ? { icon: "announce", label: t("chats.unmute"), onChoose: () => set({ notify: "all" }) }
      : { icon: "mute", label: t("chats.mute"), onChoose: () => set({ notify: "none" }) },
    { icon: "hide", label: t(hidden ? "chats.show" : "settings.hidden"), onChoose: () => set({ hidden: !hidden }) },
  ]
  if (unread > 0 && head !== undefined) {
    items.unshift({ icon: "checks", label: t("chats.markRead"), onChoose: () => teahouse.chatrooms.markRead(chatroom.id, head) })
  }
  return <Menu label={t("chats.menu", { name })} items={items} at={at} onClose={onClose} />
}

/** One line for a message: who, where that is not clear, and what. */
function preview(t: Translate, message: Message, me: number | undefined, group: boolean): string {
  const text = previewText(t, message)
  if (message.sender.id === me) return t("chats.you", { text })
  return group ? `${message.sender.nickname}: ${text}` : text
}
