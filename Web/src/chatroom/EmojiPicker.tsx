import { useEffect, useRef, useState } from "react"
import { useT } from "../store/context"
import { Spinner } from "../ui/Empty"
import { SearchField } from "../ui/SearchField"
import { EmojiGroup, groupName, keepRecentEmoji, keepTone, keptTone, matchingEmoji, recentEmoji, toned, tones } from "./emoji"

/** All of Unicode's emoji, searched in both languages. Its data come when it is first opened. */
export function EmojiPicker({ onPick, onClose }: { onPick: (emoji: string) => void; onClose: () => void }) {
  const t = useT()
  const element = useRef<HTMLDivElement>(null)
  const [recent] = useState(recentEmoji)
  const [groups, setGroups] = useState<readonly EmojiGroup[]>()
  const [query, setQuery] = useState("")
  const [tone, setTone] = useState(keptTone)
  useEffect(() => {
    import("../../vendor/emoji.json").then(
      (data) => setGroups(data.default as unknown as EmojiGroup[]), onClose)
  }, [onClose])
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
  const pick = (emoji: string) => {
    keepRecentEmoji(emoji)
    onPick(emoji)
  }
  const grid = (emoji: readonly string[]) => (
    <div className="emoji-grid">
      {emoji.map((each) => <button key={each} type="button" onClick={() => pick(each)}>{each}</button>)}
    </div>
  )
  const found = groups && query.trim() ? matchingEmoji(groups, query) : undefined
  return (
    <div className="emoji-picker" ref={element} role="dialog" aria-label={t("composer.emoji")}>
      <SearchField label={t("emoji.search")} value={query} onChange={setQuery} />
      <div className="emoji-tones" role="group" aria-label={t("emoji.tone")}>
        {tones.map((each, index) => (
          <button key={each} type="button" aria-pressed={tone === each} aria-label={t("emoji.toneNumber", { number: index })}
            onClick={() => {
              keepTone(each)
              setTone(each)
            }}>{`✋${each}`}</button>
        ))}
      </div>
      {!groups && <Spinner />}
      {found?.length === 0 && <p className="nothing">{t("chats.nothing")}</p>}
      {found ? grid(found.map((each) => toned(each, tone))) : (
        <>
          {recent.length > 0 && <section><h2>{t("emoji.recent")}</h2>{grid(recent)}</section>}
          {groups?.map((group) => (
            <section key={group.name}>
              <h2>{t(groupName(group))}</h2>
              {grid(group.emoji.map((each) => toned(each, tone)))}
            </section>
          ))}
        </>
      )}
    </div>
  )
}
