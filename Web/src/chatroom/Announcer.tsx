import { useEffect, useState } from "react"
import { ChatroomID, isChange } from "../api/contract"
import { previewText } from "../chatlist/preview"
import { useSelected, useT } from "../store/context"

/** Says to those who do not see the page what comes while the chatroom is open; older pages come without a word. */
export function Announcer({ id }: { id: ChatroomID }) {
  const t = useT()
  const me = useSelected((state) => state.session?.user.id)
  const newest = useSelected((state) => {
    const lines = state.logs.get(id)?.lines
    return lines?.[lines.length - 1]
  })
  const [opened] = useState(() => Date.now())
  const [said, setSaid] = useState("")
  useEffect(() => {
    if (!newest || isChange(newest) || newest.sender.id === me || Date.parse(newest.createdAt) < opened) return
    setSaid(`${newest.sender.nickname}: ${previewText(t, newest)}`)
  }, [newest, me, opened, t])
  return <p className="unseen" aria-live="polite">{said}</p>
}
