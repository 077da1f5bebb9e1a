import { useState } from "react"
import { navigate } from "../shell/route"
import { useT } from "../store/context"
import { Empty, Spinner } from "../ui/Empty"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { SearchField } from "../ui/SearchField"
import { ChatRow } from "./ChatRow"
import { ChatListItem, isListed, matchesChat } from "./derive"
import { NewGroupDialog } from "./NewGroupDialog"

export function ChatListPane({ items, selected }: { items: ChatListItem[] | null; selected?: number }) {
  const t = useT()
  const [filter, setFilter] = useState("")
  const [makingGroup, setMakingGroup] = useState(false)
  const [all, setAll] = useState(false)
  const wanted = filter.trim().toLowerCase()
  const listed = items?.filter((item) => isListed(item) || item.chatroom.id === selected) ?? []
  const away = (items?.length ?? 0) - listed.length
  const shown = wanted ? items?.filter((item) => matchesChat(item, wanted)) : all ? items : listed
  return (
    <section className="pane list-pane" aria-label={t("chats.title")}>
      <header className="pane-head">
        <h1>{t("chats.title")}</h1>
        <IconButton icon="addGroup" label={t("chats.newGroup")} onClick={() => setMakingGroup(true)} />
      </header>
      <SearchField label={t("chats.filter")} value={filter} onChange={setFilter} />
      <div className="scroll">
        {!items && <Spinner />}
        {items?.length === 0 && (
          <Empty title={t("chats.empty")} hint={t("chats.emptyHint")}>
            <button type="button" className="button button-primary" onClick={() => navigate("/friends/add")}>
              {t("friends.add")}
            </button>
          </Empty>
        )}
        {items && items.length > 0 && wanted && shown?.length === 0 && <p className="nothing">{t("chats.nothing")}</p>}
        <ul className="rows">
          {items && shown?.map((item) => (
            <ChatRow key={item.chatroom.id} {...item} selected={item.chatroom.id === selected} />
          ))}
          {!wanted && (away > 0 || all) && (
            <li>
              <button type="button" className="row row-quiet" aria-expanded={all} onClick={() => setAll(!all)}>
                <Icon name="hide" size={18} />{all ? t("chats.fewer") : t("chats.hidden", { count: away })}
              </button>
            </li>
          )}
        </ul>
      </div>
      {makingGroup && <NewGroupDialog onClose={() => setMakingGroup(false)} />}
    </section>
  )
}
