import { DragEvent, useEffect, useState } from "react"
import { Chatroom } from "../api/contract"
import { navigate } from "../shell/route"
import { useSelected, useT, useTeahouse } from "../store/teahouse"
import { Avatar } from "../ui/Avatar"
import { Empty, Spinner } from "../ui/Empty"
import { IconButton } from "../ui/IconButton"
import { ChatroomDetails } from "./ChatroomDetails"
import { Composer } from "./Composer"
import { MessageList } from "./MessageList"

/** One chatroom: who it is with, what was said, and where to say more. */
export function ChatroomPane({ id }: { id: number }) {
  const t = useT()
  const loaded = useSelected((state) => state.chatrooms !== null)
  const chatroom = useSelected((state) => state.chatrooms?.get(id))
  if (!loaded) return <Spinner />
  if (!chatroom) {
    return (
      <Empty title={t("chatroom.gone")} hint={t("chatroom.goneHint")}>
        <button type="button" className="button" onClick={() => navigate("/")}>{t("action.back")}</button>
      </Empty>
    )
  }
  return <OpenChatroom key={id} chatroom={chatroom} />
}

function OpenChatroom({ chatroom }: { chatroom: Chatroom }) {
  const t = useT()
  const teahouse = useTeahouse()
  const [details, setDetails] = useState(false)
  const [dropping, setDropping] = useState(false)
  const online = useSelected((state) =>
    state.friends?.find(({ user }) => user.id === chatroom.peer?.id)?.online ?? false)
  const group = chatroom.type === "group"
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && setDetails(false)
    document.addEventListener("keydown", onKey)
    return () => document.removeEventListener("keydown", onKey)
  }, [])
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setDropping(false)
    for (const file of Array.from(event.dataTransfer.files)) teahouse.sender.file(chatroom.id, file)
  }
  return (
    <section className={details ? "pane chatroom with-details" : "pane chatroom"} aria-label={chatroom.name}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return
        event.preventDefault()
        setDropping(true)
      }}
      onDragLeave={(event) => event.currentTarget === event.target && setDropping(false)}
      onDrop={onDrop}>
      <header className="pane-head">
        <IconButton icon="back" label={t("action.back")} className="only-narrow" onClick={() => navigate("/")} />
        <Avatar id={group ? chatroom.id : chatroom.peer?.id ?? chatroom.id} name={chatroom.name}
          url={chatroom.avatar ?? chatroom.peer?.avatar} size="small" square={group} />
        <div className="chatroom-title">
          <h1>{chatroom.name}</h1>
          {!group && online && <p className="presence">{t("friends.online")}</p>}
          {!group && !online && <p className="quiet">@{chatroom.peer?.username}</p>}
          {group && (
            <p className="quiet">
              {chatroom.memberCount === 1 ? t("chatroom.membersOne")
                : t("chatroom.membersMany", { count: chatroom.memberCount })}
            </p>
          )}
        </div>
        {group && <IconButton icon="more" label={t("chatroom.details")} pressed={details}
          onClick={() => setDetails(!details)} />}
      </header>
      <MessageList chatroom={chatroom} />
      <Composer chatroomId={chatroom.id} />
      {details && <ChatroomDetails chatroom={chatroom} onClose={() => setDetails(false)} />}
      {dropping && <div className="drop-hint">{t("chatroom.dropHere")}</div>}
    </section>
  )
}
