import { FormEvent, useState } from "react"
import { Friend } from "../api/contract"
import { fullDate } from "../i18n/i18n"
import { ReportDialog } from "../report/ReportDialog"
import { navigate } from "../shell/route"
import { useLanguage, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Confirm } from "../ui/Dialog"
import { friendName } from "./FriendsPane"
import { Presence } from "./Presence"

export function FriendCard({ friend }: { friend: Friend }) {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const [removing, setRemoving] = useState(false)
  const [blocking, setBlocking] = useState(false)
  const [reporting, setReporting] = useState(false)
  const [remark, setRemark] = useState(friend.remark ?? "")
  const { user } = friend
  const saveRemark = (event: FormEvent) => {
    event.preventDefault()
    void teahouse.attempt(async () => {
      await teahouse.calls.setRemark(user.id, remark.trim())
      await teahouse.lists.loadPeople()
    })
  }
  const block = () => void teahouse.attempt(async () => {
    await teahouse.calls.block(user.id)
    teahouse.toast("info", t("friends.blocked"))
    await teahouse.lists.loadPeople()
  })
  const remove = () => void teahouse.attempt(async () => {
    await teahouse.calls.removeFriend(user.id)
    navigate("/friends")
    await teahouse.lists.loadPeople()
  })
  return (
    <div className="card profile-card">
      <Avatar id={user.id} name={friendName(friend)} url={user.avatar} size="large" />
      <h1>{friendName(friend)}</h1>
      <p className="quiet">{friend.remark ? `${user.nickname} · @${user.username}` : `@${user.username}`}</p>
      {(friend.online || friend.lastSeenAt) && <Presence friend={friend} otherwise="" />}
      <p className="quiet">{t("friends.since", { date: fullDate(language, friend.since) })}</p>
      <button type="button" className="button button-primary"
        onClick={() => void teahouse.attempt(() => teahouse.chatrooms.openDirect(user.id))}>{t("friends.message")}</button>
      <form className="ask-form" onSubmit={saveRemark}>
        <input value={remark} maxLength={50} aria-label={t("friends.remark")} placeholder={t("friends.remark")}
          onChange={(event) => setRemark(event.target.value)} />
        <button type="submit" className="button" disabled={remark.trim() === (friend.remark ?? "")}>
          {t("action.save")}
        </button>
      </form>
      <div className="person-foot">
        <button type="button" className="link link-danger" onClick={() => setRemoving(true)}>{t("friends.remove")}</button>
        <button type="button" className="link link-danger" onClick={() => setBlocking(true)}>{t("friends.block")}</button>
        <button type="button" className="link link-danger" onClick={() => setReporting(true)}>{t("report.title")}</button>
      </div>
      {reporting && (
        <ReportDialog what={{ userId: user.id }} name={friendName(friend)} onClose={() => setReporting(false)} />
      )}
      {blocking && (
        <Confirm question={t("friends.blockConfirm", { name: friendName(friend) })} action={t("friends.block")}
          onConfirm={block} onClose={() => setBlocking(false)} />
      )}
      {removing && (
        <Confirm question={t("friends.removeConfirm", { name: friendName(friend) })} action={t("friends.remove")}
          onConfirm={remove} onClose={() => setRemoving(false)} />
      )}
    </div>
  )
}
