import { StringKey } from "../i18n/i18n"

/** An emoji, its words in both languages, and whether (1) it has skin tones. */
export type EmojiEntry = readonly [emoji: string, english: string, chinese: string, tones: number]

export interface EmojiGroup {
  readonly name: string
  readonly emoji: readonly EmojiEntry[]
}

/** From the lightest to the darkest; the empty one leaves it yellow. */
export const tones = ["", "\u{1f3fb}", "\u{1f3fc}", "\u{1f3fd}", "\u{1f3fe}", "\u{1f3ff}"] as const

export function groupName(group: EmojiGroup): StringKey {
  return `emoji.${group.name}` as StringKey
}

/** An emoji in a skin tone, where it has any: the tone follows the first character in place of a selector. */
export function toned([emoji, , , hasTones]: EmojiEntry, tone: string): string {
  if (!tone || !hasTones) return emoji
  const [first = "", ...rest] = [...emoji]
  return first + tone + rest.join("").replace(/^\ufe0f/, "")
}

/** The emoji whose words, in either language, hold every word looked for. */
export function matchingEmoji(groups: readonly EmojiGroup[], query: string): EmojiEntry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return groups.flatMap(({ emoji }) => emoji).filter(([, english, chinese]) => {
    const text = `${english} ${chinese}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

const recentKey = "teahouse.emoji.recent"
const toneKey = "teahouse.emoji.tone"

export function recentEmoji(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(recentKey) ?? "[]")
    return Array.isArray(kept) ? kept.filter((each): each is string => typeof each === "string").slice(0, 16) : []
  } catch {
    return []
  }
}

export function keepRecentEmoji(emoji: string): void {
  localStorage.setItem(recentKey, JSON.stringify([emoji, ...recentEmoji().filter((each) => each !== emoji)].slice(0, 16)))
}

export function keptTone(): string {
  const kept = localStorage.getItem(toneKey) ?? ""
  return tones.find((tone) => tone === kept) ?? ""
}

export function keepTone(tone: string): void {
  localStorage.setItem(toneKey, tone)
}
