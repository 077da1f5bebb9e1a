import { useEffect } from "react"
import { Chatroom, UserID } from "../api/contract"
import { shortTime } from "../i18n/i18n"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Badge } from "../ui/IconButton"

/** Who has followed a link into the group and waits; seen by those who may let them in. */
export function JoinRequests({ chatroom }: { chatroom: Chatroom }) {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const requests = useSelected((state) => state.joinRequests.get(chatroom.id))
  useEffect(() => teahouse.lists.lookForJoinRequests(), [teahouse])
  const settle = (user: UserID, letsIn: boolean) =>
    void teahouse.attempt(() => teahouse.chatrooms.settle(chatroom.id, user, letsIn))
  if (!requests?.length) return null
  return (
    <section aria-label={t("join.title")}>
      <h3 className="section-title">{t("join.title")} <Badge count={requests.length} /></h3>
      <ul className="rows">
        {requests.map(({ user, createdAt }) => (
          <li key={user.id} className="row row-still join-request">
            <Avatar id={user.id} name={user.nickname} url={user.avatar} size="small" />
            <span className="row-body">
              <span className="row-name">{user.nickname}</span>
              <span className="quiet">@{user.username} · {shortTime(language, createdAt)}</span>
            </span>
            <span className="buttons">
              <button type="button" className="button button-small" onClick={() => settle(user.id, false)}>
                {t("action.reject")}
              </button>
              <button type="button" className="button button-small button-primary" onClick={() => settle(user.id, true)}>
                {t("join.letIn")}
              </button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
