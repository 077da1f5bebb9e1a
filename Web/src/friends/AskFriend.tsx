import { FormEvent, useState } from "react"
import { Profile } from "../api/contract"
import { Refusal } from "../api/http"
import { useSelected, useT, useTeahouse } from "../store/context"
import { literal } from "../ui/Form"

/** What somebody is to oneself; if nothing yet, the way to ask them, with a few words. */
export function AskFriend({ user }: { user: Profile }) {
  const t = useT()
  const teahouse = useTeahouse()
  const me = useSelected((state) => state.session?.user.id)
  const isFriend = useSelected((state) => state.friends?.some((friend) => friend.user.id === user.id) ?? false)
  const isAsked = useSelected((state) =>
    state.requests?.sent.some((request) => request.user.id === user.id && request.status === "pending") ?? false)
  const [asking, setAsking] = useState(false)
  const [reason, setReason] = useState("")
  const [code, setCode] = useState<string>()
  const send = async (event: FormEvent) => {
    event.preventDefault()
    const done = await teahouse.attempt(async () => {
      try {
        await teahouse.calls.requestFriend(user.id, reason.trim(), code?.trim() || undefined)
      } catch (error) {
        // Why is not told: a code, if one has it, may help.
        if (error instanceof Refusal && error.code === "request_not_allowed") setCode(code ?? "")
        throw error
      }
      await teahouse.lists.loadPeople()
    })
    if (done) setAsking(false)
  }
  if (user.id === me) return <span className="tag">{t("friends.you")}</span>
  if (isFriend) return <span className="tag">{t("friends.isFriend")}</span>
  if (isAsked) return <span className="tag">{t("friends.asked")}</span>
  if (!asking) {
    return (
      <button type="button" className="button button-primary" onClick={() => setAsking(true)}>{t("action.add")}</button>
    )
  }
  return (
    <form className="ask-form" onSubmit={(event) => void send(event)}>
      <input value={reason} maxLength={100} autoFocus placeholder={t("friends.addReason")}
        aria-label={t("friends.addReason")} onChange={(event) => setReason(event.target.value)} />
      {code !== undefined && (
        <input value={code} maxLength={64} placeholder={t("friends.code")} aria-label={t("friends.code")} autoFocus
          {...literal} onChange={(event) => setCode(event.target.value)} />
      )}
      <button type="button" className="button" onClick={() => setAsking(false)}>{t("action.cancel")}</button>
      <button type="submit" className="button button-primary">{t("friends.addSend")}</button>
    </form>
  )
}
