import { DragEvent, Suspense, lazy, memo, useCallback, useEffect, useMemo, useState } from "react"
import { Chatroom } from "../api/contract"
import { useChatroomName } from "../chatlist/useChatList"
import { Presence } from "../friends/Presence"
import { navigate } from "../shell/route"
import { useSelected, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Empty, Spinner } from "../ui/Empty"
import { IconButton } from "../ui/IconButton"
import { AnnouncementBar } from "./AnnouncementBar"
import { Composer } from "./Composer"
import { MessageList } from "./MessageList"
import { Aim, Conversation, ConversationContext, Overlay } from "./conversation"

const ChatroomDetails = lazy(() => import("./ChatroomDetails").then((module) => ({ default: module.ChatroomDetails })))
const ChatroomOverlay = lazy(() => import("./ChatroomOverlay").then((module) => ({ default: module.ChatroomOverlay })))

/** One chatroom: who it is with, what was said, and where to say more. */
export const ChatroomPane = memo(function ChatroomPane({ id }: { id: number }) {
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
})

function OpenChatroom({ chatroom }: { chatroom: Chatroom }) {
  const t = useT()
  const name = useChatroomName(chatroom)
  const [details, setDetails] = useState(false)
  const [aim, setAim] = useState<Aim>()
  const [attached, setAttached] = useState<readonly File[]>([])
  const [overlay, setOverlay] = useState<Overlay>()
  const conversation = useMemo<Conversation>(() => ({
    chatroom, aim, setAim, attached,
    attach: (files) => setAttached((now) => [...now, ...files]),
    detach: (file) => setAttached((now) => (file ? now.filter((each) => each !== file) : [])),
    show: setOverlay,
  }), [chatroom, aim, attached])
  const { dropping, ...drop } = useDrop(conversation.attach)
  const waiting = useSelected((state) => state.joinRequests.get(chatroom.id)?.length ?? 0)
  const closeOverlay = useCallback(() => setOverlay(undefined), [])
  const group = chatroom.type === "group"
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && setDetails(false)
    document.addEventListener("keydown", onKey)
    return () => document.removeEventListener("keydown", onKey)
  }, [])
  return (
    <ConversationContext.Provider value={conversation}>
      <section className={details ? "pane chatroom with-details" : "pane chatroom"} aria-label={name} {...drop}>
        <header className="pane-head">
          <IconButton icon="back" label={t("action.back")} className="only-narrow" onClick={() => navigate("/")} />
          <button type="button" className="chatroom-head" aria-label={t("chatroom.about", { name })}
            onClick={() => (chatroom.peer ? setOverlay({ kind: "person", id: chatroom.peer.id }) : setDetails(!details))}>
            <Avatar id={group ? chatroom.id : chatroom.peer?.id ?? chatroom.id} name={name}
              url={chatroom.avatar ?? chatroom.peer?.avatar} size="small" square={group} />
          </button>
          <div className="chatroom-title">
            <h1>{name}</h1>
            <Standing chatroom={chatroom} />
          </div>
          <IconButton icon="search" label={t("chatroom.search")} onClick={() => navigate(`/search/${chatroom.id}`)} />
          <IconButton icon="more" label={waiting > 0 ? t("chatroom.detailsWaiting", { count: waiting }) : t("chatroom.details")}
            pressed={details} badge={waiting} onClick={() => setDetails(!details)} />
        </header>
        {chatroom.announcement && <AnnouncementBar key={chatroom.announcement} chatroom={chatroom} />}
        <MessageList chatroom={chatroom} />
        <Composer />
        <Suspense fallback={null}>
          {details && <ChatroomDetails chatroom={chatroom} onClose={() => setDetails(false)} />}
          {overlay && <ChatroomOverlay overlay={overlay} onClose={closeOverlay} />}
        </Suspense>
        {dropping && <div className="drop-hint">{t("chatroom.dropHere")}</div>}
      </section>
    </ConversationContext.Provider>
  )
}

/** Files that are dragged here; `dropping` while they are held above. */
function useDrop(attach: (files: Iterable<File>) => void) {
  const [dropping, setDropping] = useState(false)
  return {
    dropping,
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes("Files")) return
      event.preventDefault()
      setDropping(true)
    },
    onDragLeave: (event: DragEvent) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false)
    },
    onDrop: (event: DragEvent) => {
      if (event.dataTransfer.files.length === 0) return
      event.preventDefault()
      setDropping(false)
      attach(Array.from(event.dataTransfer.files))
    },
  }
}

/** Who is writing, else who is there. */
function Standing({ chatroom }: { chatroom: Chatroom }) {
  const t = useT()
  const teahouse = useTeahouse()
  const group = chatroom.type === "group"
  const typing = useSelected((state) => state.typing.get(chatroom.id))
  const profiles = useSelected((state) => state.profiles)
  const friend = useSelected((state) => state.friends?.find(({ user }) => user.id === chatroom.peer?.id))
  const writer = typing && [...typing][0]
  useEffect(() => {
    if (writer !== undefined && group) void teahouse.lists.meet([writer]).catch(() => undefined)
  }, [teahouse, writer, group])
  if (typing && writer !== undefined) {
    const name = group ? profiles.get(writer)?.nickname ?? t("system.somebody") : chatroom.name
    return (
      <p className="quiet typing">
        {typing.size > 1 ? t("chatroom.typingMany", { count: typing.size }) : t("chatroom.typingOne", { name })}
      </p>
    )
  }
  if (!group) return <p><Presence friend={friend} otherwise={`@${chatroom.peer?.username ?? ""}`} /></p>
  return (
    <p className="quiet">
      {chatroom.memberCount === 1 ? t("chatroom.membersOne")
        : t("chatroom.membersMany", { count: chatroom.memberCount })}
    </p>
  )
}
