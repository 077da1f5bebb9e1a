import { MouseEvent, memo, useState } from "react"
import { moment, timeOfDay } from "../i18n/i18n"
import { HeldMessage } from "../log/log"
import { useLanguage, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { MessageContent } from "./MessageContent"
import { MessageMenu } from "./MessageMenu"
import { QuickReactions, Reactions } from "./Reactions"
import { Quote } from "./Quote"
import { useConversation } from "./conversation"

/** A stored message: own ones right, others left. A double click adds it to the favorites; a menu has the rest. */
export const MessageRow = memo(function MessageRow({ message, own, group, first, last, read, sought }: {
  message: HeldMessage
  own: boolean
  group: boolean
  first: boolean
  last: boolean
  /** Whether anybody else has read it. */
  read: boolean
  /** Whether it was just jumped to. */
  sought: boolean
}) {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const { setAim, show } = useConversation()
  const [menu, setMenu] = useState<{ x: number; y: number }>()
  const [reacting, setReacting] = useState(false)
  // What may be done with it is drawn when somebody is near: a row is cheap, and one stop of the Tab key.
  const [near, setNear] = useState(false)
  const { sender } = message
  const recalled = message.recalled || Boolean(message.recalledAt)
  const openMenu = (event: MouseEvent) => {
    // A link's and a selection's own menu are wanted more.
    if (recalled || (event.target as Element).closest("a") || window.getSelection()?.toString()) return
    event.preventDefault()
    setMenu({ x: event.clientX, y: event.clientY })
  }
  const openMenuBelow = (event: MouseEvent) => {
    const box = event.currentTarget.getBoundingClientRect()
    setMenu({ x: own ? box.right - 200 : box.left, y: box.bottom + 4 })
  }
  return (
    <article className={`${rowClass(own, first)}${sought ? " message-sought" : ""}`} data-seq={message.seq} aria-label={sender.nickname}
      tabIndex={0} onPointerEnter={() => setNear(true)} onFocus={() => setNear(true)}
      onPointerLeave={({ currentTarget }) => setNear(currentTarget.contains(document.activeElement))}
      onBlur={({ currentTarget, relatedTarget }) => setNear(currentTarget.contains(relatedTarget))}>
      {!own && !last && <span className="avatar-gap" />}
      {!own && last && (
        <button type="button" className="avatar-button" aria-label={t("person.about", { name: sender.nickname })}
          onClick={() => show({ kind: "person", id: sender.id })}>
          <Avatar id={sender.id} name={sender.nickname} url={sender.avatar} size="small" />
        </button>
      )}
      <div className="bubble-column">
        <div className={bubbleClass(message.type, own, last)} onContextMenu={openMenu}
          onDoubleClick={() => recalled || void teahouse.attempt(() => teahouse.lists.addFavorite(message))}>
          {group && !own && first && <span className={`sender hue-text-${sender.id % 8}`}>{sender.nickname}</span>}
          {message.replyTo && !recalled && <Quote chatroomId={message.chatroomId} seq={message.replyTo} />}
          <MessageContent message={message} />
          <span className="meta">
            {message.editedAt && !recalled && <span>{t("message.edited")}</span>}
            <time dateTime={message.createdAt} title={moment(language, message.createdAt)}>{timeOfDay(language, message.createdAt)}</time>
            {own && (
              <span className="state" role="img" aria-label={t(read ? "message.read" : "message.sent")}
                title={t(read ? "message.read" : "message.sent")}>
                <Icon name={read ? "checks" : "check"} size={14} />
              </span>
            )}
          </span>
        </div>
        {message.reactions?.length ? <Reactions message={message} /> : null}
      </div>
      {!recalled && (
        <div className="message-tools">
          {(near || reacting) && (
            <>
              <IconButton icon="emoji" size={18} label={t("message.react")} pressed={reacting}
                onClick={() => setReacting(!reacting)} />
              <IconButton icon="reply" size={18} label={t("message.reply")}
                onClick={() => setAim({ kind: "reply", message })} />
              <IconButton icon="more" size={18} label={t("message.menu")} onClick={openMenuBelow} />
              {reacting && <QuickReactions message={message} onClose={() => setReacting(false)} />}
            </>
          )}
        </div>
      )}
      {menu && <MessageMenu message={message} at={menu} onClose={() => setMenu(undefined)} />}
    </article>
  )
})

export function rowClass(own: boolean, first: boolean): string {
  return `message ${own ? "message-own" : "message-other"}${first ? " message-first" : ""}`
}

export function bubbleClass(type: string, own: boolean, last: boolean): string {
  return `bubble bubble-${type} ${own ? "bubble-own" : "bubble-other"}${last ? " bubble-last" : ""}`
}
