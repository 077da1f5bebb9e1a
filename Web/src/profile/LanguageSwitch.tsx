import { Language } from "../i18n/i18n"
import { useLanguage, useT, useTeahouse } from "../store/context"

const languages: [Language, string][] = [["zh", "中文"], ["en", "English"]]

export function LanguageSwitch() {
  const t = useT()
  const teahouse = useTeahouse()
  const language = useLanguage()
  return (
    <div className="language-switch" role="group" aria-label={t("profile.language")}>
      {languages.map(([code, name]) => (
        <button key={code} type="button" lang={code} aria-pressed={language === code}
          onClick={() => void teahouse.attempt(() => teahouse.setLanguage(code))}>{name}</button>
      ))}
    </div>
  )
}
