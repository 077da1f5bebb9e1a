import { useEffect, useState } from "react"
import { Favorite } from "../api/contract"
import { MessageContent } from "../chatroom/MessageContent"
import { dayName } from "../i18n/i18n"
import { navigate } from "../shell/route"
import { useLanguage, useSelected, useT, useTeahouse } from "../store/teahouse"
import { Avatar } from "../ui/Avatar"
import { Empty, Spinner } from "../ui/Empty"

export function FavoritesPage() {
  const t = useT()
  const teahouse = useTeahouse()
  const favorites = useSelected((state) => state.favorites)
  const next = useSelected((state) => state.favoritesNext)
  const [error, setError] = useState("")
  useEffect(() => {
    teahouse.loadFavorites().then(() => setError(""), (problem: unknown) => setError(teahouse.explain(problem)))
  }, [teahouse])
  return (
    <section className="pane" aria-label={t("favorites.title")}>
      <header className="pane-head"><h1>{t("favorites.title")}</h1></header>
      <div className="scroll page">
        {!favorites && !error && <Spinner />}
        {error && !favorites && <Empty title={error} />}
        {favorites?.length === 0 && <Empty title={t("favorites.empty")} hint={t("favorites.emptyHint")} />}
        <ul className="column cards">
          {favorites?.map((favorite) => <FavoriteCard key={favorite.messageId} favorite={favorite} />)}
        </ul>
        {next && (
          <button type="button" className="button center"
            onClick={() => void teahouse.attempt(() => teahouse.loadFavorites("", true))}>
            {t("action.more")}
          </button>
        )}
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
          <button type="button" className="link" onClick={() => navigate(`/chatrooms/${message.chatroomId}`)}>
            {t("favorites.open")}
          </button>
        )}
        <button type="button" className="link link-danger"
          onClick={() => void teahouse.attempt(() => teahouse.removeFavorite(messageId))}>{t("action.remove")}</button>
      </footer>
    </li>
  )
}
