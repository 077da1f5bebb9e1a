import { Message } from "../api/contract"
import { FileCard } from "../media/FileCard"
import { Picture } from "../media/Picture"
import { useT } from "../store/teahouse"
import { isEmojiAlone, textParts } from "./textParts"

/** What a message says: text, image or file. Text is only ever text. */
export function MessageContent({ message }: { message: Message }) {
  const t = useT()
  if (message.recalled || message.recalledAt) return <p className="message-recalled">{t("message.recalled")}</p>
  return (
    <>
      {message.type === "image" && message.media && <Picture media={message.media} />}
      {message.type === "file" && message.media && <FileCard media={message.media} />}
      {message.content && <MessageText text={message.content} />}
    </>
  )
}

export function MessageText({ text }: { text: string }) {
  return (
    <p className={isEmojiAlone(text) ? "message-text message-emoji" : "message-text"}>
      {textParts(text).map((part, index) =>
        part.link
          ? <a key={index} href={part.text} target="_blank" rel="noopener noreferrer">{part.text}</a>
          : part.text)}
    </p>
  )
}
