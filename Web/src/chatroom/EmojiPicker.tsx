import { useEffect, useRef, useState } from "react"
import { useT } from "../store/teahouse"
import { emojiGroups, keepRecentEmoji, recentEmoji } from "./emoji"

export function EmojiPicker({ onPick, onClose }: { onPick: (emoji: string) => void; onClose: () => void }) {
  const t = useT()
  const element = useRef<HTMLDivElement>(null)
  const [recent] = useState(recentEmoji)
  useEffect(() => {
    const onPointer = (event: PointerEvent) => {
      const target = event.target as Element
      if (!element.current?.contains(target) && !target.closest(".emoji-toggle")) onClose()
    }
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") onClose()
    }
    document.addEventListener("pointerdown", onPointer)
    document.addEventListener("keydown", onKey)
    return () => {
      document.removeEventListener("pointerdown", onPointer)
      document.removeEventListener("keydown", onKey)
    }
  }, [onClose])
  const all = recent.length > 0 ? [{ name: "emoji.recent" as const, emoji: recent }, ...emojiGroups] : emojiGroups
  return (
    <div className="emoji-picker" ref={element} role="dialog" aria-label={t("composer.emoji")}>
      {all.map((group) => (
        <section key={group.name}>
          <h2>{t(group.name)}</h2>
          <div className="emoji-grid">
            {group.emoji.map((emoji) => (
              <button key={emoji} type="button" onClick={() => {
                keepRecentEmoji(emoji)
                onPick(emoji)
              }}>{emoji}</button>
            ))}
          </div>
        </section>
      ))}
    </div>
  )
}
