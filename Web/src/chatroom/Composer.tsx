import { ClipboardEvent, KeyboardEvent, Suspense, lazy, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react"
import { isChange } from "../api/contract"
import { shortMoment } from "../i18n/i18n"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/context"
import { IconButton } from "../ui/IconButton"
import { IconName } from "../ui/Icon"
import { AimBar } from "./AimBar"
import { MentionList } from "./MentionList"
import { Tray } from "./Tray"
import { useConversation } from "./conversation"
import { keepDraft, readDraft } from "./drafts"
import { mentionedIn } from "./mentions"
import { useMentioning } from "./useMentioning"

const EmojiPicker = lazy(() => import("./EmojiPicker").then((module) => ({ default: module.EmojiPicker })))

const maxLength = 4000

/** Where one writes. Enter sends, Shift+Enter makes a new line; files are picked, pasted or dropped, and go along. */
export function Composer() {
  const t = useT()
  const teahouse = useTeahouse()
  const { chatroom, aim, setAim, attached, attach, detach } = useConversation()
  const { id: chatroomId } = chatroom
  const me = useSelected((state) => state.session?.user.id ?? 0)
  const [text, setText] = useState(() => readDraft(chatroomId))
  const [picking, setPicking] = useState(false)
  const mentioning = useMentioning(chatroom, text)
  const caret = useRef<number>()
  const field = useRef<HTMLTextAreaElement>(null)
  const editing = aim?.kind === "edit" ? aim.message : undefined

  useEffect(() => {
    if (!editing) keepDraft(chatroomId, text)
  }, [chatroomId, text, editing])
  // The chat list shows what was begun elsewhere; while one writes here, nobody looks there.
  useEffect(() => () => teahouse.chatrooms.draftsChanged(), [teahouse])
  useEffect(() => {
    // On phones this would open the keyboard over the messages.
    if (window.matchMedia("(pointer: fine)").matches) field.current?.focus()
  }, [])
  useEffect(() => {
    if (attached.length > 0) field.current?.focus()
  }, [attached])
  useLayoutEffect(() => {
    const element = field.current
    if (!element) return
    element.style.height = "auto"
    element.style.height = `${Math.min(element.scrollHeight, 160)}px`
    // Before the next key can come, or it would go in at the end.
    if (caret.current !== undefined) element.setSelectionRange(caret.current, caret.current)
    caret.current = undefined
  }, [text])
  useEffect(() => {
    if (aim) field.current?.focus()
    if (!editing) return undefined
    setText(editing.content)
    return () => setText(readDraft(chatroomId))
  }, [aim, editing, chatroomId])

  const send = () => {
    const content = text.trim()
    if (editing) {
      if (!content) return
      setAim(undefined)
      if (content !== editing.content) {
        void teahouse.attempt(() => teahouse.calls.edit(chatroomId, editing.seq, content))
      }
      return
    }
    if (!content && attached.length === 0) return
    const named = mentionedIn(content, mentioning.people)
    const more = { replyTo: aim?.message.seq, mentions: named.length > 0 ? named : undefined }
    if (attached.length > 0) teahouse.sender.files(chatroomId, attached, { content, ...more })
    else teahouse.sender.text(chatroomId, content, more)
    setText("")
    keepDraft(chatroomId, "")
    setAim(undefined)
    detach()
    mentioning.stop()
    field.current?.focus()
  }
  const put = (words: string, start: number, end: number) => {
    if (text.length + words.length > maxLength) return
    setText(text.slice(0, start) + words + text.slice(end))
    caret.current = start + words.length
  }
  const insert = (emoji: string) => {
    const element = field.current
    put(emoji, element?.selectionStart ?? text.length, element?.selectionEnd ?? text.length)
  }
  const mention = (nickname: string) => {
    const { begun } = mentioning
    if (begun) put(`@${nickname} `, begun.start, begun.start + 1 + begun.query.length)
    mentioning.stop()
    field.current?.focus()
  }
  const onChange = (value: string, place: number) => {
    setText(value)
    mentioning.look(value, place)
    if (value && !editing) teahouse.typing.tell(chatroomId)
  }
  const editLast = () => {
    const lines = teahouse.state.logs.get(chatroomId)?.lines ?? []
    const own = [...lines].reverse().find((line) =>
      !isChange(line) && line.sender.id === me && line.type === "text" && !line.recalled)
    if (own && !isChange(own)) setAim({ kind: "edit", message: own })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys that choose a character of an input method are not ours, nor those that lead elsewhere.
    if (event.nativeEvent.isComposing || event.keyCode === 229 || event.altKey) return
    if (mentioning.onKeyDown(event, mention)) {
      // Done.
    } else if (event.key === "Escape" && (aim || attached.length > 0)) {
      if (aim) setAim(undefined)
      else detach()
    } else if (event.key === "ArrowUp" && text === "" && attached.length === 0) editLast()
    else if (event.key === "Enter" && !event.shiftKey) send()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const onPaste = (event: ClipboardEvent) => {
    const { files } = event.clipboardData
    if (files.length === 0 || editing) return
    event.preventDefault()
    attach(Array.from(files))
  }
  const stopPicking = useCallback(() => setPicking(false), [])
  const placeholder = t(attached.length > 0 ? "composer.caption" : "composer.placeholder")

  return (
    <footer className="composer-frame">
      <MutedNotice until={chatroom.mutedUntil} />
      {aim && <AimBar aim={aim} onClose={() => setAim(undefined)} />}
      <Tray />
      {mentioning.named.length > 0 && (
        <MentionList people={mentioning.named} chosen={mentioning.chosen} onChoose={mention} />
      )}
      <div className="composer">
        {picking && <Suspense fallback={null}><EmojiPicker onPick={insert} onClose={stopPicking} /></Suspense>}
        <IconButton icon="emoji" label={t("composer.emoji")} pressed={picking} className="emoji-toggle"
          onClick={() => setPicking(!picking)} />
        <FilePick icon="image" label={t("composer.image")} name="image"
          accept="image/png,image/jpeg,image/gif,image/webp" onPick={attach} />
        <FilePick icon="attach" label={t("composer.file")} name="file" onPick={attach} />
        <textarea ref={field} rows={1} value={text} maxLength={maxLength} placeholder={placeholder}
          aria-label={t("composer.placeholder")} onKeyDown={onKeyDown} onPaste={onPaste}
          onChange={(event) => onChange(event.target.value, event.target.selectionStart)} />
        <IconButton icon="send" label={t("action.send")} className="send-button" onClick={send} />
      </div>
    </footer>
  )
}

/** Says that, and how long, nothing that is sent here would be taken. */
function MutedNotice({ until }: { until: string | null | undefined }) {
  const t = useT()
  const language = useLanguage()
  if (!until || Date.parse(until) < Date.now()) return null
  return <p className="muted-notice" role="status">{t("composer.muted", { time: shortMoment(language, until) })}</p>
}

function FilePick({ icon, label, name, accept, onPick }: {
  icon: IconName
  label: string
  name: string
  accept?: string
  onPick: (files: Iterable<File>) => void
}) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <IconButton icon={icon} label={label} onClick={() => input.current?.click()} />
      <input ref={input} type="file" hidden multiple accept={accept} data-pick={name} onChange={(event) => {
        onPick(Array.from(event.target.files ?? []))
        event.target.value = ""
      }} />
    </>
  )
}
