import { useState } from "react"
import { Refusal } from "../api/http"
import { useT, useTeahouse } from "../store/context"
import { CodeField, Field, FormError, LocalError, literal, useSubmit } from "../ui/Form"

/** A new account. Where the house wants to know an address, it says so, and a code goes there. */
export function RegisterForm() {
  const t = useT()
  const teahouse = useTeahouse()
  const [username, setUsername] = useState("")
  const [nickname, setNickname] = useState("")
  const [email, setEmail] = useState("")
  const [password, setPassword] = useState("")
  const [again, setAgain] = useState("")
  const [code, setCode] = useState<string>()
  const sendCode = async () => {
    await teahouse.calls.sendCode(email.trim(), "register")
    setCode("")
  }
  const { error, busy, submit } = useSubmit(async () => {
    if (password !== again) throw new LocalError(t("account.mismatch"))
    try {
      await teahouse.register({
        username: username.trim(), password, nickname: nickname.trim() || undefined, email: email.trim() || undefined,
        code: code?.trim() || undefined,
      })
    } catch (problem) {
      const fields = problem instanceof Refusal ? problem.body.fields : undefined
      if (fields?.email && !email.trim()) throw new LocalError(t("account.emailNeeded"))
      if (fields?.email) throw new LocalError(t("account.emailWrong"))
      if (!fields?.code) throw problem
      await sendCode()
    }
  })
  const filled = /^[A-Za-z0-9_.-]{3,32}$/.test(username.trim()) && password.length >= 8 && again && code?.trim() !== ""
  return (
    <form className="form" onSubmit={submit}>
      <Field {...literal} label={t("account.username")} hint={t("account.usernameHint")} value={username}
        onChange={setUsername} autoComplete="username" maxLength={32} />
      <Field label={t("account.nickname")} value={nickname} onChange={setNickname} autoComplete="nickname" maxLength={50} />
      <Field {...literal} label={t("account.email")} hint={t("account.emailHint")} value={email} type="email"
        onChange={(value) => {
          setEmail(value)
          setCode(undefined)
        }} autoComplete="email" maxLength={254} />
      <Field {...literal} label={t("account.password")} hint={t("account.passwordHint")} value={password}
        onChange={setPassword} type="password" autoComplete="new-password" maxLength={128} />
      <Field {...literal} label={t("account.confirm")} value={again} onChange={setAgain} type="password"
        autoComplete="new-password" maxLength={128} />
      {code !== undefined && (
        <>
          <CodeField label={t("account.code")} hint={t("account.codeSent", { email: email.trim() })} value={code}
            onChange={setCode} />
          <button type="button" className="link center-link" onClick={() => void teahouse.attempt(sendCode)}>
            {t("account.sendAgain")}
          </button>
        </>
      )}
      <FormError error={error} />
      <button type="submit" className="button button-primary" disabled={busy || !filled}>
        {t("account.register")}
      </button>
    </form>
  )
}
