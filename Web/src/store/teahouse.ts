import { Calls } from "../api/calls"
import { Connection } from "../api/connection"
import { Account, Profile, isChange } from "../api/contract"
import { Http } from "../api/http"
import { forgetDrafts } from "../chatroom/drafts"
import { Language, Translate, keepLanguage, loadLanguage, preferredLanguage } from "../i18n/i18n"
import { Keeper } from "../kept/keeper"
import { Logs } from "../log/logs"
import { Notifier } from "../notify/notifier"
import { Sender } from "../outbox/sender"
import { Receipts } from "../receipts/receipts"
import { Typing } from "../receipts/typing"
import { Session, onSessionElsewhere, readSession, writeSession } from "../session/session"
import { keptPath, navigate } from "../shell/route"
import { Theme, keepTheme, preferredTheme } from "../theme/theme"
import { Chatrooms } from "./chatrooms"
import { Lists } from "./lists"
import { State, Toast, freshState } from "./state"
import { Store } from "./store"
import { Telling } from "./telling"

/** Well within a token's life, so that a page that stays open never sees it end. */
const renewInterval = 60 * 60_000

/**
 * The client: the store, who is signed in, and the one connection. What changes the store otherwise is in its parts, by
 * subject; pages call them and show its state.
 *
 * While signed in there is one connection; each `ready` fetches the lists anew, so that whatever was missed of
 * friends, requests and chatrooms is there again.
 */
export class Teahouse {
  readonly store = new Store<State>(freshState({ language: preferredLanguage(), theme: preferredTheme() }, readSession()))
  readonly calls: Calls
  readonly lists: Lists
  readonly chatrooms: Chatrooms
  sender: Sender
  logs: Logs
  readonly receipts: Receipts
  readonly typing: Typing
  readonly notifier: Notifier
  private readonly telling = new Telling(this.store)
  private readonly keeper: Keeper
  private connection: Connection | null = null
  /** Counts openings and closings. */
  private turn = 0
  private renewTimer: number | undefined

  constructor() {
    this.calls = new Calls(new Http({
      current: () => this.state.session?.user.id ?? null,
      refused: (user) => {
        if (user === this.state.session?.user.id) this.end()
      },
    }))
    this.keeper = new Keeper(this.store)
    this.lists = new Lists(this.store, this.calls, this.telling)
    this.chatrooms = new Chatrooms(this.store, this.calls, this.lists, () => this.logs)
    this.receipts = new Receipts(this.store, this.calls)
    this.typing = new Typing(this.store, () => this.connection)
    this.notifier = new Notifier(() => this.state, () => this.t)
    this.sender = this.newSender()
    this.logs = this.newLogs()
    onSessionElsewhere((session) => this.sessionElsewhere(session))
    window.addEventListener("online", () => this.connection?.hurry())
    document.addEventListener("visibilitychange", () => {
      // Nothing tells of who asks to be let in: whoever comes back to the page looks.
      if (this.connection?.online && document.visibilityState === "visible") this.lists.lookForJoinRequests()
    })
    if (this.state.session) void this.open()
  }

  get state(): State {
    return this.store.get()
  }

  get t(): Translate {
    return this.telling.t
  }

  toast(kind: Toast["kind"], text: string): void {
    this.telling.toast(kind, text)
  }

  attempt(work: () => Promise<unknown>): Promise<boolean> {
    return this.telling.attempt(work)
  }

  explain(error: unknown): string {
    return this.telling.explain(error)
  }

  // Session

  async register(wish: Parameters<Calls["register"]>[0]): Promise<void> {
    this.begin((await this.calls.register(wish)).user)
  }

  async signIn(username: string, password: string, totp?: string): Promise<void> {
    this.begin((await this.calls.login(username, password, totp)).user)
  }

  async signOut(): Promise<void> {
    await this.calls.logout().catch(() => undefined)
    this.end()
  }

  async deleteAccount(password: string): Promise<void> {
    await this.calls.deleteMe(password)
    this.end()
  }

  async setLanguage(language: Language): Promise<void> {
    await loadLanguage(language)
    keepLanguage(language)
    this.store.update(() => ({ language }))
  }

  setTheme(theme: Theme): void {
    keepTheme(theme)
    this.store.update(() => ({ theme }))
  }

  async updateProfile(change: Parameters<Calls["updateMe"]>[0]): Promise<void> {
    this.profileLoaded(await this.calls.updateMe(change))
  }

  async changeEmail(email: string, code: string, password: string): Promise<void> {
    this.profileLoaded(await this.calls.changeEmail(email, code, password))
  }

  private begin(user: Profile): void {
    const session: Session = { user }
    writeSession(session)
    this.store.update(() => ({ ...freshState(this.state, session) }))
    navigate(keptPath(), true)
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

  private profileLoaded(user: Account): void {
    const { session } = this.state
    if (!session || session.user.id !== user.id) return
    const known = { ...session, user }
    writeSession(known)
    this.store.update(() => ({ session: known }))
  }

  // Connection

  private async open(): Promise<void> {
    const user = this.state.session?.user.id
    if (user === undefined) return
    this.sender = this.newSender()
    this.logs = this.newLogs()
    this.sender.resume()
    this.chatrooms.draftsChanged()
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
        void this.lists.load()
      },
      entry: (entry) => {
        this.logs.receive(entry)
        if (isChange(entry)) return
        this.typing.ended(entry.chatroomId, entry.sender.id)
        void this.notifier.arrived(entry).catch(() => undefined)
      },
      chatroom: ({ kind, chatroom }) => this.chatrooms.changed(kind, chatroom),
      friendRequest: () => this.loadPeople(),
      friend: () => this.loadPeople(),
      presence: (payload) => this.lists.presence(payload),
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
    void this.lists.load()
    void this.calls.me().then((user) => this.profileLoaded(user)).catch(() => undefined)
  }

  /** What fails here is fetched anew by the next `ready`. */
  private loadPeople(): void {
    void this.lists.loadPeople().catch(() => undefined)
  }

  private close(): void {
    this.turn += 1
    this.keeper.stop()
    this.connection?.close()
    this.connection = null
    this.sender.stop()
    this.logs.stop()
    this.typing.stop()
    this.lists.stop()
    this.chatrooms.stop()
    window.clearInterval(this.renewTimer)
  }

  private newSender(): Sender {
    return new Sender(this.store, this.calls, () => this.connection)
  }

  private newLogs(): Logs {
    return new Logs(this.store, this.calls, (clientId) => this.sender.happened({ type: "arrived", clientId }))
  }
}
