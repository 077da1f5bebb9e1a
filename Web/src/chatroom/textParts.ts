/** A text cut into links and what lies between. */
export interface TextPart {
  text: string
  link: boolean
}

// An emoji: a flag, or pictographs joined to one, each with its selectors and skin tone.
const pictograph = "\\p{ExtPict}[\\ufe0f\\u{1f3fb}-\\u{1f3ff}]*"
const emojiAlone = new RegExp(`^(?:\\p{RI}{2}|${pictograph}(?:\\u200d${pictograph})*){1,3}$`, "u")

/** Whether a text is one to three emoji and nothing else; those are shown large. */
export function isEmojiAlone(text: string): boolean {
  return text.length <= 48 && emojiAlone.test(text)
}

// Only http and https; what ends a sentence or a bracket around the link is not part of it.
const link = /https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef]*[^\s<>"'.,;:!?)\]}\u3000-\u303f\uff00-\uffef]/gi

export function textParts(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(link)) {
    const found = match[0] ?? ""
    const start = match.index ?? 0
    if (start > end) parts.push({ text: text.slice(end, start), link: false })
    parts.push({ text: found, link: true })
    end = start + found.length
  }
  if (end < text.length) parts.push({ text: text.slice(end), link: false })
  return parts
}
