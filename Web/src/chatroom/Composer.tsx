import { ClipboardEvent, KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react"
import { useT, useTeahouse } from "../store/teahouse"
import { IconButton } from "../ui/IconButton"
import { EmojiPicker } from "./EmojiPicker"

/** What was begun in each chatroom and not sent. */
const drafts = new Map<number, string>()
const maxLength = 4000

/** Where one writes. Enter sends, Shift+Enter makes a new line; files are picked, pasted or dropped. */
export function Composer({ chatroomId }: { chatroomId: number }) {
  const t = useT()
  const teahouse = useTeahouse()
  const [text, setText] = useState(drafts.get(chatroomId) ?? "")
  const [picking, setPicking] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const images = useRef<HTMLInputElement>(null)
  const files = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (text) drafts.set(chatroomId, text)
    else drafts.delete(chatroomId)
  }, [chatroomId, text])
  useEffect(() => {
    // On phones this would open the keyboard over the messages.
    if (window.matchMedia("(pointer: fine)").matches) field.current?.focus()
  }, [])
  useLayoutEffect(() => {
    const element = field.current
    if (!element) return
    element.style.height = "auto"
    element.style.height = `${Math.min(element.scrollHeight, 160)}px`
  }, [text])

  const send = () => {
    const content = text.trim()
    if (!content) return
    teahouse.sender.text(chatroomId, content)
    setText("")
    field.current?.focus()
  }
  const sendFiles = (chosen: FileList | null) => {
    for (const file of Array.from(chosen ?? [])) teahouse.sender.file(chatroomId, file)
  }
  const insert = (emoji: string) => {
    const element = field.current
    const [start, end] = element ? [element.selectionStart, element.selectionEnd] : [text.length, text.length]
    if (text.length + emoji.length > maxLength) return
    setText(text.slice(0, start) + emoji + text.slice(end))
    window.requestAnimationFrame(() => element?.setSelectionRange(start + emoji.length, start + emoji.length))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that chooses a character of an input method is not ours.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return
    event.preventDefault()
    send()
  }
  const onPaste = (event: ClipboardEvent) => {
    if (event.clipboardData.files.length === 0) return
    event.preventDefault()
    sendFiles(event.clipboardData.files)
  }

  return (
    <footer className="composer">
      {picking && <EmojiPicker onPick={insert} onClose={() => setPicking(false)} />}
      <IconButton icon="emoji" label={t("composer.emoji")} pressed={picking} className="emoji-toggle"
        onClick={() => setPicking(!picking)} />
      <IconButton icon="image" label={t("composer.image")} onClick={() => images.current?.click()} />
      <IconButton icon="attach" label={t("composer.file")} onClick={() => files.current?.click()} />
      <input ref={images} type="file" hidden multiple accept="image/png,image/jpeg,image/gif,image/webp"
        data-pick="image" onChange={(event) => {
          sendFiles(event.target.files)
          event.target.value = ""
        }} />
      <input ref={files} type="file" hidden multiple data-pick="file" onChange={(event) => {
        sendFiles(event.target.files)
        event.target.value = ""
      }} />
      <textarea ref={field} rows={1} value={text} maxLength={maxLength} placeholder={t("composer.placeholder")}
        aria-label={t("composer.placeholder")} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown}
        onPaste={onPaste} />
      <IconButton icon="send" label={t("action.send")} className="send-button" onClick={send} />
    </footer>
  )
}
