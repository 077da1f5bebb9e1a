import { useEffect, useRef } from "react"
import { HeldMessage } from "../log/log"
import { useSelected, useT, useTeahouse } from "../store/context"

const quick = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "🍵"]

function useReact(message: HeldMessage): (emoji: string) => void {
  const teahouse = useTeahouse()
  const me = useSelected((state) => state.session?.user.id ?? 0)
  return (emoji) => {
    const mine = message.reactions?.some((reaction) => reaction.emoji === emoji && reaction.userIds.includes(me))
    const { chatroomId, seq } = message
    void teahouse.attempt(() => mine
      ? teahouse.calls.unreact(chatroomId, seq, emoji) : teahouse.calls.react(chatroomId, seq, emoji))
  }
}

/** How people have answered without words; a click joins in or takes it back. */
export function Reactions({ message }: { message: HeldMessage }) {
  const me = useSelected((state) => state.session?.user.id ?? 0)
  const react = useReact(message)
  return (
    <div className="reactions">
      {message.reactions?.map(({ emoji, userIds }) => (
        <button key={emoji} type="button" className="reaction" aria-pressed={userIds.includes(me)}
          aria-label={`${emoji} ${userIds.length}`} onClick={() => react(emoji)}>
          <span aria-hidden="true">{emoji}</span>{userIds.length}
        </button>
      ))}
    </div>
  )
}

/** A small choice beside the message. */
export function QuickReactions({ message, onClose }: { message: HeldMessage; onClose: () => void }) {
  const t = useT()
  const react = useReact(message)
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    element.current?.querySelector("button")?.focus()
    const onPointer = (event: PointerEvent) => {
      if (!element.current?.parentElement?.contains(event.target as Node)) onClose()
    }
    document.addEventListener("pointerdown", onPointer)
    return () => document.removeEventListener("pointerdown", onPointer)
  }, [onClose])
  return (
    <div className="quick-reactions" ref={element} role="group" aria-label={t("message.react")}
      onKeyDown={(event) => event.key === "Escape" && onClose()}>
      {quick.map((emoji) => (
        <button key={emoji} type="button" onClick={() => {
          onClose()
          react(emoji)
        }}>{emoji}</button>
      ))}
    </div>
  )
}
