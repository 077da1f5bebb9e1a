import { MediaFile, Message, isChange } from "../api/contract"
import { ChatroomLog } from "../log/log"
import { FileCard } from "../media/FileCard"
import { Picture } from "../media/Picture"
import { useT, useTeahouse } from "../store/context"
import { isEmojiAlone, textParts } from "./textParts"

/** What a message says: text, image or file. Text is only ever text. */
export function MessageContent({ message }: { message: Message }) {
  const t = useT()
  const teahouse = useTeahouse()
  if (message.recalled || message.recalledAt) return <p className="message-recalled">{t("message.recalled")}</p>
  return (
    <>
      {message.type === "image" && message.media && <Picture media={message.media} among={() => picturesOf(teahouse.state.logs.get(message.chatroomId), message)} />}
      {message.type === "file" && message.media && <FileCard media={message.media} />}
      {message.content && <MessageText text={message.content} />}
    </>
  )
}

/** The images of the part of the log that a message is in; the message's alone where it is in none. */
function picturesOf(log: ChatroomLog | undefined, message: Message): MediaFile[] {
  const parts = [log?.aside?.lines ?? [], log?.lines ?? []]
  const lines = parts.find((each) => each.some((line) => line.id === message.id)) ?? []
  const found = lines.flatMap((line) => (!isChange(line) && line.type === "image" && line.media ? [line.media] : []))
  return found.length > 0 || !message.media ? found : [message.media]
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
