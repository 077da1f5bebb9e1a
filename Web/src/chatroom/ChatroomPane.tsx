import { DragEvent, useEffect, useMemo, useState } from "react"
import { Chatroom, Message } from "../api/contract"
import { navigate } from "../shell/route"
import { useSelected, useT, useTeahouse } from "../store/teahouse"
import { Avatar } from "../ui/Avatar"
import { Empty, Spinner } from "../ui/Empty"
import { IconButton } from "../ui/IconButton"
import { ChatroomDetails } from "./ChatroomDetails"
import { Composer } from "./Composer"
import { ForwardDialog } from "./ForwardDialog"
import { MessageList } from "./MessageList"
import { ReadersDialog } from "./ReadersDialog"
import { Aim, Conversation, ConversationContext } from "./conversation"

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
  const [aim, setAim] = useState<Aim>()
  const [forwarding, setForwarding] = useState<Message>()
  const [readersOf, setReadersOf] = useState<Message>()
  const conversation = useMemo<Conversation>(
    () => ({ chatroom, aim, setAim, forward: setForwarding, showReaders: setReadersOf }), [chatroom, aim])
  const [dropping, setDropping] = useState(false)
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
    <ConversationContext.Provider value={conversation}>
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
            <Standing chatroom={chatroom} />
          </div>
          <IconButton icon="search" label={t("chatroom.search")} onClick={() => navigate(`/search/${chatroom.id}`)} />
          <IconButton icon="more" label={t("chatroom.details")} pressed={details} onClick={() => setDetails(!details)} />
        </header>
        <MessageList chatroom={chatroom} />
        <Composer />
        {details && <ChatroomDetails chatroom={chatroom} onClose={() => setDetails(false)} />}
        {forwarding && <ForwardDialog message={forwarding} onClose={() => setForwarding(undefined)} />}
        {readersOf && <ReadersDialog message={readersOf} onClose={() => setReadersOf(undefined)} />}
        {dropping && <div className="drop-hint">{t("chatroom.dropHere")}</div>}
      </section>
    </ConversationContext.Provider>
  )
}

/** Who is writing, else who is there. */
function Standing({ chatroom }: { chatroom: Chatroom }) {
  const t = useT()
  const teahouse = useTeahouse()
  const group = chatroom.type === "group"
  const typing = useSelected((state) => state.typing.get(chatroom.id))
  const profiles = useSelected((state) => state.profiles)
  const online = useSelected((state) =>
    state.friends?.find(({ user }) => user.id === chatroom.peer?.id)?.online ?? false)
  const writer = typing && [...typing][0]
  useEffect(() => {
    if (writer !== undefined && group) void teahouse.meet([writer]).catch(() => undefined)
  }, [teahouse, writer, group])
  if (typing && writer !== undefined) {
    const name = group ? profiles.get(writer)?.nickname ?? t("system.somebody") : chatroom.name
    return (
      <p className="quiet typing">
        {typing.size > 1 ? t("chatroom.typingMany", { count: typing.size }) : t("chatroom.typingOne", { name })}
      </p>
    )
  }
  if (!group) {
    return online ? <p className="presence">{t("friends.online")}</p> : <p className="quiet">@{chatroom.peer?.username}</p>
  }
  return (
    <p className="quiet">
      {chatroom.memberCount === 1 ? t("chatroom.membersOne")
        : t("chatroom.membersMany", { count: chatroom.memberCount })}
    </p>
  )
}
