import { Route, navigate } from "../shell/route"
import { useSelected, useT } from "../store/context"
import { Empty } from "../ui/Empty"
import { IconButton } from "../ui/IconButton"
import { AddFriendPage } from "./AddFriendPage"
import { FriendCard } from "./FriendCard"
import { RequestsPage } from "./RequestsPage"
import { friendName } from "./FriendsPane"

/** The right pane of the friends page. */
export function FriendsDetail({ route }: { route: Extract<Route, { page: "friends" }> }) {
  const t = useT()
  const friend = useSelected((state) => state.friends?.find(({ user }) => user.id === route.user))
  if (!route.section && !friend) return <Empty title={t("friends.choose")} />
  const title = route.section === "requests" ? t("requests.title")
    : route.section === "add" ? t("friends.addTitle") : friend ? friendName(friend) : ""
  return (
    <section className="pane" aria-label={title}>
      <header className="pane-head">
        <IconButton icon="back" label={t("action.back")} className="only-narrow" onClick={() => navigate("/friends")} />
        <h1>{title}</h1>
      </header>
      <div className="scroll page">
        {route.section === "requests" && <RequestsPage />}
        {route.section === "add" && <AddFriendPage />}
        {!route.section && friend && <FriendCard key={friend.user.id} friend={friend} />}
      </div>
    </section>
  )
}
