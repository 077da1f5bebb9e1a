import { useState } from "react"
import { Friend } from "../api/contract"
import { Route, navigate } from "../shell/route"
import { useSelected, useT } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Empty, Spinner } from "../ui/Empty"
import { Icon } from "../ui/Icon"
import { Badge, IconButton } from "../ui/IconButton"
import { SearchField } from "../ui/SearchField"
import { Presence } from "./Presence"

/** How many requests wait for an answer. */
export function usePendingRequests(): number {
  return useSelected((state) => state.requests?.received.filter((request) => request.status === "pending").length ?? 0)
}

export function FriendsPane({ route }: { route: Extract<Route, { page: "friends" }> }) {
  const t = useT()
  const friends = useSelected((state) => state.friends)
  const pending = usePendingRequests()
  const [filter, setFilter] = useState("")
  const wanted = filter.trim().toLowerCase()
  const shown = friends?.filter((friend) => matches(friend, wanted)).sort(byName)
  return (
    <section className="pane list-pane" aria-label={t("friends.title")}>
      <header className="pane-head">
        <h1>{t("friends.title")}</h1>
        <IconButton icon="addPerson" label={t("friends.add")} onClick={() => navigate("/friends/add")} />
      </header>
      <SearchField label={t("friends.filter")} value={filter} onChange={setFilter} />
      <div className="scroll">
        <ul className="rows">
          <li>
            <button type="button" className="row" aria-current={route.section === "requests" ? "page" : undefined}
              onClick={() => navigate("/friends/requests")}>
              <span className="avatar avatar-medium avatar-square avatar-icon"><Icon name="addPerson" /></span>
              <span className="row-body row-line">
                <span className="row-name">{t("requests.title")}</span>
                <Badge count={pending} />
              </span>
            </button>
          </li>
          {shown?.map((friend) => (
            <li key={friend.user.id}>
              <button type="button" className="row" aria-current={route.user === friend.user.id ? "page" : undefined}
                onClick={() => navigate(`/friends/${friend.user.id}`)}>
                <Avatar id={friend.user.id} name={friendName(friend)} url={friend.user.avatar} />
                <span className="row-body">
                  <span className="row-name">{friendName(friend)}</span>
                  <Presence friend={friend} otherwise={`@${friend.user.username}`} />
                </span>
              </button>
            </li>
          ))}
        </ul>
        {!friends && <Spinner />}
        {friends?.length === 0 && (
          <Empty title={t("friends.empty")} hint={t("friends.emptyHint")}>
            <button type="button" className="button button-primary" onClick={() => navigate("/friends/add")}>
              {t("friends.add")}
            </button>
          </Empty>
        )}
      </div>
    </section>
  )
}

/** The remark one has given, else the nickname. */
export function friendName({ user, remark }: Friend): string {
  return remark || user.nickname
}

function matches({ user, remark }: Friend, wanted: string): boolean {
  return [user.username, user.nickname, remark ?? ""].some((name) => name.toLowerCase().includes(wanted))
}

function byName(a: Friend, b: Friend): number {
  return friendName(a).localeCompare(friendName(b))
}
