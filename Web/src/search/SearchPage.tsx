import { useEffect, useState } from "react"
import { ChatroomID, Found, Message, MessageType, UserID } from "../api/contract"
import { useChatList } from "../chatlist/useChatList"
import { previewText } from "../chatlist/preview"
import { friendName } from "../friends/FriendsPane"
import { shortTime } from "../i18n/i18n"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Empty, Spinner } from "../ui/Empty"
import { IconButton } from "../ui/IconButton"
import { SearchField } from "../ui/SearchField"
import { Marked } from "./Marked"
import { Period, periods, since } from "./period"

interface Filters {
  chatroomId?: ChatroomID
  from?: UserID
  type?: MessageType
  period: Period
}

/** Everything one may see, by its words; each message found leads to its place. */
export function SearchPage({ chatroom, onBack }: { chatroom?: ChatroomID; onBack: () => void }) {
  const t = useT()
  const [query, setQuery] = useState("")
  const [filters, setFilters] = useState<Filters>({ chatroomId: chatroom, period: "ever" })
  const { found, busy, error, more } = useFound(query.trim(), filters)
  return (
    <section className="pane" aria-label={t("search.title")}>
      <header className="pane-head">
        <IconButton icon="back" label={t("action.back")} className="only-narrow" onClick={onBack} />
        <h1>{t("search.title")}</h1>
      </header>
      <div className="scroll page">
        <div className="column">
          <SearchField label={t("search.hint")} value={query} onChange={setQuery} autoFocus />
          <FilterBar filters={filters} onChange={setFilters} />
          {!query.trim() && <Empty title={t("search.begin")} hint={t("search.beginHint")} />}
          {error && <Empty title={error} />}
          {found?.messages.length === 0 && !error && <Empty title={t("chats.nothing")} />}
          <ul className="rows found">
            {found?.messages.map((message) => <FoundRow key={message.id} message={message} query={query} />)}
          </ul>
          {busy && <Spinner />}
          {found?.next && !busy && (
            <button type="button" className="button center" onClick={more}>{t("action.more")}</button>
          )}
        </div>
      </div>
    </section>
  )
}

function FilterBar({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  const t = useT()
  const chats = useChatList() ?? []
  const friends = useSelected((state) => state.friends) ?? []
  const me = useSelected((state) => state.session?.user)
  const number = (value: string) => (value ? Number(value) : undefined)
  return (
    <div className="filters">
      <select aria-label={t("search.where")} value={filters.chatroomId ?? ""}
        onChange={(event) => onChange({ ...filters, chatroomId: number(event.target.value) })}>
        <option value="">{t("search.anywhere")}</option>
        {chats.map(({ chatroom, name }) => <option key={chatroom.id} value={chatroom.id}>{name}</option>)}
      </select>
      <select aria-label={t("search.who")} value={filters.from ?? ""}
        onChange={(event) => onChange({ ...filters, from: number(event.target.value) })}>
        <option value="">{t("search.anybody")}</option>
        {me && <option value={me.id}>{t("system.you")}</option>}
        {friends.map((friend) => <option key={friend.user.id} value={friend.user.id}>{friendName(friend)}</option>)}
      </select>
      <select aria-label={t("search.what")} value={filters.type ?? ""}
        onChange={(event) => onChange({ ...filters, type: (event.target.value || undefined) as MessageType | undefined })}>
        <option value="">{t("search.anything")}</option>
        {(["text", "image", "file"] as const).map((type) => <option key={type} value={type}>{t(`type.${type}`)}</option>)}
      </select>
      <select aria-label={t("search.when")} value={filters.period}
        onChange={(event) => onChange({ ...filters, period: event.target.value as Period })}>
        {periods.map((period) => <option key={period} value={period}>{t(`period.${period}`)}</option>)}
      </select>
    </div>
  )
}

function FoundRow({ message, query }: { message: Message; query: string }) {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const chatroom = useSelected((state) => state.chatrooms?.get(message.chatroomId))
  const { sender } = message
  return (
    <li>
      <button type="button" className="row" onClick={() => teahouse.chatrooms.seek(message.chatroomId, message.seq)}>
        <Avatar id={sender.id} name={sender.nickname} url={sender.avatar} />
        <span className="row-body">
          <span className="row-line">
            <span className="row-name">
              {chatroom?.type === "group"
                ? t("favorites.from", { sender: sender.nickname, chatroom: chatroom.name }) : sender.nickname}
            </span>
            <time className="row-time" dateTime={message.createdAt}>{shortTime(language, message.createdAt)}</time>
          </span>
          <span className="row-text found-text"><Marked text={previewText(t, message)} query={query} /></span>
        </span>
      </button>
    </li>
  )
}

/** How long the typing must rest before the service is asked. */
const rest = 250

function useFound(query: string, filters: Filters) {
  const teahouse = useTeahouse()
  const [found, setFound] = useState<Found>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState("")
  const { chatroomId, from, type, period } = filters
  const ask = (cursor?: string) =>
    teahouse.calls.search({ query, chatroomId, from, type, after: since(period, new Date()) }, cursor)
  useEffect(() => {
    setFound(undefined)
    setError("")
    setBusy(query !== "")
    if (!query) return undefined
    let current = true
    const timer = window.setTimeout(() => {
      ask().then(
        (answer) => current && setFound(answer),
        (problem: unknown) => current && setError(teahouse.explain(problem)),
      ).finally(() => current && setBusy(false))
    }, rest)
    return () => {
      current = false
      window.clearTimeout(timer)
    }
  }, [teahouse, query, chatroomId, from, type, period])
  const more = () => void teahouse.attempt(async () => {
    const answer = await ask(found?.next)
    setFound({ ...answer, messages: [...(found?.messages ?? []), ...answer.messages] })
  })
  return { found, busy, error, more }
}
