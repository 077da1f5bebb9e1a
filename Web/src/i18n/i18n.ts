import en from "../../strings/en.json"
import zh from "../../strings/zh.json"

export type Language = "en" | "zh"
export type StringKey = keyof typeof en

const tables: Record<Language, Record<StringKey, string>> = { en, zh }
const key = "teahouse.language"

/** The one chosen here, else the browser's. */
export function preferredLanguage(): Language {
  const chosen = localStorage.getItem(key)
  if (chosen === "en" || chosen === "zh") return chosen
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en"
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(key, language)
}

export type Translate = (key: StringKey, values?: Record<string, string | number>) => string

export function translator(language: Language): Translate {
  const table = tables[language]
  return (key, values = {}) => table[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** The sentence for a refusal's code, or `undefined` if there is none of its own. */
export function sentence(t: Translate, code: string): string | undefined {
  const key = `error.${code}`
  return key in en ? t(key as StringKey) : undefined
}

const locales: Record<Language, string> = { en: "en-GB", zh: "zh-CN" }

export function timeOfDay(language: Language, time: string): string {
  return new Intl.DateTimeFormat(locales[language], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
    .format(new Date(time))
}

/** "Today", "Yesterday", a weekday within a week, else the date. */
export function dayName(language: Language, time: string, now: Date = new Date()): string {
  const date = new Date(time)
  const days = daysBetween(date, now)
  if (days <= 1) {
    const name = new Intl.RelativeTimeFormat(locales[language], { numeric: "auto" }).format(-days, "day")
    return name.charAt(0).toUpperCase() + name.slice(1)
  }
  if (days < 7) return new Intl.DateTimeFormat(locales[language], { weekday: "long" }).format(date)
  const sameYear = date.getFullYear() === now.getFullYear()
  return new Intl.DateTimeFormat(locales[language], {
    day: "numeric", month: "long", year: sameYear ? undefined : "numeric",
  }).format(date)
}

export function fullDate(language: Language, time: string): string {
  return new Intl.DateTimeFormat(locales[language], { dateStyle: "long" }).format(new Date(time))
}

/** For the chat list: the time of today, else the day. */
export function shortTime(language: Language, time: string, now: Date = new Date()): string {
  const days = daysBetween(new Date(time), now)
  if (days === 0) return timeOfDay(language, time)
  if (days < 7) return dayName(language, time, now)
  return new Intl.DateTimeFormat(locales[language], { dateStyle: "short" }).format(new Date(time))
}

function daysBetween(date: Date, now: Date): number {
  const day = (moment: Date) => Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate())
  return Math.max(0, Math.round((day(now) - day(date)) / 86_400_000))
}

export function fileSize(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"]
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ""}`
}
