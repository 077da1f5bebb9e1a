import { useEffect, useState } from "react"
import { ChatroomID, Seq, UserID, isChange } from "../api/contract"
import { unreadCount } from "../chatlist/derive"
import { Line, emptyLog } from "../log/log"
import { State } from "../store/state"
import { useSelected, useTeahouse } from "../store/context"

/** Loads the newest page when the chatroom is opened, and again when its log was dropped for being far behind. */
export function useOpening(id: ChatroomID): string {
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
    teahouse.logs.loadLatest(id).catch((error: unknown) => setFailed(teahouse.explain(error)))
  }, [teahouse, id, bare, online])
  return failed
}

/** The ordinal up to which all was read when the chatroom was opened; `null` if nothing was unread then. */
export function useReadOrdinal(id: ChatroomID, me: UserID): number | null {
  const teahouse = useTeahouse()
  const [ordinal] = useState(() => readOrdinal(teahouse.state, id, me))
  return ordinal
}

function readOrdinal(state: State, id: ChatroomID, me: UserID): number | null {
  const summary = state.summaries.get(id)
  const log = state.logs.get(id)
  const unread = unreadCount(summary, log, state.readUpTo.get(id) ?? 0, me)
  const messages = log?.lines.filter((line) => !isChange(line)) ?? []
  const newest = messages[messages.length - 1]
  const last = Math.max(summary?.last?.ordinal ?? 0, newest && !isChange(newest) ? newest.ordinal : 0)
  return unread > 0 && last > 0 ? last - unread : null
}

/** What somebody who looks at the page has seen has been read. */
export function useReading(id: ChatroomID, seen: Seq): void {
  const teahouse = useTeahouse()
  useEffect(() => {
    const look = () => {
      if (seen > 0 && document.visibilityState === "visible") teahouse.chatrooms.markRead(id, seen)
    }
    look()
    document.addEventListener("visibilitychange", look)
    return () => document.removeEventListener("visibilitychange", look)
  }, [teahouse, id, seen])
}

/** Asks once whether one's newest message has been read; later reading is told by events. */
export function useAskingReceipts(id: ChatroomID, me: UserID, lines: readonly Line[]): void {
  const teahouse = useTeahouse()
  const here = lines.length > 0
  useEffect(() => {
    const own = [...lines].reverse().find((line) => !isChange(line) && line.sender.id === me)
    if (own) teahouse.receipts.ask(id, own.seq).catch(() => undefined)
    // Only when the chatroom is opened, not with each message.
  }, [teahouse, id, me, here])
}
