import { useSelected, useT, useTeahouse } from "../store/teahouse"
import { ThemeSwitch } from "../theme/ThemeSwitch"
import { Avatar } from "../ui/Avatar"
import { LanguageSwitch } from "./LanguageSwitch"

/** Who one is here, the language, and the way out. */
export function ProfilePage() {
  const t = useT()
  const teahouse = useTeahouse()
  const user = useSelected((state) => state.session?.user)
  const unsent = useSelected((state) => state.outbox.filter((item) => item.state !== "sent").length)
  if (!user) return null
  return (
    <section className="page" aria-label={t("profile.title")}>
      <div className="card profile-card">
        <Avatar id={user.id} name={user.nickname} url={user.avatar} size="large" />
        <h1>{user.nickname}</h1>
        <p className="quiet">@{user.username}</p>
        <div className="profile-row">
          <span>{t("profile.language")}</span>
          <LanguageSwitch />
        </div>
        <div className="profile-row">
          <span>{t("profile.theme")}</span>
          <ThemeSwitch />
        </div>
        {unsent > 0 && <p className="quiet">{t("profile.signOutPending", { count: unsent })}</p>}
        <button type="button" className="button button-danger" onClick={() => void teahouse.signOut()}>
          {t("profile.signOut")}
        </button>
      </div>
    </section>
  )
}
