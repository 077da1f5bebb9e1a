import { Friend } from "../api/contract"
import { ago } from "../i18n/i18n"
import { useLanguage, useT } from "../store/context"

/** One line on a friend: whether they are there, or when they last were; where they show neither, what stands in for it. */
export function Presence({ friend, otherwise }: { friend: Friend | undefined; otherwise: string }) {
  const t = useT()
  const language = useLanguage()
  if (friend?.online) return <span className="presence">{t("friends.online")}</span>
  return (
    <span className="quiet">
      {friend?.lastSeenAt ? t("friends.lastSeen", { time: ago(language, friend.lastSeenAt) }) : otherwise}
    </span>
  )
}
