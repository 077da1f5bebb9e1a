import { useEffect, useState } from "react"
import { SecondFactorSetup } from "../api/contract"
import { useT, useTeahouse } from "../store/context"
import { Dialog } from "../ui/Dialog"
import { CodeField, Field, FormError, literal, useSubmit } from "../ui/Form"

/** A code of an authenticator app beside the password: set up, and removed. */
export function SecondFactorCard() {
  const t = useT()
  const teahouse = useTeahouse()
  const [active, setActive] = useState<boolean>()
  const [open, setOpen] = useState(false)
  const load = async () => setActive(await teahouse.calls.hasSecondFactor())
  useEffect(() => {
    void teahouse.attempt(load)
  }, [teahouse])
  const close = () => {
    setOpen(false)
    void teahouse.attempt(load)
  }
  return (
    <div className="card">
      <div className="card-head">
        <h2>{t("totp.title")}</h2>
        {active !== undefined && <span className="tag">{t(active ? "totp.on" : "totp.off")}</span>}
      </div>
      <p className="quiet">{t("totp.about")}</p>
      {active !== undefined && (
        <button type="button" className={active ? "button button-danger wide" : "button wide"} onClick={() => setOpen(true)}>
          {t(active ? "totp.remove" : "totp.setUp")}
        </button>
      )}
      {open && (
        <Dialog title={t(active ? "totp.remove" : "totp.setUp")} onClose={close}>
          {active ? <RemoveForm onDone={close} /> : <SetUp onDone={close} />}
        </Dialog>
      )}
    </div>
  )
}

/** Password, then secret and recovery codes, which are shown this once, then a code that proves the app has the secret. */
function SetUp({ onDone }: { onDone: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const [password, setPassword] = useState("")
  const [setup, setSetup] = useState<SecondFactorSetup>()
  const { error, busy, submit } = useSubmit(async () => setSetup(await teahouse.calls.beginSecondFactor(password)))
  if (setup) return <Secret setup={setup} onDone={onDone} />
  return (
    <form className="form" onSubmit={submit}>
      <Field {...literal} label={t("password.current")} value={password} onChange={setPassword} type="password"
        autoComplete="current-password" maxLength={128} autoFocus />
      <FormError error={error} />
      <button type="submit" className="button button-primary" disabled={busy || !password}>{t("action.continue")}</button>
    </form>
  )
}

function Secret({ setup, onDone }: { setup: SecondFactorSetup; onDone: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const [code, setCode] = useState("")
  const { error, busy, submit } = useSubmit(async () => {
    await teahouse.calls.confirmSecondFactor(code.trim())
    teahouse.toast("info", t("totp.done"))
    onDone()
  })
  const copy = (text: string) => void teahouse.attempt(async () => {
    await navigator.clipboard.writeText(text)
    teahouse.toast("info", t("message.copied"))
  })
  return (
    <form className="form" onSubmit={submit}>
      <p>{t("totp.secretHint")}</p>
      <code className="secret">{setup.secret.replace(/(.{4})(?=.)/g, "$1 ")}</code>
      <div className="buttons">
        <button type="button" className="button" onClick={() => copy(setup.secret)}>{t("totp.copySecret")}</button>
        <a className="button" href={setup.url}>{t("totp.openApp")}</a>
      </div>
      <h3>{t("totp.recovery")}</h3>
      <p className="quiet">{t("totp.recoveryHint")}</p>
      <ul className="recovery-codes">{setup.recoveryCodes.map((each) => <li key={each}><code>{each}</code></li>)}</ul>
      <button type="button" className="button" onClick={() => copy(setup.recoveryCodes.join("\n"))}>
        {t("totp.copyRecovery")}
      </button>
      <CodeField label={t("account.totp")} hint={t("totp.confirmHint")} value={code} onChange={setCode} />
      <FormError error={error} />
      <button type="submit" className="button button-primary" disabled={busy || !code.trim()}>{t("totp.turnOn")}</button>
    </form>
  )
}

function RemoveForm({ onDone }: { onDone: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const [password, setPassword] = useState("")
  const [code, setCode] = useState("")
  const { error, busy, submit } = useSubmit(async () => {
    await teahouse.calls.removeSecondFactor(password, code.trim())
    onDone()
  })
  return (
    <form className="form" onSubmit={submit}>
      <Field {...literal} label={t("password.current")} value={password} onChange={setPassword} type="password"
        autoComplete="current-password" maxLength={128} />
      <CodeField label={t("account.totp")} hint={t("account.totpHint")} value={code} onChange={setCode} />
      <FormError error={error} />
      <button type="submit" className="button button-danger" disabled={busy || !password || !code.trim()}>
        {t("totp.remove")}
      </button>
    </form>
  )
}
