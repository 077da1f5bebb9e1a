import { Message } from "../api/contract"
import { Translate } from "../i18n/i18n"

/** What a message says, in one line. */
export function previewText(t: Translate, message: Message): string {
  if (message.recalled || message.recalledAt) return t("message.recalled")
  switch (message.type) {
    case "text":
      return message.content.replace(/\s+/g, " ")
    case "image":
      return [t("message.image"), message.content].filter(Boolean).join(" ")
    case "file":
      return t("message.file", { name: message.media?.name ?? "" })
  }
}
