import { MouseEvent, useState } from "react"
import { Chatroom, Member } from "../api/contract"
import { moment, shortMoment } from "../i18n/i18n"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Confirm } from "../ui/Dialog"
import { IconButton } from "../ui/IconButton"
import { Menu, MenuItem } from "../ui/Menu"
import { useConversation } from "./conversation"

/** How long a muted member may be silent, in milliseconds. */
const mutes = { hour: 60 * 60_000, day: 24 * 60 * 60_000, week: 7 * 24 * 60 * 60_000 }

/** Somebody in a group, and what one may do about them. */
export function MemberRow({ chatroom, member, reload }: {
  chatroom: Chatroom
  member: Member
  reload: () => Promise<void>
}) {
  const t = useT()
  const teahouse = useTeahouse()
  const language = useLanguage()
  const { show } = useConversation()
  const me = useSelected((state) => state.session?.user.id)
  const [menu, setMenu] = useState<{ x: number; y: number }>()
  const [asking, setAsking] = useState<"remove" | "transfer">()
  const { user, role } = member
  const owner = chatroom.role === "owner"
  const above = user.id !== me && (owner || (chatroom.role === "admin" && role === "member"))
  const muted = Boolean(member.mutedUntil && Date.parse(member.mutedUntil) > Date.now())
  const change = (work: () => Promise<unknown>) => void teahouse.attempt(async () => {
    await work()
    await Promise.all([reload(), teahouse.lists.loadChatrooms()])
  })
  const update = (fields: Parameters<typeof teahouse.calls.updateMember>[2]) =>
    change(() => teahouse.calls.updateMember(chatroom.id, user.id, fields))
  const items: MenuItem[] = [
    ...(owner ? [
      role === "admin"
        ? { icon: "person" as const, label: t("member.demote"), onChoose: () => update({ role: "member" }) }
        : { icon: "star" as const, label: t("member.promote"), onChoose: () => update({ role: "admin" }) },
      { icon: "forward" as const, label: t("member.transfer"), onChoose: () => setAsking("transfer") },
    ] : []),
    ...(muted
      ? [{ icon: "chats" as const, label: t("member.unmute"), onChoose: () => update({ mutedUntil: null }) }]
      : (["hour", "day", "week"] as const).map((time) => ({
        icon: "clock" as const, label: t(`member.mute.${time}`),
        onChoose: () => update({ mutedUntil: new Date(Date.now() + mutes[time]).toISOString() }),
      }))),
    { icon: "close", label: t("action.remove"), danger: true, onChoose: () => setAsking("remove") },
  ]
  const open = (event: MouseEvent) => {
    const box = event.currentTarget.getBoundingClientRect()
    setMenu({ x: box.right - 200, y: box.bottom + 4 })
  }
  return (
    <li className="row row-still">
      <button type="button" className="member" aria-label={t("person.about", { name: user.nickname })}
        onClick={() => show({ kind: "person", id: user.id })}>
        <Avatar id={user.id} name={user.nickname} url={user.avatar} size="small" online={member.online} />
        <span className="row-name">{user.nickname}</span>
      </button>
      {muted && member.mutedUntil && (
        <span className="tag" title={t("member.mutedUntil", { time: moment(language, member.mutedUntil) })}>
          {t("member.mutedUntil", { time: shortMoment(language, member.mutedUntil) })}
        </span>
      )}
      {role !== "member" && <span className="tag">{t(`role.${role}`)}</span>}
      {above && <IconButton icon="more" size={16} label={t("member.menu", { name: user.nickname })} onClick={open} />}
      {menu && (
        <Menu label={t("member.menu", { name: user.nickname })} items={items} at={menu} onClose={() => setMenu(undefined)} />
      )}
      {asking === "remove" && (
        <Confirm question={t("chatroom.removeConfirm", { name: user.nickname })} action={t("action.remove")}
          onConfirm={() => change(() => teahouse.calls.removeMember(chatroom.id, user.id))}
          onClose={() => setAsking(undefined)} />
      )}
      {asking === "transfer" && (
        <Confirm question={t("member.transferConfirm", { name: user.nickname })} action={t("member.transfer")}
          onConfirm={() => change(() => teahouse.calls.transfer(chatroom.id, user.id))}
          onClose={() => setAsking(undefined)} />
      )}
    </li>
  )
}
