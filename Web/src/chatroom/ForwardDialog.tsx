import { useState } from "react"
import { ChatroomID, Message } from "../api/contract"
import { matchesChat } from "../chatlist/derive"
import { useChatList } from "../chatlist/useChatList"
import { useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Dialog } from "../ui/Dialog"
import { SearchField } from "../ui/SearchField"

/** Chooses the chatrooms that a message is passed on to. */
export function ForwardDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const items = useChatList() ?? []
  const [filter, setFilter] = useState("")
  const [chosen, setChosen] = useState<ReadonlySet<ChatroomID>>(new Set())
  const wanted = filter.trim().toLowerCase()
  const toggle = (id: ChatroomID) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  const forward = () => {
    for (const id of chosen) teahouse.sender.forward(id, message)
    teahouse.toast("info", t("message.forwarded"))
    onClose()
  }
  return (
    <Dialog title={t("message.forward")} onClose={onClose}>
      <SearchField label={t("chats.filter")} value={filter} onChange={setFilter} />
      <div className="scroll picker">
        {items.filter((item) => matchesChat(item, wanted)).map(({ chatroom, name }) => (
          <label key={chatroom.id} className="row">
            <input type="checkbox" checked={chosen.has(chatroom.id)} onChange={() => toggle(chatroom.id)} />
            <Avatar id={chatroom.peer?.id ?? chatroom.id} name={name} size="small"
              url={chatroom.avatar ?? chatroom.peer?.avatar} square={chatroom.type === "group"} />
            <span className="row-name">{name}</span>
          </label>
        ))}
      </div>
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>{t("action.cancel")}</button>
        <button type="button" className="button button-primary" disabled={chosen.size === 0} onClick={forward}>
          {t("action.send")}
        </button>
      </footer>
    </Dialog>
  )
}
