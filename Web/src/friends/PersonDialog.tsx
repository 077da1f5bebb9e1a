import { useEffect, useState } from "react"
import { UserID } from "../api/contract"
import { ReportDialog } from "../report/ReportDialog"
import { useSelected, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Confirm, Dialog } from "../ui/Dialog"
import { Spinner } from "../ui/Empty"
import { AskFriend } from "./AskFriend"
import { Presence } from "./Presence"

/** Anybody one meets in a group: who they are, and what one may do about it. */
export function PersonDialog({ id, onClose }: { id: UserID; onClose: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const me = useSelected((state) => state.session?.user.id)
  const friend = useSelected((state) => state.friends?.find((each) => each.user.id === id))
  const met = useSelected((state) => state.profiles.get(id))
  const user = friend?.user ?? met
  const [then, setThen] = useState<"block" | "report">()
  useEffect(() => {
    void teahouse.attempt(() => teahouse.lists.meet([id]))
  }, [teahouse, id])
  const block = () => void teahouse.attempt(async () => {
    await teahouse.calls.block(id)
    teahouse.toast("info", t("friends.blocked"))
    await teahouse.lists.loadPeople()
  })
  if (user && then === "block") {
    return (
      <Confirm question={t("friends.blockConfirm", { name: user.nickname })} action={t("friends.block")} onConfirm={block}
        onClose={onClose} />
    )
  }
  if (user && then === "report") return <ReportDialog what={{ userId: id }} name={user.nickname} onClose={onClose} />
  return (
    <Dialog title={t("person.title")} onClose={onClose}>
      {!user && <Spinner />}
      {user && (
        <div className="person">
          <Avatar id={user.id} name={friend?.remark || user.nickname} url={user.avatar} size="large" />
          <h3>{friend?.remark || user.nickname}</h3>
          <p className="quiet">@{user.username}</p>
          {friend && <Presence friend={friend} otherwise={t("friends.isFriend")} />}
          {friend && (
            <button type="button" className="button button-primary wide" onClick={() => {
              onClose()
              void teahouse.attempt(() => teahouse.chatrooms.openDirect(id))
            }}>{t("friends.message")}</button>
          )}
          {!friend && <AskFriend user={user} />}
          {id !== me && (
            <div className="person-foot">
              <button type="button" className="link link-danger" onClick={() => setThen("block")}>{t("friends.block")}</button>
              <button type="button" className="link link-danger" onClick={() => setThen("report")}>{t("report.title")}</button>
            </div>
          )}
        </div>
      )}
    </Dialog>
  )
}
