import { LanguageSwitch } from "../profile/LanguageSwitch"
import { Route, navigate } from "../shell/route"
import { useT } from "../store/context"
import { Cup } from "../ui/Icon"
import { ForgotForm } from "./ForgotForm"
import { RegisterForm } from "./RegisterForm"
import { SignInForm } from "./SignInForm"

/** The doors of the house: sign in, register, and the way back for who has forgotten their password. */
export function AccountPage({ route }: { route: Route }) {
  const t = useT()
  const register = route.page === "register"
  return (
    <main className="door">
      <section className="door-card">
        <Cup size={68} />
        <h1>{t("app.name")}</h1>
        <p className="door-tagline">{t(route.page === "invite" ? "invite.signInFirst" : "app.tagline")}</p>
        {register ? <RegisterForm /> : route.page === "forgot" ? <ForgotForm /> : <SignInForm />}
        <p className="door-other">
          {t(register ? "account.haveAccount" : "account.newHere")}{" "}
          <button type="button" className="link" onClick={() => navigate(register ? "/" : "/register")}>
            {t(register ? "account.signIn" : "account.register")}
          </button>
        </p>
      </section>
      <LanguageSwitch />
    </main>
  )
}
