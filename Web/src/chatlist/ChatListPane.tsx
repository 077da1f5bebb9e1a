import { memo, useMemo, useState } from "react"
import { Message } from "../api/contract"
import { shortTime } from "../i18n/i18n"
import { Translate } from "../i18n/i18n"
import { navigate } from "../shell/route"
import { useLanguage, useSelected, useT } from "../store/teahouse"
import { Avatar } from "../ui/Avatar"
import { Empty, Spinner } from "../ui/Empty"
import { Badge, IconButton } from "../ui/IconButton"
import { SearchField } from "../ui/SearchField"
import { ChatListItem, chatList } from "./derive"
import { NewGroupDialog } from "./NewGroupDialog"
import { previewText } from "./preview"

export function useChatList(): ChatListItem[] | null {
  const chatrooms = useSelected((state) => state.chatrooms)
  const summaries = useSelected((state) => state.summaries)
  const logs = useSelected((state) => state.logs)
  const readUpTo = useSelected((state) => state.readUpTo)
  const me = useSelected((state) => state.session?.user.id ?? 0)
  return useMemo(
    () => chatrooms && chatList(chatrooms.values(), summaries, logs, readUpTo, me),
    [chatrooms, summaries, logs, readUpTo, me],
  )
}

export function ChatListPane({ items, selected }: { items: ChatListItem[] | null; selected?: number }) {
  const t = useT()
  const [filter, setFilter] = useState("")
  const [makingGroup, setMakingGroup] = useState(false)
  const wanted = filter.trim().toLowerCase()
  const shown = items?.filter((item) => item.chatroom.name.toLowerCase().includes(wanted))
  return (
    <section className="pane list-pane" aria-label={t("chats.title")}>
      <header className="pane-head">
        <h1>{t("chats.title")}</h1>
        <IconButton icon="addGroup" label={t("chats.newGroup")} onClick={() => setMakingGroup(true)} />
      </header>
      <SearchField label={t("chats.filter")} value={filter} onChange={setFilter} />
      <div className="scroll">
        {!shown && <Spinner />}
        {shown && items?.length === 0 && (
          <Empty title={t("chats.empty")} hint={t("chats.emptyHint")}>
            <button type="button" className="button button-primary" onClick={() => navigate("/friends/add")}>
              {t("friends.add")}
            </button>
          </Empty>
        )}
        {shown && items && items.length > 0 && shown.length === 0 && <p className="nothing">{t("chats.nothing")}</p>}
        <ul className="rows">
          {shown?.map((item) => <ChatRow key={item.chatroom.id} {...item} selected={item.chatroom.id === selected} />)}
        </ul>
      </div>
      {makingGroup && <NewGroupDialog onClose={() => setMakingGroup(false)} />}
    </section>
  )
}

const ChatRow = memo(function ChatRow({ chatroom, last, unread, selected }: ChatListItem & { selected: boolean }) {
  const t = useT()
  const language = useLanguage()
  const me = useSelected((state) => state.session?.user.id)
  const group = chatroom.type === "group"
  return (
    <li>
      <button type="button" className="row" aria-current={selected ? "page" : undefined}
        onClick={() => navigate(`/chatrooms/${chatroom.id}`)}>
        <Avatar id={group ? chatroom.id : chatroom.peer?.id ?? chatroom.id} name={chatroom.name}
          url={chatroom.avatar ?? chatroom.peer?.avatar} square={group} />
        <span className="row-body">
          <span className="row-line">
            <span className="row-name">{chatroom.name}</span>
            {last && <time className="row-time" dateTime={last.createdAt}>{shortTime(language, last.createdAt)}</time>}
          </span>
          <span className="row-line">
            <span className="row-text">{last ? preview(t, last, me, group) : "\u00a0"}</span>
            <Badge count={unread} />
          </span>
        </span>
      </button>
    </li>
  )
})

/** One line for a message: who, where that is not clear, and what. */
function preview(t: Translate, message: Message, me: number | undefined, group: boolean): string {
  const text = previewText(t, message)
  if (message.sender.id === me) return t("chats.you", { text })
  return group ? `${message.sender.nickname}: ${text}` : text
}
