import { useEffect } from "react"
import { FriendRequest } from "../api/contract"
import { dayName } from "../i18n/i18n"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Empty, Spinner } from "../ui/Empty"

export function RequestsPage() {
  const t = useT()
  const teahouse = useTeahouse()
  const requests = useSelected((state) => state.requests)
  useEffect(() => {
    void teahouse.lists.loadPeople().catch(() => undefined)
  }, [teahouse])
  if (!requests) return <Spinner />
  const { received, sent } = requests
  if (received.length + sent.length === 0) return <Empty title={t("requests.empty")} hint={t("requests.emptyHint")} />
  return (
    <div className="column">
      {received.length > 0 && <h2 className="section-title">{t("requests.received")}</h2>}
      <ul className="cards">
        {received.map((request) => <RequestCard key={request.id} request={request} received />)}
      </ul>
      {sent.length > 0 && <h2 className="section-title">{t("requests.sent")}</h2>}
      <ul className="cards">
        {sent.map((request) => <RequestCard key={request.id} request={request} received={false} />)}
      </ul>
    </div>
  )
}

function RequestCard({ request, received }: { request: FriendRequest; received: boolean }) {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const { id, user, reason, status, createdAt } = request
  const answer = (work: () => Promise<unknown>) => void teahouse.attempt(async () => {
    try {
      await work()
    } finally {
      await teahouse.lists.loadPeople()
    }
  })
  return (
    <li className="card person-card">
      <Avatar id={user.id} name={user.nickname} url={user.avatar} />
      <div className="person-text">
        <span className="row-name">{user.nickname} <span className="quiet">@{user.username}</span></span>
        {reason && <span className="person-reason">{reason}</span>}
        <span className="quiet">{dayName(language, createdAt)}</span>
      </div>
      {status !== "pending" && <span className="tag">{t(`requests.status.${status}`)}</span>}
      {status === "pending" && received && (
        <div className="buttons">
          <button type="button" className="button" onClick={() => answer(() => teahouse.calls.reject(id))}>
            {t("action.reject")}
          </button>
          <button type="button" className="button button-primary"
            onClick={() => answer(() => teahouse.calls.agree(id))}>
            {t("action.agree")}
          </button>
        </div>
      )}
      {status === "pending" && !received && (
        <div className="buttons">
          <span className="tag">{t("requests.status.pending")}</span>
          <button type="button" className="button" onClick={() => answer(() => teahouse.calls.cancelRequest(id))}>
            {t("requests.cancel")}
          </button>
        </div>
      )}
    </li>
  )
}
