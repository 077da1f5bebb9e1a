import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import { Chatroom, isChange } from "../api/contract"
import { dayName } from "../i18n/i18n"
import { emptyLog } from "../log/log"
import { readByOthers } from "../receipts/receipts"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/context"
import { Empty, Spinner } from "../ui/Empty"
import { Badge, IconButton } from "../ui/IconButton"
import { Announcer } from "./Announcer"
import { MessageRow } from "./MessageRow"
import { PendingRow } from "./PendingRow"
import { SystemRow } from "./SystemRow"
import { useConversation } from "./conversation"
import { rows } from "./rows"
import { useAskingReceipts, useOpening, useReading, useReadOrdinal } from "./useOpening"
import { useMessageWindow } from "./useMessageWindow"

/** The messages of one chatroom: at the newest unless scrolled away, older ones as one scrolls up. */
export function MessageList({ chatroom }: { chatroom: Chatroom }) {
  const { id } = chatroom
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const me = useSelected((state) => state.session?.user.id ?? 0)
  const log = useSelected((state) => state.logs.get(id)) ?? emptyLog
  const outbox = useSelected((state) => state.outbox)
  const loading = useSelected((state) => state.loading.has(id))
  const readBy = useSelected((state) => state.readBy.get(id))
  const { show } = useConversation()
  const failed = useOpening(id)
  const readOrdinal = useReadOrdinal(id, me)
  const lines = log.aside?.lines ?? log.lines
  const complete = log.aside?.complete ?? log.complete
  const pending = useMemo(() => outbox.filter((item) => item.chatroomId === id), [outbox, id])

  const onTop = useCallback(() => {
    if (loading) return
    const older = log.aside ? teahouse.logs.loadBeside(id, "above") : log.paged && !log.complete && teahouse.logs.loadOlder(id)
    if (older) older.catch(() => undefined)
  }, [teahouse, id, log, loading])
  const onBottom = useCallback(() => {
    if (log.aside && !loading) teahouse.logs.loadBeside(id, "below").catch(() => undefined)
  }, [teahouse, id, log, loading])
  const { scroller, onScroll, shown, away, lastSeen, seek, toLatest } = useMessageWindow(
    lines, pending.length, { endsWithNewest: !log.aside, onTop, onBottom })

  useEffect(() => {
    teahouse.logs.lookUp(id, away)
    return () => teahouse.logs.lookUp(id, false)
  }, [teahouse, id, away])

  const atNewest = !log.aside && !away && (log.paged || log.complete)
  useReading(id, atNewest ? log.cursor ?? 0 : lastSeen)
  useAskingReceipts(id, me, lines)
  const read = useMemo(() => readByOthers(log.lines, readBy, me), [log.lines, readBy, me])
  const below = useMemo(() => away
    ? log.lines.filter((line) => line.seq > lastSeen && !isChange(line) && line.sender.id !== me).length : 0,
  [away, log.lines, lastSeen, me])
  const drawn = useMemo(
    () => rows(shown, atNewest || shown[shown.length - 1] === log.lines[log.lines.length - 1] ? pending : [], me, readOrdinal),
    [shown, pending, me, readOrdinal, atNewest, log.lines])

  const opened = useRef(false)
  useEffect(() => {
    if (opened.current || shown.length === 0) return
    opened.current = true
    if (drawn.some((row) => row.kind === "unread") && drawn[0]?.kind !== "unread") seek("unread", lines)
  }, [drawn, shown.length, lines, seek])
  const sought = useSought(id, seek)

  const latest = () => {
    teahouse.logs.leaveAside(id)
    toLatest()
  }
  return (
    <div className="messages-frame">
      <div className="messages" ref={scroller} onScroll={onScroll} role="log" aria-live="off"
        aria-label={t("chatroom.messages")} tabIndex={0}>
        <div className="messages-inner">
          {loading && (drawn.length > 0 ? <div className="loading-older"><Spinner /></div> : <Spinner />)}
          {failed && drawn.length === 0 && (
            <Empty title={t("chatroom.loadFailed")} hint={failed}>
              <button type="button" className="button"
                onClick={() => void teahouse.attempt(() => teahouse.logs.loadLatest(id))}>
                {t("action.retry")}
              </button>
            </Empty>
          )}
          {complete && drawn.length > 0 && shown[0] === lines[0] && <p className="system">{t("chatroom.start")}</p>}
          {complete && drawn.length === 0 && !loading && (
            <Empty title={t("chatroom.empty")} hint={t("chatroom.emptyHint")} />
          )}
          {drawn.map((row) => {
            switch (row.kind) {
              case "day":
                return (
                  <p key={row.key} className="day">
                    <button type="button" title={t("date.title")} onClick={() => show({ kind: "date" })}>
                      {dayName(language, row.time)}
                    </button>
                  </p>
                )
              case "unread":
                return <p key={row.key} className="unread-divider"><span>{t("chatroom.unread")}</span></p>
              case "system":
                return <SystemRow key={row.key} change={row.change} />
              case "message":
                return <MessageRow key={row.key} message={row.message} own={row.message.sender.id === me}
                  group={chatroom.type === "group"} first={row.first} last={row.last} sought={row.message.seq === sought}
                  read={row.message.seq <= read} />
              case "pending":
                return <PendingRow key={row.key} item={row.item} first={row.first} />
            }
          })}
        </div>
      </div>
      <Announcer id={id} />
      {(away || log.aside) && (
        <div className="to-latest">
          <IconButton icon="down" onClick={latest}
            label={below > 0 ? t("chatroom.latestCount", { count: below }) : t("chatroom.latest")} />
          <Badge count={below} />
        </div>
      )}
    </div>
  )
}

/** Goes to the message that is asked for elsewhere; answers which one, for as long as it is to stand out. */
function useSought(id: number, seek: ReturnType<typeof useMessageWindow>["seek"]): number | undefined {
  const t = useT()
  const teahouse = useTeahouse()
  const place = useSelected((state) => (state.sought?.chatroomId === id ? state.sought : null))
  const ready = useSelected((state) => (state.logs.get(id) ?? emptyLog).cursor !== null)
  const [sought, setSought] = useState<number>()
  useEffect(() => {
    if (!place || !ready) return
    teahouse.chatrooms.found()
    const { seq } = place
    void teahouse.attempt(async () => {
      const here = await teahouse.logs.loadAround(id, seq)
      if (!here) return teahouse.toast("error", t("error.message_not_found"))
      const log = teahouse.state.logs.get(id) ?? emptyLog
      seek(seq, log.aside?.lines ?? log.lines)
      setSought(seq)
    })
  }, [teahouse, id, place, ready, seek, t])
  useEffect(() => {
    if (sought === undefined) return undefined
    const timer = window.setTimeout(() => setSought(undefined), 2500)
    return () => window.clearTimeout(timer)
  }, [sought])
  return sought
}
