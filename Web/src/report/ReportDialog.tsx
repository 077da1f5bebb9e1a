import { useState } from "react"
import { MessageID, UserID } from "../api/contract"
import { useT, useTeahouse } from "../store/context"
import { Dialog } from "../ui/Dialog"
import { FormError, useSubmit } from "../ui/Form"

/** Tells the operators of a person or a message. */
export function ReportDialog({ what, name, onClose }: {
  what: { userId: UserID } | { messageId: MessageID }
  /** Whom or whose message. */
  name: string
  onClose: () => void
}) {
  const t = useT()
  const teahouse = useTeahouse()
  const [reason, setReason] = useState("")
  const { error, busy, submit } = useSubmit(async () => {
    await teahouse.calls.report(what, reason.trim())
    teahouse.toast("info", t("report.done"))
    onClose()
  })
  return (
    <Dialog title={t("report.title")} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <p className="wrap">{t("messageId" in what ? "report.message" : "report.person", { name })}</p>
        <label className="field">
          <span>{t("report.reason")}</span>
          <textarea rows={3} value={reason} maxLength={100} autoFocus aria-label={t("report.reason")}
            onChange={(event) => setReason(event.target.value)} />
        </label>
        <FormError error={error} />
        <footer className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>{t("action.cancel")}</button>
          <button type="submit" className="button button-danger" disabled={busy || !reason.trim()}>
            {t("report.send")}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
