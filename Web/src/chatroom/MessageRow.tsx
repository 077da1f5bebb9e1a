import { memo } from "react"
import { timeOfDay } from "../i18n/i18n"
import { HeldMessage } from "../log/log"
import { useLanguage, useT, useTeahouse } from "../store/teahouse"
import { Avatar } from "../ui/Avatar"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { MessageContent } from "./MessageContent"

/** A stored message: own ones right, others left. A double click adds it to the favorites, and so does the star. */
export const MessageRow = memo(function MessageRow({ message, own, group, first, last }: {
  message: HeldMessage
  own: boolean
  group: boolean
  first: boolean
  last: boolean
}) {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const { sender } = message
  const favorite = () => void teahouse.attempt(() => teahouse.addFavorite(message))
  return (
    <article className={rowClass(own, first)} data-seq={message.seq} aria-label={sender.nickname}>
      {!own && (last ? <Avatar id={sender.id} name={sender.nickname} url={sender.avatar} size="small" />
        : <span className="avatar-gap" />)}
      <div className={bubbleClass(message.type, own, last)} onDoubleClick={favorite}>
        {group && !own && first && <span className={`sender hue-text-${sender.id % 8}`}>{sender.nickname}</span>}
        <MessageContent message={message} />
        <span className="meta">
          {message.editedAt && <span>{t("message.edited")}</span>}
          <time dateTime={message.createdAt}>{timeOfDay(language, message.createdAt)}</time>
          {own && (
            <span className="state" role="img" aria-label={t("message.sent")}><Icon name="check" size={14} /></span>
          )}
        </span>
      </div>
      <IconButton icon="star" label={t("favorites.add")} size={17} className="message-tool" onClick={favorite} />
    </article>
  )
})

export function rowClass(own: boolean, first: boolean): string {
  return `message ${own ? "message-own" : "message-other"}${first ? " message-first" : ""}`
}

export function bubbleClass(type: string, own: boolean, last: boolean): string {
  return `bubble bubble-${type} ${own ? "bubble-own" : "bubble-other"}${last ? " bubble-last" : ""}`
}
