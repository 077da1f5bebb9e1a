import { useState } from "react"
import { Friend } from "../api/contract"
import { fullDate } from "../i18n/i18n"
import { navigate } from "../shell/route"
import { useLanguage, useT, useTeahouse } from "../store/teahouse"
import { Avatar } from "../ui/Avatar"
import { Confirm } from "../ui/Dialog"
import { friendName } from "./FriendsPane"

export function FriendCard({ friend }: { friend: Friend }) {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const [removing, setRemoving] = useState(false)
  const { user } = friend
  const remove = () => void teahouse.attempt(async () => {
    await teahouse.calls.removeFriend(user.id)
    navigate("/friends")
    await teahouse.loadPeople()
  })
  return (
    <div className="card profile-card">
      <Avatar id={user.id} name={friendName(friend)} url={user.avatar} size="large" />
      <h1>{friendName(friend)}</h1>
      <p className="quiet">@{user.username}</p>
      <p className="quiet">{t("friends.since", { date: fullDate(language, friend.since) })}</p>
      <button type="button" className="button button-primary"
        onClick={() => void teahouse.attempt(() => teahouse.openDirect(user.id))}>{t("friends.message")}</button>
      <button type="button" className="button button-danger" onClick={() => setRemoving(true)}>
        {t("friends.remove")}
      </button>
      {removing && (
        <Confirm question={t("friends.removeConfirm", { name: friendName(friend) })} action={t("friends.remove")}
          onConfirm={remove} onClose={() => setRemoving(false)} />
      )}
    </div>
  )
}
