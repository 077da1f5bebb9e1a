import { FormEvent, useEffect, useState } from "react"
import { Profile } from "../api/contract"
import { useSelected, useT, useTeahouse } from "../store/teahouse"
import { Avatar } from "../ui/Avatar"
import { Spinner } from "../ui/Empty"
import { SearchField } from "../ui/SearchField"

/** Finds people by username or nickname, and asks them. */
export function AddFriendPage() {
  const t = useT()
  const [query, setQuery] = useState("")
  const found = useSearch(query.trim())
  return (
    <div className="column">
      <SearchField label={t("friends.searchHint")} value={query} onChange={setQuery} autoFocus />
      {found === "searching" && <Spinner />}
      {Array.isArray(found) && found.length === 0 && <p className="nothing">{t("friends.searchNothing")}</p>}
      <ul className="cards">
        {Array.isArray(found) && found.map((user) => <FoundPerson key={user.id} user={user} />)}
      </ul>
    </div>
  )
}

function FoundPerson({ user }: { user: Profile }) {
  const t = useT()
  const teahouse = useTeahouse()
  const me = useSelected((state) => state.session?.user.id)
  const isFriend = useSelected((state) => state.friends?.some((friend) => friend.user.id === user.id) ?? false)
  const isAsked = useSelected((state) =>
    state.requests?.sent.some((request) => request.user.id === user.id && request.status === "pending") ?? false)
  const [asking, setAsking] = useState(false)
  const [reason, setReason] = useState("")
  const send = async (event: FormEvent) => {
    event.preventDefault()
    const done = await teahouse.attempt(async () => {
      await teahouse.calls.requestFriend(user.id, reason.trim())
      await teahouse.loadPeople()
    })
    if (done) setAsking(false)
  }
  return (
    <li className="card">
      <div className="person-card">
        <Avatar id={user.id} name={user.nickname} url={user.avatar} />
        <div className="person-text">
          <span className="row-name">{user.nickname}</span>
          <span className="quiet">@{user.username}</span>
        </div>
        {user.id === me && <span className="tag">{t("friends.you")}</span>}
        {isFriend && <span className="tag">{t("friends.isFriend")}</span>}
        {isAsked && <span className="tag">{t("friends.asked")}</span>}
        {user.id !== me && !isFriend && !isAsked && !asking && (
          <button type="button" className="button button-primary" onClick={() => setAsking(true)}>
            {t("action.add")}
          </button>
        )}
      </div>
      {asking && (
        <form className="ask-form" onSubmit={(event) => void send(event)}>
          <input value={reason} maxLength={100} autoFocus placeholder={t("friends.addReason")}
            aria-label={t("friends.addReason")} onChange={(event) => setReason(event.target.value)} />
          <button type="button" className="button" onClick={() => setAsking(false)}>{t("action.cancel")}</button>
          <button type="submit" className="button button-primary">{t("friends.addSend")}</button>
        </form>
      )}
    </li>
  )
}

/** People of that name; asked a moment after the last key, and only the last answer counts. */
function useSearch(query: string): Profile[] | "searching" | undefined {
  const teahouse = useTeahouse()
  const [found, setFound] = useState<Profile[] | "searching">()
  useEffect(() => {
    if (!query) {
      setFound(undefined)
      return undefined
    }
    let current = true
    setFound("searching")
    const timer = window.setTimeout(() => {
      teahouse.calls.searchUsers(query).then(
        (users) => current && setFound(users),
        (error: unknown) => {
          if (!current) return
          setFound(undefined)
          teahouse.toast("error", teahouse.explain(error))
        },
      )
    }, 250)
    return () => {
      current = false
      window.clearTimeout(timer)
    }
  }, [teahouse, query])
  return found
}
