import { Account } from "../api/contract"

/**
 * Who is signed in here. The token is in a cookie that no script can read; this is only what to show before a service
 * has answered. Kept in localStorage, so all tabs of a browser share it.
 */
export interface Session {
  user: Account
}

const key = "teahouse.session"

export function readSession(): Session | null {
  try {
    const session = JSON.parse(localStorage.getItem(key) ?? "null") as Session | null
    return typeof session?.user?.id === "number" ? { user: session.user } : null
  } catch {
    return null
  }
}

export function writeSession(session: Session | null): void {
  if (session) localStorage.setItem(key, JSON.stringify(session))
  else localStorage.removeItem(key)
}

/** Tells of sign-in and sign-out in other tabs. */
export function onSessionElsewhere(tell: (session: Session | null) => void): void {
  window.addEventListener("storage", (event) => {
    if (event.key === key || event.key === null) tell(readSession())
  })
}
