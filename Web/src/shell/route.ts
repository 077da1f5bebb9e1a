import { useSyncExternalStore } from "react"
import { ChatroomID, UserID } from "../api/contract"

/** Where in the client one is; the address bar says the same. */
export type Route =
  | { page: "chats"; chatroom?: ChatroomID }
  | { page: "friends"; section?: "requests" | "add"; user?: UserID }
  | { page: "favorites" }
  | { page: "search"; chatroom?: ChatroomID }
  | { page: "profile" }
  | { page: "invite"; code: string }
  | { page: "register" }
  | { page: "forgot" }

export function parseRoute(path: string): Route {
  const [first, second] = path.split("/").filter(Boolean)
  switch (first) {
    case "chatrooms":
      return { page: "chats", chatroom: numeric(second) }
    case "friends":
      return second === "requests" || second === "add"
        ? { page: "friends", section: second }
        : { page: "friends", user: numeric(second) }
    case "search":
      return { page: "search", chatroom: numeric(second) }
    case "favorites":
      return { page: "favorites" }
    case "me":
      return { page: "profile" }
    case "invite":
      return second ? { page: "invite", code: second } : { page: "chats" }
    case "register":
      return { page: "register" }
    case "forgot":
      return { page: "forgot" }
    default:
      return { page: "chats" }
  }
}

function numeric(text: string | undefined): number | undefined {
  const id = Number(text)
  return Number.isSafeInteger(id) && id > 0 ? id : undefined
}

const listeners = new Set<() => void>()

/** Where somebody goes on who has just come in: to where they wanted to. */
export function keptPath(): string {
  const { pathname } = window.location
  const { page } = parseRoute(pathname)
  return page === "register" || page === "forgot" ? "/" : pathname
}

/** Goes to a path of this client. */
export function navigate(path: string, replace = false): void {
  if (path === window.location.pathname) return
  if (replace) window.history.replaceState(null, "", path)
  else window.history.pushState(null, "", path)
  for (const listener of [...listeners]) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener("popstate", listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener("popstate", listener)
  }
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname)
}
