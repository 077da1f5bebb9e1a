import { useState } from "react"
import { Chatroom, Invite } from "../api/contract"
import { fullDate } from "../i18n/i18n"
import { useLanguage, useT, useTeahouse } from "../store/context"
import { Dialog } from "../ui/Dialog"
import { FormError, useSubmit } from "../ui/Form"

const day = 24 * 60 * 60
const times = [day, 7 * day, 30 * day] as const
const uses = [1, 10, 100] as const

/** Makes a link into a group, which ends after a time and maybe after so many people, and copies it. */
export function InviteDialog({ chatroom, onClose }: { chatroom: Chatroom; onClose: () => void }) {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const [expiresIn, setExpiresIn] = useState<number>(times[1])
  const [maxUses, setMaxUses] = useState<number>()
  const [invite, setInvite] = useState<Invite>()
  const { error, busy, submit } = useSubmit(async () => {
    setInvite(await teahouse.calls.createInvite(chatroom.id, { expiresIn, maxUses }))
  })
  const address = invite && `${window.location.origin}/invite/${invite.code}`
  const copy = () => void teahouse.attempt(async () => {
    await navigator.clipboard.writeText(address ?? "")
    teahouse.toast("info", t("message.copied"))
  })
  return (
    <Dialog title={t("invite.make")} onClose={onClose}>
      {!invite && (
        <form className="form" onSubmit={submit}>
          <label className="setting">
            <span>{t("invite.expires")}</span>
            <select value={expiresIn} onChange={(event) => setExpiresIn(Number(event.target.value))}>
              {times.map((each) => (
                <option key={each} value={each}>{t(each === day ? "invite.day" : "invite.days", { count: each / day })}</option>
              ))}
            </select>
          </label>
          <label className="setting">
            <span>{t("invite.uses")}</span>
            <select value={maxUses ?? ""} onChange={(event) => setMaxUses(Number(event.target.value) || undefined)}>
              <option value="">{t("invite.anyNumber")}</option>
              {uses.map((each) => <option key={each} value={each}>{each}</option>)}
            </select>
          </label>
          <FormError error={error} />
          <button type="submit" className="button button-primary" disabled={busy}>{t("invite.make")}</button>
        </form>
      )}
      {invite && (
        <div className="form">
          <input className="invite-link" readOnly value={address} aria-label={t("invite.link")}
            onFocus={(event) => event.target.select()} />
          <p className="quiet">
            {t(chatroom.joinApproval ? "invite.untilApproved" : "invite.until", { date: fullDate(language, invite.expiresAt) })}
          </p>
          <button type="button" className="button button-primary" onClick={copy}>{t("invite.copy")}</button>
        </div>
      )}
    </Dialog>
  )
}
