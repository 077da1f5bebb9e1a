import type en from "../../strings/en.json"

export type Language = "en" | "zh"
export type StringKey = keyof typeof en
type Table = Record<StringKey, string>

const tables = new Map<Language, Table>()
const key = "teahouse.language"

/** Fetches what the pages say in a language. Nothing is translated before. */
export async function loadLanguage(language: Language): Promise<void> {
  if (tables.has(language)) return
  const table: { default: Table } = await (language === "zh" ? import("../../strings/zh.json") : import("../../strings/en.json"))
  tables.set(language, table.default)
}

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
  const table = tables.get(language)
  return (key, values = {}) => (table?.[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** The sentence for a refusal's code, or `undefined` if there is none of its own. */
export function sentence(t: Translate, code: string): string | undefined {
  const key = `error.${code}` as StringKey
  const found = t(key)
  return found === key ? undefined : found
}

const locales: Record<Language, string> = { en: "en-GB", zh: "zh-CN" }
const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a format takes as long as using it some hundred times: each is made once. */
function format(language: Language, time: string, options: Intl.DateTimeFormatOptions): string {
  const key = language + JSON.stringify(options)
  let made = formats.get(key)
  if (!made) formats.set(key, made = new Intl.DateTimeFormat(locales[language], options))
  return made.format(new Date(time))
}

export function timeOfDay(language: Language, time: string): string {
  return format(language, time, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
}

/** "Today", "Yesterday", a weekday within a week, else the date. */
export function dayName(language: Language, time: string, now: Date = new Date()): string {
  const date = new Date(time)
  const days = daysBetween(date, now)
  if (days <= 1) {
    const name = new Intl.RelativeTimeFormat(locales[language], { numeric: "auto" }).format(-days, "day")
    return name.charAt(0).toUpperCase() + name.slice(1)
  }
  if (days < 7) return format(language, time, { weekday: "long" })
  const sameYear = date.getFullYear() === now.getFullYear()
  return format(language, time, { day: "numeric", month: "long", year: sameYear ? undefined : "numeric" })
}

export function fullDate(language: Language, time: string): string {
  return format(language, time, { dateStyle: "long" })
}

/** Day and time, in full. */
export function moment(language: Language, time: string): string {
  return format(language, time, { dateStyle: "long", timeStyle: "short" })
}

/** The time, of today; else the day in numbers. */
export function shortMoment(language: Language, time: string, now: Date = new Date()): string {
  if (new Date(time).toDateString() === now.toDateString()) return timeOfDay(language, time)
  return format(language, time, { day: "numeric", month: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3600], ["minute", 60]]

/** "5 minutes ago"; from a week on, the date. */
export function ago(language: Language, time: string, now: Date = new Date()): string {
  const seconds = Math.max(0, (now.getTime() - Date.parse(time)) / 1000)
  if (seconds >= 7 * 86_400) return fullDate(language, time)
  const [unit, length] = steps.find(([, each]) => seconds >= each) ?? ["minute", 60]
  return new Intl.RelativeTimeFormat(locales[language], { numeric: "auto" }).format(-Math.floor(seconds / length), unit)
}

/** For the chat list: the time of today, else the day. */
export function shortTime(language: Language, time: string, now: Date = new Date()): string {
  const days = daysBetween(new Date(time), now)
  if (days === 0) return timeOfDay(language, time)
  if (days < 7) return dayName(language, time, now)
  return format(language, time, { dateStyle: "short" })
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
