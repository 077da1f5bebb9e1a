import { FormEvent, useState } from "react"
import { navigate } from "../shell/route"
import { useT, useTeahouse } from "../store/teahouse"
import { Cup } from "../ui/Icon"
import { LanguageSwitch } from "../profile/LanguageSwitch"

/** Sign in, or register: the two doors of the house. */
export function AccountPage({ register }: { register: boolean }) {
  const t = useT()
  return (
    <main className="door">
      <section className="door-card">
        <Cup size={68} />
        <h1>{t("app.name")}</h1>
        <p className="door-tagline">{t("app.tagline")}</p>
        {register ? <RegisterForm /> : <SignInForm />}
        <p className="door-other">
          {t(register ? "account.haveAccount" : "account.newHere")}{" "}
          <button type="button" className="link" onClick={() => navigate(register ? "/" : "/register")}>
            {t(register ? "account.signIn" : "account.register")}
          </button>
        </p>
      </section>
      <LanguageSwitch />
    </main>
  )
}

function SignInForm() {
  const t = useT()
  const teahouse = useTeahouse()
  const [username, setUsername] = useState("")
  const [password, setPassword] = useState("")
  const { error, busy, submit } = useSubmit(() => teahouse.signIn(username.trim(), password))
  return (
    <form className="form" onSubmit={submit}>
      <Field label={t("account.username")} value={username} onChange={setUsername} autoComplete="username" />
      <Field label={t("account.password")} value={password} onChange={setPassword} type="password"
        autoComplete="current-password" />
      <FormError error={error} />
      <button type="submit" className="button button-primary" disabled={busy || !username || !password}>
        {t("account.signIn")}
      </button>
    </form>
  )
}

function RegisterForm() {
  const t = useT()
  const teahouse = useTeahouse()
  const [username, setUsername] = useState("")
  const [nickname, setNickname] = useState("")
  const [password, setPassword] = useState("")
  const [again, setAgain] = useState("")
  const { error, busy, submit } = useSubmit(async () => {
    if (password !== again) throw new LocalError(t("account.mismatch"))
    await teahouse.register(username.trim(), password, nickname.trim())
  })
  const filled = /^[A-Za-z0-9_.-]{3,32}$/.test(username.trim()) && password.length >= 8 && again
  return (
    <form className="form" onSubmit={submit}>
      <Field label={t("account.username")} hint={t("account.usernameHint")} value={username} onChange={setUsername}
        autoComplete="username" maxLength={32} />
      <Field label={t("account.nickname")} value={nickname} onChange={setNickname} autoComplete="nickname"
        maxLength={50} />
      <Field label={t("account.password")} hint={t("account.passwordHint")} value={password} onChange={setPassword}
        type="password" autoComplete="new-password" maxLength={128} />
      <Field label={t("account.confirm")} value={again} onChange={setAgain} type="password"
        autoComplete="new-password" maxLength={128} />
      <FormError error={error} />
      <button type="submit" className="button button-primary" disabled={busy || !filled}>
        {t("account.register")}
      </button>
    </form>
  )
}

/** What is wrong before any server is asked. */
class LocalError extends Error {}

function useSubmit(work: () => Promise<void>) {
  const teahouse = useTeahouse()
  const [error, setError] = useState("")
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setError("")
    try {
      await work()
    } catch (problem) {
      setError(problem instanceof LocalError ? problem.message : teahouse.explain(problem))
      setBusy(false)
    }
  }
  return { error, busy, submit: (event: FormEvent) => void submit(event) }
}

function Field({ label, hint, value, onChange, type = "text", autoComplete, maxLength }: {
  label: string
  hint?: string
  value: string
  onChange: (value: string) => void
  type?: "text" | "password"
  autoComplete: string
  maxLength?: number
}) {
  return (
    <label className="field">
      <span>{label}</span>
      <input type={type} value={value} autoComplete={autoComplete} maxLength={maxLength} autoCapitalize="none"
        spellCheck={false} aria-label={label} onChange={(event) => onChange(event.target.value)} />
      {hint && <small>{hint}</small>}
    </label>
  )
}

function FormError({ error }: { error: string }) {
  return error ? <p className="form-error" role="alert">{error}</p> : null
}
