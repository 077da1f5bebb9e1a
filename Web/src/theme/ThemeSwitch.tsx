import { useSelected, useT, useTeahouse } from "../store/context"
import { Theme } from "./theme"

const themes: Theme[] = ["system", "light", "dark"]

export function ThemeSwitch() {
  const t = useT()
  const teahouse = useTeahouse()
  const theme = useSelected((state) => state.theme)
  return (
    <div className="language-switch" role="group" aria-label={t("profile.theme")}>
      {themes.map((each) => (
        <button key={each} type="button" aria-pressed={theme === each} onClick={() => teahouse.setTheme(each)}>
          {t(`theme.${each}`)}
        </button>
      ))}
    </div>
  )
}
