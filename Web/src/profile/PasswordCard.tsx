import { FormEvent, useState } from "react"
import { useT, useTeahouse } from "../store/context"

/** A new password; every other session ends with the old one. */
export function PasswordCard() {
  const t = useT()
  const teahouse = useTeahouse()
  const [current, setCurrent] = useState("")
  const [password, setPassword] = useState("")
  const change = (event: FormEvent) => {
    event.preventDefault()
    void teahouse.attempt(async () => {
      await teahouse.calls.changePassword(current, password)
      setCurrent("")
      setPassword("")
      teahouse.toast("info", t("password.changed"))
    })
  }
  return (
    <form className="card form" onSubmit={change}>
      <h2>{t("password.title")}</h2>
      <label className="field">
        <span>{t("password.current")}</span>
        <input type="password" value={current} autoComplete="current-password" maxLength={128}
          onChange={(event) => setCurrent(event.target.value)} />
      </label>
      <label className="field">
        <span>{t("password.new")}</span>
        <input type="password" value={password} autoComplete="new-password" minLength={8} maxLength={128}
          onChange={(event) => setPassword(event.target.value)} />
        <small>{t("account.passwordHint")}</small>
      </label>
      <button type="submit" className="button" disabled={!current || password.length < 8}>{t("password.change")}</button>
    </form>
  )
}
