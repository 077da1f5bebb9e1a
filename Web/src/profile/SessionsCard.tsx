import { useEffect, useState } from "react"
import { SessionInfo } from "../api/contract"
import { shortTime } from "../i18n/i18n"
import { useLanguage, useT, useTeahouse } from "../store/context"
import { Spinner } from "../ui/Empty"

/** Where one is signed in, and the way to end that. */
export function SessionsCard() {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const [sessions, setSessions] = useState<SessionInfo[]>()
  const load = async () => setSessions(await teahouse.calls.sessions())
  useEffect(() => {
    void teahouse.attempt(load)
  }, [teahouse])
  const end = (work: () => Promise<void>) => void teahouse.attempt(async () => {
    await work()
    await load()
  })
  return (
    <div className="card">
      <h2>{t("sessions.title")}</h2>
      {!sessions && <Spinner />}
      <ul>
        {sessions?.map((session) => (
          <li key={session.id} className="session">
            <div className="person-text">
              <span className="row-name">{session.device || t("sessions.unknown")}</span>
              <span className="quiet">{session.address} · {shortTime(language, session.lastUsedAt)}</span>
            </div>
            {session.current ? <span className="tag">{t("sessions.current")}</span> : (
              <button type="button" className="link link-danger"
                onClick={() => end(() => teahouse.calls.endSession(session.id))}>{t("sessions.end")}</button>
            )}
          </li>
        ))}
      </ul>
      {sessions && sessions.length > 1 && (
        <button type="button" className="button button-danger" onClick={() => end(() => teahouse.calls.endOtherSessions())}>
          {t("sessions.endOthers")}
        </button>
      )}
    </div>
  )
}
