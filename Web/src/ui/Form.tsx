import { FormEvent, InputHTMLAttributes, useState } from "react"
import { useTeahouse } from "../store/context"

/** A line to fill in, with what is to be known about it below. */
export function Field({ label, hint, value, onChange, ...input }: {
  label: string
  hint?: string
  value: string
  onChange: (value: string) => void
} & Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value">) {
  return (
    <label className="field">
      <span>{label}</span>
      <input {...input} value={value} aria-label={label} onChange={(event) => onChange(event.target.value)} />
      {hint && <small>{hint}</small>}
    </label>
  )
}

/** For what is not a word of any language. */
export const literal = { autoCapitalize: "none", autoCorrect: "off", spellCheck: false } as const

/** A code by mail or of an authenticator app. */
export function CodeField({ label, hint, value, onChange }: {
  label: string
  hint?: string
  value: string
  onChange: (value: string) => void
}) {
  return (
    <Field {...literal} label={label} hint={hint} value={value} onChange={onChange} inputMode="numeric"
      autoComplete="one-time-code" maxLength={64} autoFocus />
  )
}

export function FormError({ error }: { error: string }) {
  return error ? <p className="form-error" role="alert">{error}</p> : null
}

/** What is wrong before any server is asked; the message is for people. */
export class LocalError extends Error {}

/** One submission at a time, and what became of the last. */
export function useSubmit(work: () => Promise<void>) {
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
    }
    setBusy(false)
  }
  return { error, busy, submit: (event: FormEvent) => void submit(event) }
}
