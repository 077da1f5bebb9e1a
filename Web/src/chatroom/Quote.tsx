import { useEffect } from "react"
import { ChatroomID, Message, Seq, isChange } from "../api/contract"
import { previewText } from "../chatlist/preview"
import { useSelected, useT, useTeahouse } from "../store/context"

/** The message that another answers; a click goes there. */
export function Quote({ chatroomId, seq }: { chatroomId: ChatroomID; seq: Seq }) {
  const t = useT()
  const teahouse = useTeahouse()
  const message = useQuoted(chatroomId, seq)
  return (
    <button type="button" className="quote" onClick={() => message && teahouse.chatrooms.seek(chatroomId, seq)}>
      {message ? <QuoteText message={message} /> : <span className="quote-text">{t("message.notHere")}</span>}
    </button>
  )
}

export function QuoteText({ message }: { message: Message }) {
  const t = useT()
  return (
    <>
      <span className={`quote-sender hue-text-${message.sender.id % 8}`}>{message.sender.nickname}</span>
      <span className="quote-text">{previewText(t, message)}</span>
    </>
  )
}

function useQuoted(chatroomId: ChatroomID, seq: Seq): Message | null | undefined {
  const teahouse = useTeahouse()
  const held = useSelected((state) => {
    const log = state.logs.get(chatroomId)
    const line = log?.lines.find((each) => each.seq === seq) ?? log?.aside?.lines.find((each) => each.seq === seq)
    return line && !isChange(line) ? line : undefined
  })
  const fetched = useSelected((state) => state.quoted.get(`${chatroomId}.${seq}`))
  useEffect(() => {
    if (!held) void teahouse.chatrooms.quote(chatroomId, seq).catch(() => undefined)
  }, [teahouse, chatroomId, seq, held])
  return held ?? fetched
}
