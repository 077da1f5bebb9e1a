import { useState } from "react"
import { Chatroom } from "../api/contract"
import { useT } from "../store/context"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"

const key = (chatroom: Chatroom): string => `teahouse.announcement.${chatroom.id}`

/** What a group's owner wants all to know, above the messages until it is put away; another one comes again. */
export function AnnouncementBar({ chatroom }: { chatroom: Chatroom }) {
  const t = useT()
  const { announcement = "" } = chatroom
  const [seen, setSeen] = useState(() => localStorage.getItem(key(chatroom)) === announcement)
  const [whole, setWhole] = useState(false)
  if (seen || !announcement) return null
  return (
    <div className="announcement-bar" role="region" aria-label={t("group.announcement")}>
      <Icon name="announce" size={18} />
      <button type="button" className={whole ? "announcement-text" : "announcement-text one-line"} aria-expanded={whole}
        onClick={() => setWhole(!whole)}>{announcement}</button>
      <IconButton icon="close" size={16} label={t("announcement.putAway")} onClick={() => {
        localStorage.setItem(key(chatroom), announcement)
        setSeen(true)
      }} />
    </div>
  )
}
