import { ReactNode } from "react"
import { Cup } from "./Icon"

/** What stands where there is nothing yet, or where something went wrong. */
export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <Cup size={52} />
      <p className="empty-title">{title}</p>
      {hint && <p className="empty-hint">{hint}</p>}
      {children}
    </div>
  )
}

export function Spinner() {
  return <span className="spinner" role="status" aria-label="…" />
}
