import { Profile } from "../api/contract"

/** Who is signed in here, and by which token. Kept in localStorage, so all tabs of a browser share it. */
export interface Session {
  user: Profile
  token: string
}

const key = "teahouse.session"

export function readSession(): Session | null {
  try {
    const session = JSON.parse(localStorage.getItem(key) ?? "null") as Session | null
    return session && typeof session.token === "string" && typeof session.user?.id === "number" ? session : null
  } catch {
    return null
  }
}

export function writeSession(session: Session | null): void {
  if (session) localStorage.setItem(key, JSON.stringify(session))
  else localStorage.removeItem(key)
}

/** Tells of sign-in, sign-out and renewal in other tabs. */
export function onSessionElsewhere(tell: (session: Session | null) => void): void {
  window.addEventListener("storage", (event) => {
    if (event.key === key || event.key === null) tell(readSession())
  })
}
