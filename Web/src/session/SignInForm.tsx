import { useState } from "react"
import { Refusal } from "../api/http"
import { navigate } from "../shell/route"
import { useT, useTeahouse } from "../store/context"
import { CodeField, Field, FormError, literal, useSubmit } from "../ui/Form"

/** Name and password; and a code of the second factor, once the password was right and there is one. */
export function SignInForm() {
  const t = useT()
  const teahouse = useTeahouse()
  const [username, setUsername] = useState("")
  const [password, setPassword] = useState("")
  const [totp, setTotp] = useState<string>()
  const { error, busy, submit } = useSubmit(async () => {
    try {
      await teahouse.signIn(username.trim(), password, totp?.trim())
    } catch (problem) {
      if (!(problem instanceof Refusal && problem.code === "totp_required" && totp === undefined)) throw problem
      setTotp("")
    }
  })
  const changed = (set: (value: string) => void) => (value: string) => {
    set(value)
    setTotp(undefined)
  }
  return (
    <form className="form" onSubmit={submit}>
      <Field {...literal} label={t("account.username")} value={username} onChange={changed(setUsername)}
        autoComplete="username" />
      <Field {...literal} label={t("account.password")} value={password} onChange={changed(setPassword)} type="password"
        autoComplete="current-password" />
      {totp !== undefined && (
        <CodeField label={t("account.totp")} hint={t("account.totpHint")} value={totp} onChange={setTotp} />
      )}
      <FormError error={error} />
      <button type="submit" className="button button-primary"
        disabled={busy || !username || !password || totp?.trim() === ""}>
        {t("account.signIn")}
      </button>
      <button type="button" className="link center-link" onClick={() => navigate("/forgot")}>{t("account.forgot")}</button>
    </form>
  )
}
