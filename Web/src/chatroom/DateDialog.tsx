import { useState } from "react"
import { useT, useTeahouse } from "../store/context"
import { Dialog } from "../ui/Dialog"
import { Field, FormError, LocalError, useSubmit } from "../ui/Form"
import { useConversation } from "./conversation"

/** Goes to the first message of a day, or to the next after it. */
export function DateDialog({ onClose }: { onClose: () => void }) {
  const t = useT()
  const teahouse = useTeahouse()
  const { chatroom } = useConversation()
  const [day, setDay] = useState("")
  const { error, busy, submit } = useSubmit(async () => {
    const seq = await teahouse.logs.firstSince(chatroom.id, new Date(`${day}T00:00:00`).getTime())
    if (seq === undefined) throw new LocalError(t("date.nothing"))
    teahouse.chatrooms.seek(chatroom.id, seq)
    onClose()
  })
  return (
    <Dialog title={t("date.title")} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <Field label={t("date.day")} value={day} onChange={setDay} type="date" max={today()} autoFocus />
        <FormError error={error} />
        <footer className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>{t("action.cancel")}</button>
          <button type="submit" className="button button-primary" disabled={busy || !day}>{t("date.go")}</button>
        </footer>
      </form>
    </Dialog>
  )
}

/** As the field takes it, in this place's own time. */
function today(): string {
  const now = new Date()
  const two = (number: number) => String(number).padStart(2, "0")
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
