import { FormEvent, useState } from "react"
import { ThemeSwitch } from "../theme/ThemeSwitch"
import { useSelected, useT, useTeahouse } from "../store/context"
import { BlocksCard } from "./BlocksCard"
import { LanguageSwitch } from "./LanguageSwitch"
import { AvatarPicker } from "./AvatarPicker"
import { DeleteAccountCard } from "./DeleteAccountCard"
import { EmailCard } from "./EmailCard"
import { PasswordCard } from "./PasswordCard"
import { PrivacyCard } from "./PrivacyCard"
import { SecondFactorCard } from "./SecondFactorCard"
import { SessionsCard } from "./SessionsCard"

/** Who one is here, how the pages look, who else may come in, and the way out. */
export function ProfilePage() {
  const t = useT()
  const teahouse = useTeahouse()
  const unsent = useSelected((state) => state.outbox.filter((item) => item.state !== "sent").length)
  return (
    <section className="pane" aria-label={t("profile.title")}>
      <header className="pane-head"><h1>{t("profile.title")}</h1></header>
      <div className="scroll page">
        <div className="column cards">
          <ProfileCard />
          <div className="card">
            <div className="profile-row">
              <span>{t("profile.language")}</span>
              <LanguageSwitch />
            </div>
            <div className="profile-row">
              <span>{t("profile.theme")}</span>
              <ThemeSwitch />
            </div>
          </div>
          <NotifyCard />
          <PrivacyCard />
          <EmailCard />
          <PasswordCard />
          <SecondFactorCard />
          <SessionsCard />
          <BlocksCard />
          {unsent > 0 && <p className="quiet">{t("profile.signOutPending", { count: unsent })}</p>}
          <button type="button" className="button button-danger" onClick={() => void teahouse.signOut()}>
            {t("profile.signOut")}
          </button>
          <DeleteAccountCard />
        </div>
      </div>
    </section>
  )
}

/** Offered where notifications are possible and not allowed yet. */
function NotifyCard() {
  const t = useT()
  const { notifier } = useTeahouse()
  const [allowed, setAllowed] = useState(notifier.allowed)
  if (!notifier.possible) return null
  return (
    <div className="card profile-row">
      <span>{t("settings.notify")}</span>
      {allowed ? <span className="tag">{t("notify.allowed")}</span> : (
        <button type="button" className="button" onClick={() => void notifier.ask().then(setAllowed)}>
          {t("notify.allow")}
        </button>
      )}
    </div>
  )
}

function ProfileCard() {
  const t = useT()
  const teahouse = useTeahouse()
  const user = useSelected((state) => state.session?.user)
  const [nickname, setNickname] = useState(user?.nickname ?? "")
  const [bio, setBio] = useState(user?.bio ?? "")
  if (!user) return null
  const changed = nickname.trim() !== user.nickname || bio.trim() !== (user.bio ?? "")
  const save = (event: FormEvent) => {
    event.preventDefault()
    void teahouse.attempt(async () => {
      await teahouse.updateProfile({ nickname: nickname.trim(), bio: bio.trim() })
      teahouse.toast("info", t("profile.saved"))
    })
  }
  return (
    <form className="card form" onSubmit={save}>
      <div className="profile-head">
        <AvatarPicker user={user} />
        <div className="person-text">
          <span className="profile-name">{user.nickname}</span>
          <span className="quiet">@{user.username}</span>
        </div>
      </div>
      <label className="field">
        <span>{t("profile.nickname")}</span>
        <input value={nickname} maxLength={50} onChange={(event) => setNickname(event.target.value)} />
      </label>
      <label className="field">
        <span>{t("profile.bio")}</span>
        <input value={bio} maxLength={200} onChange={(event) => setBio(event.target.value)} />
      </label>
      <button type="submit" className="button button-primary" disabled={!changed || !nickname.trim()}>
        {t("action.save")}
      </button>
    </form>
  )
}
