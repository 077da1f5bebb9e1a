import { useState } from "react"
import { useSelected, useT, useTeahouse } from "../store/context"
import { CodeField, Field, FormError, literal, useSubmit } from "../ui/Form"

/** The address by which a forgotten password is set anew; another one is proven by a code that goes there. */
export function EmailCard() {
  const t = useT()
  const teahouse = useTeahouse()
  const user = useSelected((state) => state.session?.user)
  const [email, setEmail] = useState("")
  const [password, setPassword] = useState("")
  const [code, setCode] = useState<string>()
  const { error, busy, submit } = useSubmit(async () => {
    if (code === undefined) {
      await teahouse.calls.sendCode(email.trim(), "changeEmail")
      return setCode("")
    }
    await teahouse.changeEmail(email.trim(), code.trim(), password)
    setEmail("")
    setPassword("")
    setCode(undefined)
    teahouse.toast("info", t("email.changed"))
  })
  const ready = code === undefined ? email.includes("@") : Boolean(code.trim() && password)
  return (
    <form className="card form" onSubmit={submit}>
      <div className="card-head">
        <h2>{t("email.title")}</h2>
        {user?.email && user.emailVerified === false && <span className="tag">{t("email.unverified")}</span>}
      </div>
      <p className="quiet wrap">{user?.email ?? t("email.none")}</p>
      <Field {...literal} label={t(user?.email ? "email.new" : "email.add")} value={email} type="email"
        autoComplete="email" maxLength={254} onChange={(value) => {
          setEmail(value)
          setCode(undefined)
        }} />
      {code !== undefined && (
        <>
          <CodeField label={t("account.code")} hint={t("account.codeSent", { email: email.trim() })} value={code}
            onChange={setCode} />
          <Field {...literal} label={t("password.current")} value={password} onChange={setPassword} type="password"
            autoComplete="current-password" maxLength={128} />
        </>
      )}
      <FormError error={error} />
      <button type="submit" className="button" disabled={busy || !ready}>
        {t(code === undefined ? "forgot.send" : "email.change")}
      </button>
    </form>
  )
}
