import { useState } from "react"
import { navigate } from "../shell/route"
import { useT, useTeahouse } from "../store/context"
import { Cup } from "../ui/Icon"
import { FormError, useSubmit } from "../ui/Form"

/** Where a link into a group leads: one joins it, or waits to be let in. */
export function InvitePage({ code }: { code: string }) {
  const t = useT()
  const teahouse = useTeahouse()
  const [waiting, setWaiting] = useState(false)
  const { error, busy, submit } = useSubmit(async () => {
    setWaiting((await teahouse.chatrooms.follow(code)) === "waiting")
  })
  return (
    <section className="pane" aria-label={t("invite.title")}>
      <div className="scroll page">
        <form className="card profile-card" onSubmit={submit}>
          <Cup size={68} />
          <h1>{t(waiting ? "invite.waiting" : "invite.title")}</h1>
          <p className="quiet">{t(waiting ? "invite.waitingHint" : "invite.hint")}</p>
          <FormError error={error} />
          {!waiting && (
            <button type="submit" className="button button-primary" disabled={busy}>{t("invite.join")}</button>
          )}
          <button type="button" className="button" onClick={() => navigate("/")}>{t("chats.title")}</button>
        </form>
      </div>
    </section>
  )
}
