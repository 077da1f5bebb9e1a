import { useEffect, useState } from "react"
import { Chatroom, Profile } from "../api/contract"
import { useSelected, useTeahouse } from "../store/context"

/** A group's members, fetched when they are first wanted and again when somebody has come or gone. */
export function usePeople(chatroom: Chatroom, wanted: boolean): readonly Profile[] {
  const teahouse = useTeahouse()
  const version = useSelected((state) => state.membersVersion)
  const [people, setPeople] = useState<readonly Profile[]>([])
  const group = chatroom.type === "group"
  useEffect(() => {
    if (!wanted || !group) return
    teahouse.calls.members(chatroom.id).then((members) => setPeople(members.map(({ user }) => user)), () => undefined)
  }, [teahouse, chatroom.id, group, wanted, version])
  return people
}
