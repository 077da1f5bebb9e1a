import { useEffect, useState } from "react"
import { Privacy } from "../api/contract"
import { useT, useTeahouse } from "../store/context"
import { Spinner } from "../ui/Empty"
import { IconButton } from "../ui/IconButton"

const requests = ["anyone", "sharesChatroom", "code", "nobody"] as const
const presence = ["friends", "nobody"] as const

/** Who may ask one to be friends, and what others learn of one. */
export function PrivacyCard() {
  const t = useT()
  const teahouse = useTeahouse()
  const [privacy, setPrivacy] = useState<Privacy>()
  const [failed, setFailed] = useState("")
  useEffect(() => {
    teahouse.calls.privacy().then(setPrivacy, (error: unknown) => setFailed(teahouse.explain(error)))
  }, [teahouse])
  const copyCode = () => void teahouse.attempt(async () => {
    await navigator.clipboard.writeText(privacy?.code ?? "")
    teahouse.toast("info", t("message.copied"))
  })
  const renewCode = () => void teahouse.attempt(async () => setPrivacy(await teahouse.calls.renewFriendCode()))
  const set = (change: Partial<Omit<Privacy, "code">>) => {
    setPrivacy(privacy && { ...privacy, ...change })
    void teahouse.attempt(() => teahouse.calls.setPrivacy(change)).then((done) => done || setPrivacy(privacy))
  }
  return (
    <div className="card">
      <h2>{t("privacy.title")}</h2>
      {!privacy && (failed ? <p className="quiet">{failed}</p> : <Spinner />)}
      {privacy && (
        <>
          <label className="setting">
            <span>{t("privacy.requests")}</span>
            <select value={privacy.requests}
              onChange={(event) => set({ requests: event.target.value as Privacy["requests"] })}>
              {requests.map((each) => <option key={each} value={each}>{t(`privacy.requests.${each}`)}</option>)}
            </select>
          </label>
          {privacy.requests === "code" && (
            <div className="setting">
              <span>
                {t("privacy.code")}
                <code className="friend-code">{privacy.code}</code>
              </span>
              <span className="buttons">
                <IconButton icon="copy" size={18} label={t("privacy.copyCode")} onClick={copyCode} />
                <IconButton icon="recall" size={18} label={t("privacy.renewCode")} onClick={renewCode} />
              </span>
            </div>
          )}
          <label className="setting">
            <span>{t("privacy.presence")}</span>
            <select value={privacy.presence}
              onChange={(event) => set({ presence: event.target.value as Privacy["presence"] })}>
              {presence.map((each) => <option key={each} value={each}>{t(`privacy.presence.${each}`)}</option>)}
            </select>
          </label>
          <Toggle label={t("privacy.receipts")} hint={t("privacy.receiptsHint")} checked={privacy.receipts}
            onChange={(receipts) => set({ receipts })} />
          <Toggle label={t("privacy.typing")} hint={t("privacy.typingHint")} checked={privacy.typing}
            onChange={(typing) => set({ typing })} />
        </>
      )}
    </div>
  )
}

function Toggle({ label, hint, checked, onChange }: {
  label: string
  hint: string
  checked: boolean
  onChange: (checked: boolean) => void
}) {
  return (
    <label className="setting">
      <span>{label}<small className="setting-hint">{hint}</small></span>
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
    </label>
  )
}
