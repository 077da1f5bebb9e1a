import { useState } from "react"
import { useT, useTeahouse } from "../store/context"
import { Dialog } from "../ui/Dialog"
import { Field, FormError, literal, useSubmit } from "../ui/Form"

/** The way out for good. */
export function DeleteAccountCard() {
  const t = useT()
  const teahouse = useTeahouse()
  const [open, setOpen] = useState(false)
  const [password, setPassword] = useState("")
  const { error, busy, submit } = useSubmit(() => teahouse.deleteAccount(password))
  return (
    <>
      <button type="button" className="link link-danger center-link" onClick={() => setOpen(true)}>
        {t("deleteAccount.title")}
      </button>
      {open && (
        <Dialog title={t("deleteAccount.title")} onClose={() => setOpen(false)}>
          <form className="form" onSubmit={submit}>
            <p>{t("deleteAccount.question")}</p>
            <Field {...literal} label={t("password.current")} value={password} onChange={setPassword} type="password"
              autoComplete="current-password" maxLength={128} autoFocus />
            <FormError error={error} />
            <footer className="dialog-foot">
              <button type="button" className="button" onClick={() => setOpen(false)}>{t("action.cancel")}</button>
              <button type="submit" className="button button-danger" disabled={busy || !password}>
                {t("deleteAccount.title")}
              </button>
            </footer>
          </form>
        </Dialog>
      )}
    </>
  )
}
