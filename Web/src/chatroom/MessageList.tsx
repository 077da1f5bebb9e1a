import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react"
import { Chatroom } from "../api/contract"
import { dayName } from "../i18n/i18n"
import { emptyLog } from "../log/log"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/teahouse"
import { Empty, Spinner } from "../ui/Empty"
import { IconButton } from "../ui/IconButton"
import { MessageRow } from "./MessageRow"
import { PendingRow } from "./PendingRow"
import { SystemRow } from "./SystemRow"
import { rows } from "./rows"

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
  const failed = useOpening(id)
  const pending = useMemo(() => outbox.filter((item) => item.chatroomId === id), [outbox, id])
  const shown = useMemo(() => rows(log.lines, pending, me), [log.lines, pending, me])
  const loadOlder = useCallback(() => {
    if (log.paged && !log.complete && !loading) void teahouse.logs.loadOlder(id).catch(() => undefined)
  }, [teahouse, id, log.paged, log.complete, loading])
  const { scroller, onScroll, away, toLatest } = useAnchoredScroll(shown.length, log.low, pending.length, loadOlder)
  useReading(id, away, log.paged || log.complete ? log.cursor ?? 0 : 0)

  return (
    <div className="messages-frame">
      <div className="messages" ref={scroller} onScroll={onScroll} role="log" aria-label={t("chatroom.messages")}
        tabIndex={0}>
        <div className="messages-inner">
          {loading && (shown.length > 0 ? <div className="loading-older"><Spinner /></div> : <Spinner />)}
          {failed && shown.length === 0 && (
            <Empty title={t("chatroom.loadFailed")} hint={failed}>
              <button type="button" className="button"
                onClick={() => void teahouse.attempt(() => teahouse.openChatroom(id))}>
                {t("action.retry")}
              </button>
            </Empty>
          )}
          {log.complete && shown.length > 0 && <p className="system">{t("chatroom.start")}</p>}
          {log.complete && shown.length === 0 && !loading && (
            <Empty title={t("chatroom.empty")} hint={t("chatroom.emptyHint")} />
          )}
          {shown.map((row) => {
            switch (row.kind) {
              case "day":
                return <p key={row.key} className="day"><span>{dayName(language, row.time)}</span></p>
              case "system":
                return <SystemRow key={row.key} change={row.change} />
              case "message":
                return <MessageRow key={row.key} message={row.message} own={row.message.sender.id === me}
                  group={chatroom.type === "group"} first={row.first} last={row.last} />
              case "pending":
                return <PendingRow key={row.key} item={row.item} first={row.first} />
            }
          })}
        </div>
      </div>
      {away && <IconButton icon="down" label={t("chatroom.latest")} className="to-latest" onClick={toLatest} />}
    </div>
  )
}

/** Loads the newest page when the chatroom is opened, and again when its log was dropped for being far behind. */
function useOpening(id: number): string {
  const teahouse = useTeahouse()
  const [failed, setFailed] = useState("")
  const bare = useSelected((state) => {
    const log = state.logs.get(id) ?? emptyLog
    return !log.paged && !log.complete
  })
  const online = useSelected((state) => state.connection === "online")
  useEffect(() => {
    if (!bare) return
    setFailed("")
    teahouse.openChatroom(id).catch((error: unknown) => setFailed(teahouse.explain(error)))
  }, [teahouse, id, bare, online])
  return failed
}

/** What is at the lower end of a page that somebody looks at has been read. */
function useReading(id: number, away: boolean, cursor: number): void {
  const teahouse = useTeahouse()
  useEffect(() => {
    const look = () => {
      if (!away && cursor > 0 && document.visibilityState === "visible") teahouse.markRead(id, cursor)
    }
    look()
    document.addEventListener("visibilitychange", look)
    return () => document.removeEventListener("visibilitychange", look)
  }, [teahouse, id, away, cursor])
}

/**
 * Keeps what one looks at where it is: at the lower end new messages push up; elsewhere nothing moves, neither when
 * messages come below nor when older ones are put above.
 */
function useAnchoredScroll(count: number, low: number, pending: number, onTop: () => void) {
  const scroller = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const before = useRef({ height: 0, low, pending })
  const [away, setAway] = useState(false)

  const toLatest = useCallback(() => {
    const element = scroller.current
    if (element) element.scrollTop = element.scrollHeight
  }, [])

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const older = low < before.current.low && before.current.height > 0
    const sent = pending > before.current.pending
    if (older && !atEnd.current) element.scrollTop += element.scrollHeight - before.current.height
    else if (atEnd.current || sent) element.scrollTop = element.scrollHeight
    before.current = { height: element.scrollHeight, low, pending }
  }, [count, low, pending])

  // A page that does not fill a tall window cannot be scrolled: the next one comes by itself.
  useEffect(() => {
    const element = scroller.current
    if (element && element.scrollHeight <= element.clientHeight) onTop()
  }, [count, low, onTop])

  // Images that come late and a composer that grows change the height without a new row.
  useEffect(() => {
    const element = scroller.current
    const inner = element?.firstElementChild
    if (!element || !inner) return undefined
    const observer = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight
      before.current.height = element.scrollHeight
    })
    observer.observe(inner)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const below = element.scrollHeight - element.scrollTop - element.clientHeight
    atEnd.current = below < 60
    setAway(below > 300)
    if (element.scrollTop < 300) onTop()
  }

  return { scroller, onScroll, away, toLatest }
}
