import { memo } from "react"
import { sentence, timeOfDay } from "../i18n/i18n"
import { FileFace } from "../media/FileCard"
import { useLocalFile } from "../media/useFile"
import { OutboxItem } from "../outbox/outbox"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/context"
import { Icon, IconName } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { MessageText } from "./MessageContent"
import { Quote } from "./Quote"
import { bubbleClass, rowClass } from "./MessageRow"

/** One's own message on its way: how far it is, and what to do if it was refused. */
export const PendingRow = memo(function PendingRow({ item, first }: { item: OutboxItem; first: boolean }) {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const online = useSelected((state) => state.connection === "online")
  const failed = item.state === "failed"
  const { icon, label } = face()
  return (
    <article className={rowClass(true, first)} data-client-id={item.clientId} data-state={item.state}>
      <div className={`${bubbleClass(item.body.type, true, true)}${failed ? " bubble-failed" : ""}`}>
        {item.body.replyTo && <Quote chatroomId={item.chatroomId} seq={item.body.replyTo} />}
        {item.file && <PendingFile item={item} />}
        {!item.file && item.media && <FileFace name={item.media.name} size={item.media.size} />}
        {item.body.content && <MessageText text={item.body.content} />}
        <span className="meta">
          {item.state === "uploading" && <span>{label}</span>}
          <time dateTime={item.createdAt}>{timeOfDay(language, item.createdAt)}</time>
          <span className="state" role="img" aria-label={label} title={label}><Icon name={icon} size={14} /></span>
        </span>
        {failed && (
          <div className="failure" role="alert">
            <span>{label}</span>
            <button type="button" className="link" onClick={() => teahouse.sender.retry(item.clientId)}>
              {t("action.retry")}
            </button>
            <button type="button" className="link link-danger" onClick={() => teahouse.sender.drop(item.clientId)}>
              {t("action.delete")}
            </button>
          </div>
        )}
      </div>
    </article>
  )

  function face(): { icon: IconName; label: string } {
    switch (item.state) {
      case "failed": {
        const code = item.error ?? ""
        return { icon: "warning", label: t("message.failed", { reason: sentence(t, code) ?? code }) }
      }
      case "sent":
        return { icon: "check", label: t("message.sent") }
      case "uploading":
        return { icon: "clock", label: t("message.uploading", { percent: Math.floor((item.progress ?? 0) * 100) }) }
      default:
        return { icon: "clock", label: t(online ? "message.sending" : "message.waiting") }
    }
  }
})

function PendingFile({ item }: { item: OutboxItem }) {
  const t = useT()
  const teahouse = useTeahouse()
  const address = useLocalFile(item.body.type === "image" ? teahouse.sender.localFile(item.clientId) : undefined)
  return (
    <>
      {address
        ? <span className="picture picture-pending"><img src={address} alt="" /></span>
        : <span className="file-card"><FileFace name={item.file?.name ?? ""} size={item.file?.size ?? 0} /></span>}
      {item.state === "uploading" && (
        <span className="upload">
          <progress max={1} value={item.progress ?? 0} aria-label={item.file?.name} />
          <IconButton icon="close" size={16} label={t("message.cancelUpload")}
            onClick={() => teahouse.sender.drop(item.clientId)} />
        </span>
      )}
    </>
  )
}
