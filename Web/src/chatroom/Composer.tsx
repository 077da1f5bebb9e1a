import { ClipboardEvent, KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react"
import { isChange } from "../api/contract"
import { useSelected, useT, useTeahouse } from "../store/teahouse"
import { Icon } from "../ui/Icon"
import { IconButton } from "../ui/IconButton"
import { EmojiPicker } from "./EmojiPicker"
import { MentionList } from "./MentionList"
import { QuoteText } from "./Quote"
import { Aim, useConversation } from "./conversation"
import { keepDraft, readDraft } from "./drafts"
import { MentionBegun, matching, mentionBegun, mentionedIn } from "./mentions"
import { usePeople } from "./usePeople"

const maxLength = 4000

/** Where one writes. Enter sends, Shift+Enter makes a new line; files are picked, pasted or dropped. */
export function Composer() {
  const t = useT()
  const teahouse = useTeahouse()
  const { chatroom, aim, setAim } = useConversation()
  const { id: chatroomId } = chatroom
  const me = useSelected((state) => state.session?.user.id ?? 0)
  const [text, setText] = useState(() => readDraft(chatroomId))
  const [picking, setPicking] = useState(false)
  const [begun, setBegun] = useState<MentionBegun>()
  const [chosen, setChosen] = useState(0)
  const caret = useRef<number>()
  const field = useRef<HTMLTextAreaElement>(null)
  const images = useRef<HTMLInputElement>(null)
  const files = useRef<HTMLInputElement>(null)
  const people = usePeople(chatroom, begun !== undefined || text.includes("@"))
  const named = begun ? matching(people.filter(({ id }) => id !== me), begun.query) : []

  useEffect(() => {
    if (aim?.kind !== "edit") keepDraft(chatroomId, text)
  }, [chatroomId, text, aim])
  useEffect(() => {
    // On phones this would open the keyboard over the messages.
    if (window.matchMedia("(pointer: fine)").matches) field.current?.focus()
  }, [])
  useLayoutEffect(() => {
    const element = field.current
    if (!element) return
    element.style.height = "auto"
    element.style.height = `${Math.min(element.scrollHeight, 160)}px`
    // Before the next key can come, or it would go in at the end.
    if (caret.current !== undefined) element.setSelectionRange(caret.current, caret.current)
    caret.current = undefined
  }, [text])
  const editing = aim?.kind === "edit" ? aim.message : undefined
  useEffect(() => {
    if (aim) field.current?.focus()
    if (!editing) return undefined
    setText(editing.content)
    return () => setText(readDraft(chatroomId))
  }, [aim, editing, chatroomId])

  const send = () => {
    const content = text.trim()
    if (!content) return
    if (editing) {
      setAim(undefined)
      if (content !== editing.content) {
        void teahouse.attempt(() => teahouse.calls.edit(chatroomId, editing.seq, content))
      }
      return
    }
    const mentions = mentionedIn(content, people)
    teahouse.sender.text(chatroomId, content, {
      replyTo: aim?.message.seq, mentions: mentions.length > 0 ? mentions : undefined,
    })
    setText("")
    keepDraft(chatroomId, "")
    setAim(undefined)
    setBegun(undefined)
    field.current?.focus()
  }
  const sendFiles = (picked: FileList | null) => {
    for (const file of Array.from(picked ?? [])) teahouse.sender.file(chatroomId, file)
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
    if (begun) put(`@${nickname} `, begun.start, begun.start + 1 + begun.query.length)
    setBegun(undefined)
    field.current?.focus()
  }
  const onChange = (value: string, place: number) => {
    setText(value)
    setBegun(chatroom.type === "group" ? mentionBegun(value, place) : undefined)
    setChosen(0)
    if (value && !editing) teahouse.typing.tell(chatroomId)
  }
  const editLast = () => {
    const lines = teahouse.state.logs.get(chatroomId)?.lines ?? []
    const own = [...lines].reverse().find((line) =>
      !isChange(line) && line.sender.id === me && line.type === "text" && !line.recalled)
    if (own && !isChange(own)) setAim({ kind: "edit", message: own })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys that choose a character of an input method are not ours.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const name = named[chosen]
    if (name && (event.key === "Enter" || event.key === "Tab")) mention(name.nickname)
    else if (name && step) setChosen((chosen + step + named.length) % named.length)
    else if (event.key === "Escape" && (begun || aim)) {
      if (begun) setBegun(undefined)
      else setAim(undefined)
    } else if (event.key === "ArrowUp" && text === "") editLast()
    else if (event.key === "Enter" && !event.shiftKey) send()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const onPaste = (event: ClipboardEvent) => {
    if (event.clipboardData.files.length === 0) return
    event.preventDefault()
    sendFiles(event.clipboardData.files)
  }

  return (
    <footer className="composer-frame">
      {aim && <AimBar aim={aim} onClose={() => setAim(undefined)} />}
      {named.length > 0 && <MentionList people={named} chosen={chosen} onChoose={mention} />}
      <div className="composer">
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
          aria-label={t("composer.placeholder")} onKeyDown={onKeyDown} onPaste={onPaste}
          onChange={(event) => onChange(event.target.value, event.target.selectionStart)} />
        <IconButton icon="send" label={t("action.send")} className="send-button" onClick={send} />
      </div>
    </footer>
  )
}

function AimBar({ aim, onClose }: { aim: Aim; onClose: () => void }) {
  const t = useT()
  const { kind, message } = aim
  return (
    <div className="aim">
      <Icon name={kind} size={18} />
      <div className="quote" aria-label={kind === "reply"
        ? t("composer.replying", { name: message.sender.nickname }) : t("composer.editing")} role="group">
        <QuoteText message={message} />
      </div>
      <IconButton icon="close" size={18} label={t("action.cancel")} onClick={onClose} />
    </div>
  )
}
