import { useEffect } from "react"
import { SystemChange } from "../api/contract"
import { StringKey } from "../i18n/i18n"
import { useSelected, useT, useTeahouse } from "../store/context"

/** What happened to the chatroom, in its place between the messages. */
export function SystemRow({ change }: { change: SystemChange }) {
  const t = useT()
  const teahouse = useTeahouse()
  const by = useName(change.by)
  const user = useName(change.userId)
  const me = useSelected((state) => state.session?.user.id)
  useEffect(() => {
    const ids = [change.by, change.userId].filter((id): id is number => typeof id === "number" && id !== me)
    void teahouse.lists.meet(ids).catch(() => undefined)
  }, [teahouse, change, me])
  return <p className="system">{t(key(change), { by, user, name: change.name ?? "" })}</p>
}

function useName(id: number | null | undefined): string {
  const t = useT()
  const me = useSelected((state) => state.session?.user.id)
  const profile = useSelected((state) => (id ? state.profiles.get(id) : undefined))
  return id === me ? t("system.you") : profile?.nickname ?? t("system.somebody")
}

function key({ action, by, userId }: SystemChange): StringKey {
  if (action === "added" && (!by || by === userId)) return "system.joined"
  if (action === "removed" && (!by || by === userId)) return "system.left"
  return `system.${action}`
}
