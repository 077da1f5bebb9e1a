import { createContext, useContext, useMemo } from "react"
import { Calls } from "../api/calls"
import { Connection } from "../api/connection"
import { Account, Chatroom, ChatroomChange, ChatroomID, Message, Profile, Seq, UserID, isChange } from "../api/contract"
import { Http, Refusal } from "../api/http"
import { forgetDrafts } from "../chatroom/drafts"
import { Language, Translate, keepLanguage, preferredLanguage, sentence, translator } from "../i18n/i18n"
import { Keeper } from "../kept/keeper"
import { Logs } from "../log/logs"
import { Sender } from "../outbox/sender"
import { Session, onSessionElsewhere, readSession, writeSession } from "../session/session"
import { Notifier } from "../notify/notifier"
import { Receipts } from "../receipts/receipts"
import { Typing } from "../receipts/typing"
import { navigate } from "../shell/route"
import { Theme, keepTheme, preferredTheme } from "../theme/theme"
import { State, Toast, freshState, logOf } from "./state"
import { Store, useStore } from "./store"

/** Well within a token's life, so that a page that stays open never sees it end. */
const renewInterval = 60 * 60_000

/**
 * The client: the store, and everything that changes it. Pages call its methods and show its state.
 *
 * While signed in there is one connection; each `ready` fetches the lists anew, so that whatever was missed of
 * friends, requests and chatrooms is there again.
 */
export class Teahouse {
  readonly store = new Store<State>(freshState({ language: preferredLanguage(), theme: preferredTheme() }, readSession()))
  readonly calls: Calls
  sender: Sender
  logs: Logs
  readonly receipts: Receipts
  readonly typing: Typing
  readonly notifier = new Notifier(() => this.state, () => this.t)
  private readonly keeper: Keeper
  private connection: Connection | null = null
  /** Counts openings and closings. */
  private turn = 0
  private toastId = 0
  private listsTimer: number | undefined
  private renewTimer: number | undefined
  private readonly readTimers = new Map<ChatroomID, number>()

  constructor() {
    this.calls = new Calls(new Http({
      current: () => this.state.session?.user.id ?? null,
      refused: (user) => {
        if (user === this.state.session?.user.id) this.end()
      },
    }))
    this.keeper = new Keeper(this.store)
    this.receipts = new Receipts(this.store, this.calls)
    this.typing = new Typing(this.store, () => this.connection)
    this.sender = this.newSender()
    this.logs = this.newLogs()
    onSessionElsewhere((session) => this.sessionElsewhere(session))
    window.addEventListener("online", () => this.connection?.hurry())
    if (this.state.session) void this.open()
  }

  get state(): State {
    return this.store.get()
  }

  // Session

  async register(username: string, password: string, nickname: string): Promise<void> {
    this.begin((await this.calls.register(username, password, nickname)).user)
  }

  async signIn(username: string, password: string): Promise<void> {
    this.begin((await this.calls.login(username, password)).user)
  }

  async signOut(): Promise<void> {
    await this.calls.logout().catch(() => undefined)
    this.end()
  }

  setLanguage(language: Language): void {
    keepLanguage(language)
    this.store.update(() => ({ language }))
  }

  setTheme(theme: Theme): void {
    keepTheme(theme)
    this.store.update(() => ({ theme }))
  }

  private begin(user: Profile): void {
    const session: Session = { user }
    writeSession(session)
    this.store.update(() => ({ ...freshState(this.state, session) }))
    navigate("/", true)
    void this.open()
  }

  private end(): void {
    if (!this.state.session) return
    writeSession(null)
    forgetDrafts()
    void this.keeper.forget(this.state.session.user.id)
    this.close()
    this.store.update((state) => freshState(state, null))
    navigate("/", true)
  }

  /** A page that stays open for days keeps its session: the cookie anew, then the live socket. */
  private async renew(): Promise<void> {
    try {
      await this.calls.renew()
      await this.connection?.renew()
    } catch {
      // Unreachable, and tried again; a session that is over is told by the 401 itself.
    }
  }

  private sessionElsewhere(session: Session | null): void {
    if (session && session.user.id === this.state.session?.user.id) return this.store.update(() => ({ session }))
    if (this.state.session) this.close()
    this.store.update((state) => freshState(state, session))
    if (session) void this.open()
  }

  // Connection

  private async open(): Promise<void> {
    const user = this.state.session?.user.id
    if (user === undefined) return
    this.sender = this.newSender()
    this.logs = this.newLogs()
    this.sender.resume()
    const turn = ++this.turn
    const kept = await this.keeper.restore(user)
    // Signed out, or somebody else is in, before the disk has answered.
    if (turn !== this.turn) return
    this.store.update(() => kept)
    this.connection = new Connection({
      cursors: () => this.logs.cursors(),
      ready: (payload) => {
        this.logs.ready(payload)
        this.store.update(() => ({ connection: "online", node: payload.node }))
        this.sender.ready()
        void this.loadLists()
      },
      entry: (entry) => {
        this.logs.receive(entry)
        if (isChange(entry)) return
        this.typing.ended(entry.chatroomId, entry.sender.id)
        void this.notifier.arrived(entry).catch(() => undefined)
      },
      chatroom: ({ kind, chatroom }) => this.chatroomChanged(kind, chatroom),
      friendRequest: () => void this.loadPeople(),
      friend: () => void this.loadPeople(),
      presence: ({ userId, online }) => this.store.update(({ friends }) => ({
        friends: friends?.map((friend) => (friend.user.id === userId ? { ...friend, online } : friend)) ?? null,
      })),
      read: (payload) => this.receipts.read(payload),
      typing: (payload) => this.typing.heard(payload),
      disconnected: () => {
        this.store.update(() => ({ connection: "offline" }))
        this.sender.disconnected()
      },
      refused: () => this.end(),
    })
    this.connection.open()
    this.renewTimer = window.setInterval(() => void this.renew(), renewInterval)
    void this.loadLists()
    void this.calls.me().then((user) => this.profileLoaded(user)).catch(() => undefined)
  }

  private close(): void {
    this.turn += 1
    this.keeper.stop()
    this.connection?.close()
    this.connection = null
    this.sender.stop()
    this.logs.stop()
    this.typing.stop()
    window.clearTimeout(this.listsTimer)
    window.clearInterval(this.renewTimer)
  }

  private newSender(): Sender {
    return new Sender(this.store, this.calls, () => this.connection)
  }

  private newLogs(): Logs {
    return new Logs(this.store, this.calls, (clientId) => this.sender.happened({ type: "arrived", clientId }))
  }

  private profileLoaded(user: Account): void {
    const { session } = this.state
    if (!session || session.user.id !== user.id) return
    const known = { ...session, user }
    writeSession(known)
    this.store.update(() => ({ session: known }))
  }

  async updateProfile(change: Parameters<Calls["updateMe"]>[0]): Promise<void> {
    this.profileLoaded(await this.calls.updateMe(change))
  }

  // Lists

  /** Fetches every list anew; while that fails, again after some seconds. */
  async loadLists(): Promise<void> {
    window.clearTimeout(this.listsTimer)
    try {
      await Promise.all([this.loadChatrooms(), this.loadPeople()])
    } catch (error) {
      if (!this.state.session) return
      if (this.state.connection === "connecting" && error instanceof Refusal && error.code === "offline") {
        this.store.update(() => ({ connection: "offline" }))
      }
      this.listsTimer = window.setTimeout(() => void this.loadLists(), 4000)
    }
  }

  async loadChatrooms(): Promise<void> {
    const [chatrooms, summaries] = await Promise.all([this.calls.chatrooms(), this.calls.summaries()])
    this.store.update(() => ({
      chatrooms: new Map(chatrooms.map((chatroom) => [chatroom.id, chatroom])),
      summaries: new Map(summaries.map((summary) => [summary.chatroomId, summary])),
    }))
  }

  async loadPeople(): Promise<void> {
    const [friends, requests] = await Promise.all([this.calls.friends(), this.calls.friendRequests()])
    this.store.update(() => ({ friends, requests }))
  }

  /** `query`: only those that say it. */
  async loadFavorites(query = "", more = false): Promise<void> {
    const answer = await this.calls.favorites(query, more ? this.state.favoritesNext : undefined)
    this.store.update(({ favorites }) => ({
      favorites: more ? [...(favorites ?? []), ...answer.favorites] : answer.favorites,
      favoritesNext: answer.next,
    }))
  }

  /** Makes the names of people known who appear only by id. */
  async meet(ids: readonly UserID[]): Promise<void> {
    const unknown = ids.filter((id) => !this.state.profiles.has(id))
    if (unknown.length === 0) return
    this.remember(await this.calls.usersById(unknown.slice(0, 100)))
  }

  remember(people: readonly Profile[]): void {
    this.store.update(({ profiles }) => {
      const known = new Map(profiles)
      for (const person of people) known.set(person.id, person)
      return { profiles: known }
    })
  }

  private chatroomChanged(kind: "added" | "updated" | "removed", chatroom: Chatroom): void {
    this.store.update((state) => {
      const chatrooms = new Map(state.chatrooms ?? [])
      if (kind === "removed") chatrooms.delete(chatroom.id)
      else if (typeof chatroom.name === "string") {
        // The event is one for all members: what is each one's own is not in it.
        const known = chatrooms.get(chatroom.id)
        chatrooms.set(chatroom.id, {
          ...chatroom, role: chatroom.role ?? known?.role ?? "member", settings: chatroom.settings ?? known?.settings
            ?? { notify: "all", pinned: false, hidden: false },
        })
      }
      return { chatrooms, membersVersion: state.membersVersion + 1 }
    })
    if (kind === "removed") this.logs.forget(chatroom.id)
    if (kind === "added") void this.loadChatrooms().then(() => this.logs.sync(chatroom.id)).catch(() => undefined)
  }

  // Chatrooms

  /** Shows a chatroom's newest page. */
  async openChatroom(id: ChatroomID): Promise<void> {
    await this.logs.loadLatest(id)
  }

  /** Everything up to `seq` has been seen. Told to History at most twice a second and chatroom. */
  markRead(id: ChatroomID, seq: Seq): void {
    if ((this.state.readUpTo.get(id) ?? 0) >= seq) return
    this.store.update(({ readUpTo }) => ({ readUpTo: new Map(readUpTo).set(id, seq) }))
    if (this.readTimers.has(id)) return
    this.readTimers.set(id, window.setTimeout(() => {
      this.readTimers.delete(id)
      const upTo = this.state.readUpTo.get(id)
      if (upTo !== undefined && this.state.session) void this.calls.readUpTo(id, upTo).catch(() => undefined)
    }, 500))
  }

  async openDirect(user: UserID): Promise<void> {
    const chatroom = await this.calls.directChatroom(user)
    this.addChatroom(chatroom)
    navigate(`/chatrooms/${chatroom.id}`)
  }

  async createGroup(name: string, members: readonly UserID[]): Promise<void> {
    const chatroom = await this.calls.createGroup(name, members)
    this.addChatroom(chatroom)
    navigate(`/chatrooms/${chatroom.id}`)
  }

  async setSettings(chatroom: Chatroom, change: Partial<Chatroom["settings"]>): Promise<void> {
    const show = (settings: Chatroom["settings"]) => {
      const now = this.state.chatrooms?.get(chatroom.id)
      if (now) this.addChatroom({ ...now, settings })
    }
    show({ ...chatroom.settings, ...change })
    try {
      await this.calls.setSettings(chatroom.id, change)
    } catch (error) {
      show(chatroom.settings)
      throw error
    }
  }

  async updateChatroom(id: ChatroomID, change: ChatroomChange): Promise<void> {
    this.addChatroom(await this.calls.updateChatroom(id, change))
  }

  /** After leaving or dissolving: it is gone here at once. */
  removeChatroom(id: ChatroomID): void {
    this.store.update((state) => {
      const chatrooms = new Map(state.chatrooms ?? [])
      chatrooms.delete(id)
      return { chatrooms }
    })
    this.logs.forget(id)
    navigate("/")
  }

  private addChatroom(chatroom: Chatroom): void {
    this.store.update((state) => ({ chatrooms: new Map(state.chatrooms ?? []).set(chatroom.id, chatroom) }))
  }

  /** Opens a chatroom at a message. */
  seek(chatroomId: ChatroomID, seq: Seq): void {
    this.store.update(() => ({ sought: { chatroomId, seq } }))
    navigate(`/chatrooms/${chatroomId}`)
  }

  found(): void {
    this.store.update(() => ({ sought: null }))
  }

  /** Fetches a message that another refers to. */
  async quote(chatroomId: ChatroomID, seq: Seq): Promise<void> {
    const id = `${chatroomId}.${seq}`
    if (this.state.quoted.has(id)) return
    const page = await this.calls.messages(chatroomId, { around: seq, limit: 1 })
    const message = page.messages.find((each) => each.seq === seq) ?? null
    this.store.update(({ quoted }) => ({ quoted: new Map(quoted).set(id, message) }))
  }

  // Favorites

  async addFavorite(message: Message): Promise<void> {
    await this.calls.addFavorite(message.id)
    this.toast("info", this.t("favorites.added"))
  }

  async removeFavorite(messageId: string): Promise<void> {
    await this.calls.removeFavorite(messageId)
    this.store.update(({ favorites }) => ({
      favorites: favorites?.filter((favorite) => favorite.messageId !== messageId) ?? null,
    }))
  }

  // Telling

  get t(): Translate {
    return translator(this.state.language)
  }

  toast(kind: Toast["kind"], text: string): void {
    const toast = { id: ++this.toastId, kind, text }
    this.store.update(({ toasts }) => ({ toasts: [...toasts.slice(-2), toast] }))
    window.setTimeout(() => {
      this.store.update(({ toasts }) => ({ toasts: toasts.filter(({ id }) => id !== toast.id) }))
    }, kind === "error" ? 5000 : 2500)
  }

  /** Does what a person asked for, and says so if it is refused. Answers whether it was done. */
  async attempt(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      if (this.state.session) this.toast("error", this.explain(error))
      return false
    }
  }

  /** A sentence in the person's language for whatever went wrong. */
  explain(error: unknown): string {
    if (!(error instanceof Refusal)) return this.t("error.unavailable")
    return sentence(this.t, error.code) ?? error.message
  }

  headOf(id: ChatroomID): Seq {
    return logOf(this.state, id).cursor ?? 0
  }
}

const TeahouseContext = createContext<Teahouse | null>(null)
export const TeahouseProvider = TeahouseContext.Provider

export function useTeahouse(): Teahouse {
  const teahouse = useContext(TeahouseContext)
  if (!teahouse) throw new Error("outside of TeahouseProvider")
  return teahouse
}

/** A part of the state, as it is; see `useStore`. */
export function useSelected<Part>(select: (state: State) => Part): Part {
  return useStore(useTeahouse().store, select)
}

export function useLanguage(): Language {
  return useSelected((state) => state.language)
}

export function useT(): Translate {
  const language = useLanguage()
  return useMemo(() => translator(language), [language])
}
