import { Profile, UserID } from "../api/contract"

/** The name that is being written at the caret: from where, and as far as it goes. */
export interface MentionBegun {
  start: number
  query: string
}

/** An `@` at the start of a word, and up to twenty characters after it. */
export function mentionBegun(text: string, caret: number): MentionBegun | undefined {
  const match = /(?:^|[\s\p{P}\p{Script=Han}])@([^\s@]{0,20})$/u.exec(text.slice(0, caret))
  return match ? { start: caret - (match[1] ?? "").length - 1, query: (match[1] ?? "").toLowerCase() } : undefined
}

export function matching(people: readonly Profile[], query: string): Profile[] {
  return people
    .filter((person) => [person.nickname, person.username].some((name) => name.toLowerCase().includes(query)))
    .slice(0, 6)
}

/** Who of these is named in a text. The longer of two names that begin alike is meant. */
export function mentionedIn(text: string, people: readonly Profile[]): UserID[] {
  let rest = text
  const found: UserID[] = []
  for (const { id, nickname } of [...people].sort((a, b) => b.nickname.length - a.nickname.length)) {
    if (!rest.includes(`@${nickname}`)) continue
    found.push(id)
    rest = rest.split(`@${nickname}`).join(" ")
  }
  return found.sort((a, b) => a - b)
}
