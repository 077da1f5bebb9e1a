import { useState } from "react"
import { navigate } from "../shell/route"
import { useT, useTeahouse } from "../store/context"
import { CodeField, Field, FormError, literal, useSubmit } from "../ui/Form"

/** A code goes to the account's own address; with it a new password is set. */
export function ForgotForm() {
  const [email, setEmail] = useState("")
  const [sent, setSent] = useState(false)
  return sent ? <ResetForm email={email} onAnother={() => setSent(false)} />
    : <SendForm email={email} onChange={setEmail} onSent={() => setSent(true)} />
}

function SendForm({ email, onChange, onSent }: { email: string; onChange: (email: string) => void; onSent: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const { error, busy, submit } = useSubmit(async () => {
    await teahouse.calls.sendCode(email.trim(), "resetPassword")
    onSent()
  })
  return (
    <form className="form" onSubmit={submit}>
      <p className="quiet">{t("forgot.hint")}</p>
      <Field {...literal} label={t("forgot.email")} value={email} onChange={onChange} type="email" autoComplete="email"
        maxLength={254} />
      <FormError error={error} />
      <button type="submit" className="button button-primary" disabled={busy || !email.includes("@")}>
        {t("forgot.send")}
      </button>
      <button type="button" className="link center-link" onClick={() => navigate("/")}>{t("account.signIn")}</button>
    </form>
  )
}

function ResetForm({ email, onAnother }: { email: string; onAnother: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const [username, setUsername] = useState("")
  const [code, setCode] = useState("")
  const [password, setPassword] = useState("")
  const { error, busy, submit } = useSubmit(async () => {
    await teahouse.calls.resetPassword(username.trim(), code.trim(), password)
    teahouse.toast("info", t("forgot.done"))
    navigate("/")
  })
  return (
    <form className="form" onSubmit={submit}>
      <p className="quiet">{t("forgot.sent", { email: email.trim() })}</p>
      <CodeField label={t("account.code")} value={code} onChange={setCode} />
      <Field {...literal} label={t("account.username")} value={username} onChange={setUsername} autoComplete="username" />
      <Field {...literal} label={t("password.new")} hint={t("account.passwordHint")} value={password}
        onChange={setPassword} type="password" autoComplete="new-password" maxLength={128} />
      <FormError error={error} />
      <button type="submit" className="button button-primary"
        disabled={busy || !username.trim() || !code.trim() || password.length < 8}>
        {t("forgot.set")}
      </button>
      <button type="button" className="link center-link" onClick={onAnother}>{t("forgot.another")}</button>
    </form>
  )
}
