import { useEffect, useState } from "react"
import { Profile } from "../api/contract"
import { useT, useTeahouse } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Spinner } from "../ui/Empty"
import { SearchField } from "../ui/SearchField"
import { AskFriend } from "./AskFriend"

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
  return (
    <li className="card person-card">
      <Avatar id={user.id} name={user.nickname} url={user.avatar} />
      <div className="person-text">
        <span className="row-name">{user.nickname}</span>
        <span className="quiet">@{user.username}</span>
      </div>
      <AskFriend user={user} />
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
