import { Suspense, lazy, useEffect } from "react"
import { ChatListPane } from "../chatlist/ChatListPane"
import { unreadInAll } from "../chatlist/derive"
import { useChatList } from "../chatlist/useChatList"
import { ChatroomPane } from "../chatroom/ChatroomPane"
import { FriendsDetail } from "../friends/FriendsDetail"
import { FriendsPane, usePendingRequests } from "../friends/FriendsPane"
import { useSelected, useT } from "../store/context"
import { Avatar } from "../ui/Avatar"
import { Empty, Spinner } from "../ui/Empty"
import { Icon, IconName } from "../ui/Icon"
import { Badge } from "../ui/IconButton"
import { Route, navigate } from "./route"
import { useShortcuts } from "./useShortcuts"

// Pages that few open at once with the first: they come when they are gone to.
const FavoritesPage = lazy(() => import("../favorites/FavoritesPage").then((page) => ({ default: page.FavoritesPage })))
const ProfilePage = lazy(() => import("../profile/ProfilePage").then((page) => ({ default: page.ProfilePage })))
const InvitePage = lazy(() => import("../invite/InvitePage").then((page) => ({ default: page.InvitePage })))
const ShortcutsDialog = lazy(() => import("./ShortcutsDialog").then((page) => ({ default: page.ShortcutsDialog })))
const Switcher = lazy(() => import("./Switcher").then((page) => ({ default: page.Switcher })))
const SearchPage = lazy(() => import("../search/SearchPage").then((page) => ({ default: page.SearchPage })))

/** The house from inside: the rail, a list, and what was chosen from it. On phones list and choice take turns. */
export function Shell({ route }: { route: Route }) {
  const t = useT()
  const items = useChatList()
  const unread = items ? unreadInAll(items) : 0
  useTitle(t("app.name"), unread)
  const { overlay, close } = useShortcuts(items, route.page === "chats" ? route.chatroom : undefined)
  const chosen = (route.page === "chats" && route.chatroom !== undefined)
    || (route.page === "friends" && (route.section !== undefined || route.user !== undefined))
  const single = route.page === "favorites" || route.page === "search" || route.page === "profile" || route.page === "invite"
  const shape = single ? "shell shell-single" : chosen ? "shell shell-chosen" : "shell"
  return (
    <div className={shape}>
      <Rail route={route} unread={unread} />
      <ConnectionBar />
      {route.page === "chats" && <ChatListPane items={items} selected={route.chatroom} />}
      {route.page === "friends" && <FriendsPane route={route} />}
      <main className="detail">
        {route.page === "chats" && (route.chatroom
          ? <ChatroomPane id={route.chatroom} />
          : <Empty title={t("chats.choose")} hint={t("chats.chooseHint")} />)}
        {route.page === "friends" && <FriendsDetail route={route} />}
        <Suspense fallback={<Spinner />}>
          {route.page === "search" && (
            <SearchPage chatroom={route.chatroom}
              onBack={() => navigate(route.chatroom ? `/chatrooms/${route.chatroom}` : "/")} />
          )}
          {route.page === "favorites" && <FavoritesPage />}
          {route.page === "profile" && <ProfilePage />}
          {route.page === "invite" && <InvitePage key={route.code} code={route.code} />}
        </Suspense>
      </main>
      <Suspense fallback={null}>
        {overlay === "switcher" && <Switcher items={items ?? []} onClose={close} />}
        {overlay === "shortcuts" && <ShortcutsDialog onClose={close} />}
      </Suspense>
    </div>
  )
}

function Rail({ route, unread }: { route: Route; unread: number }) {
  const t = useT()
  const user = useSelected((state) => state.session?.user)
  const pending = usePendingRequests()
  return (
    <nav className="rail" aria-label={t("app.name")}>
      <button type="button" className="rail-me" aria-label={t("profile.title")} title={user?.nickname}
        aria-current={route.page === "profile" ? "page" : undefined} onClick={() => navigate("/me")}>
        <Avatar id={user?.id ?? 0} name={user?.nickname ?? ""} url={user?.avatar} />
      </button>
      <RailButton icon="chats" label={t("chats.title")} path="/" here={route.page === "chats"} badge={unread} />
      <RailButton icon="friends" label={t("friends.title")} path="/friends" here={route.page === "friends"}
        badge={pending} />
      <RailButton icon="search" label={t("search.title")} path="/search" here={route.page === "search"} />
      <RailButton icon="star" label={t("favorites.title")} path="/favorites" here={route.page === "favorites"} />
    </nav>
  )
}

function RailButton({ icon, label, path, here, badge }: {
  icon: IconName
  label: string
  path: string
  here: boolean
  badge?: number
}) {
  return (
    <button type="button" className="rail-button" aria-label={label} title={label}
      aria-current={here ? "page" : undefined} onClick={() => navigate(path)}>
      <Icon name={icon} size={24} />
      <Badge count={badge} />
      <span className="rail-label" aria-hidden="true">{label}</span>
    </button>
  )
}

/** Says when the connection is away; silent while all is well. */
function ConnectionBar() {
  const t = useT()
  const connection = useSelected((state) => state.connection)
  const node = useSelected((state) => state.node)
  return (
    <div className={`connection connection-${connection}`} role="status" data-connection={connection} data-node={node}>
      {connection === "offline" && t("connection.offline")}
    </div>
  )
}

function useTitle(name: string, unread: number): void {
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${name}` : name
  }, [name, unread])
}
