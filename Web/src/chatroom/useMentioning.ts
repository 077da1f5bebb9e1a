import { KeyboardEvent, useState } from "react"
import { Chatroom, Profile } from "../api/contract"
import { useSelected } from "../store/context"
import { MentionBegun, matching, mentionBegun } from "./mentions"
import { usePeople } from "./usePeople"

/** The name that is being written, whom it may mean, and which of them is chosen by the keys. */
export function useMentioning(chatroom: Chatroom, text: string) {
  const me = useSelected((state) => state.session?.user.id ?? 0)
  const [begun, setBegun] = useState<MentionBegun>()
  const [chosen, setChosen] = useState(0)
  const people = usePeople(chatroom, begun !== undefined || text.includes("@"))
  const named: readonly Profile[] = begun ? matching(people.filter(({ id }) => id !== me), begun.query) : []

  const look = (value: string, caret: number) => {
    setBegun(chatroom.type === "group" ? mentionBegun(value, caret) : undefined)
    setChosen(0)
  }
  const stop = () => setBegun(undefined)

  /** Whether the key was for the list; `take` puts a name into the text. */
  const onKeyDown = (event: KeyboardEvent, take: (nickname: string) => void): boolean => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const name = named[chosen]
    if (name && (event.key === "Enter" || event.key === "Tab")) take(name.nickname)
    else if (name && step) setChosen((chosen + step + named.length) % named.length)
    else if (begun && event.key === "Escape") stop()
    else return false
    return true
  }
  return { people, begun, named, chosen, look, stop, onKeyDown }
}
