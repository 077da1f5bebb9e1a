import { FormEvent, useState } from "react"
import { UserID } from "../api/contract"
import { FriendPicker } from "../friends/FriendPicker"
import { useT, useTeahouse } from "../store/context"
import { Dialog } from "../ui/Dialog"

/** A name and some friends make a group. */
export function NewGroupDialog({ onClose }: { onClose: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const [name, setName] = useState("")
  const [members, setMembers] = useState<ReadonlySet<UserID>>(new Set())
  const [busy, setBusy] = useState(false)
  const create = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    const done = await teahouse.attempt(() => teahouse.chatrooms.createGroup(name.trim(), [...members]))
    setBusy(false)
    if (done) onClose()
  }
  return (
    <Dialog title={t("chats.newGroup")} onClose={onClose}>
      <form className="form" onSubmit={(event) => void create(event)}>
        <label className="field">
          <span>{t("group.name")}</span>
          <input value={name} maxLength={50} autoFocus aria-label={t("group.name")}
            onChange={(event) => setName(event.target.value)} />
        </label>
        <FriendPicker label={t("group.choose")} nobody={t("group.noFriends")} chosen={members} onChange={setMembers} />
        <footer className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>{t("action.cancel")}</button>
          <button type="submit" className="button button-primary" disabled={busy || !name.trim()}>
            {t("action.create")}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
