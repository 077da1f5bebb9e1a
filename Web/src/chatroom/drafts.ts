import { ChatroomID } from "../api/contract"

const prefix = "teahouse.draft."

/** What was begun in a chatroom and not sent; it outlives the page. */
export function readDraft(id: ChatroomID): string {
  return localStorage.getItem(prefix + id) ?? ""
}

export function keepDraft(id: ChatroomID, text: string): void {
  if (text) localStorage.setItem(prefix + id, text)
  else localStorage.removeItem(prefix + id)
}

export function allDrafts(): ReadonlyMap<ChatroomID, string> {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix))
  return new Map(keys.map((key) => [Number(key.slice(prefix.length)), localStorage.getItem(key) ?? ""]))
}

/** Whoever signs in here next reads none of it. */
export function forgetDrafts(): void {
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key)
}
