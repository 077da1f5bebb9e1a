import { useEffect, useState } from "react"
import { Favorite, MessageType } from "../api/contract"
import { MessageContent } from "../chatroom/MessageContent"
import { dayName } from "../i18n/i18n"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Empty, Spinner } from "../ui/Empty"
import { SearchField } from "../ui/SearchField"

const types = [undefined, "text", "image", "file"] as const

/** The messages somebody wants to find again: searched by their words, chosen by their type. */
export function FavoritesPage() {
  const t = useT()
  const teahouse = useTeahouse()
  const favorites = useSelected((state) => state.favorites)
  const next = useSelected((state) => state.favoritesNext)
  const [query, setQuery] = useState("")
  const [type, setType] = useState<MessageType>()
  const [error, setError] = useState("")
  const wanted = query.trim()
  useEffect(() => {
    const timer = window.setTimeout(() => {
      teahouse.lists.loadFavorites(wanted).then(() => setError(""), (problem: unknown) => setError(teahouse.explain(problem)))
    }, wanted ? 250 : 0)
    return () => window.clearTimeout(timer)
  }, [teahouse, wanted])
  const shown = favorites?.filter((favorite) => !type || favorite.message.type === type)
  return (
    <section className="pane" aria-label={t("favorites.title")}>
      <header className="pane-head"><h1>{t("favorites.title")}</h1></header>
      <div className="scroll page">
        <div className="column">
          <SearchField label={t("favorites.search")} value={query} onChange={setQuery} />
          <div className="chips" role="group" aria-label={t("search.what")}>
            {types.map((each) => (
              <button key={each ?? "all"} type="button" className="chip" aria-pressed={type === each}
                onClick={() => setType(each)}>{t(each ? `type.${each}` : "search.anything")}</button>
            ))}
          </div>
          {!favorites && !error && <Spinner />}
          {error && !favorites && <Empty title={error} />}
          {shown?.length === 0 && (wanted || type
            ? <Empty title={t("chats.nothing")} />
            : <Empty title={t("favorites.empty")} hint={t("favorites.emptyHint")} />)}
          <ul className="cards">
            {shown?.map((favorite) => <FavoriteCard key={favorite.messageId} favorite={favorite} />)}
          </ul>
          {next && (
            <button type="button" className="button center"
              onClick={() => void teahouse.attempt(() => teahouse.lists.loadFavorites(wanted, true))}>
              {t("action.more")}
            </button>
          )}
        </div>
      </div>
    </section>
  )
}

function FavoriteCard({ favorite }: { favorite: Favorite }) {
  const t = useT()
  const language = useLanguage()
  const teahouse = useTeahouse()
  const { message, messageId } = favorite
  const known = useSelected((state) => state.chatrooms?.get(message.chatroomId))
  const chatroom = known?.name ?? favorite.chatroom?.name ?? ""
  return (
    <li className="card favorite-card">
      <header className="favorite-head">
        <Avatar id={message.sender.id} name={message.sender.nickname} url={message.sender.avatar} size="small" />
        <span className="row-name">
          {chatroom && chatroom !== message.sender.nickname
            ? t("favorites.from", { sender: message.sender.nickname, chatroom })
            : message.sender.nickname}
        </span>
        <time className="quiet" dateTime={message.createdAt}>{dayName(language, message.createdAt)}</time>
      </header>
      <div className="favorite-content"><MessageContent message={message} /></div>
      <footer className="favorite-foot">
        {known && (
          <button type="button" className="link" onClick={() => teahouse.chatrooms.seek(message.chatroomId, message.seq)}>
            {t("favorites.open")}
          </button>
        )}
        <button type="button" className="link link-danger"
          onClick={() => void teahouse.attempt(() => teahouse.lists.removeFavorite(messageId))}>{t("action.remove")}</button>
      </footer>
    </li>
  )
}
