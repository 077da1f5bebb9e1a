import { Calls } from "../api/calls"
import { Chatroom, ChatroomChange, ChatroomID, Seq, UserID } from "../api/contract"
import { allDrafts } from "../chatroom/drafts"
import { Logs } from "../log/logs"
import { navigate } from "../shell/route"
import { Lists } from "./lists"
import { State } from "./state"
import { Store } from "./store"

/** How long what was read gathers before History is told, in milliseconds. */
const gather = 500

/** Where one talks: opened, made, set and left; each change is shown here at once. */
export class Chatrooms {
  private readonly timers = new Map<ChatroomID, number>()

  constructor(
    private readonly store: Store<State>, private readonly calls: Calls, private readonly lists: Lists,
    private readonly logs: () => Logs,
  ) {}

  stop(): void {
    for (const timer of this.timers.values()) window.clearTimeout(timer)
    this.timers.clear()
  }

  /** What the socket tells of a chatroom. */
  changed(kind: "added" | "updated" | "removed", chatroom: Chatroom): void {
    this.store.update((state) => {
      const chatrooms = new Map(state.chatrooms ?? [])
      if (kind === "removed") chatrooms.delete(chatroom.id)
      else if (typeof chatroom.name === "string") {
        // An event for all members has nothing that is each one's own: that stays.
        const known = chatrooms.get(chatroom.id)
        chatrooms.set(chatroom.id, {
          ...chatroom, role: chatroom.role ?? known?.role ?? "member", settings: chatroom.settings ?? known?.settings
            ?? { notify: "all", pinned: false, hidden: false },
          mutedUntil: chatroom.canSend === undefined ? known?.mutedUntil : chatroom.mutedUntil,
        })
      }
      return { chatrooms, membersVersion: state.membersVersion + 1 }
    })
    if (kind === "removed") this.logs().forget(chatroom.id)
    else if (kind === "added") void this.lists.loadChatrooms().then(() => this.logs().sync(chatroom.id)).catch(() => undefined)
    else this.lists.lookForJoinRequests()
  }

  /** Everything up to `seq` has been seen. Told to History at most twice a second and chatroom. */
  markRead(id: ChatroomID, seq: Seq): void {
    if ((this.store.get().readUpTo.get(id) ?? 0) >= seq) return
    this.store.update(({ readUpTo }) => ({ readUpTo: new Map(readUpTo).set(id, seq) }))
    if (this.timers.has(id)) return
    this.timers.set(id, window.setTimeout(() => {
      this.timers.delete(id)
      const { readUpTo, session } = this.store.get()
      const upTo = readUpTo.get(id)
      if (upTo !== undefined && session) void this.calls.readUpTo(id, upTo).catch(() => undefined)
    }, gather))
  }

  async openDirect(user: UserID): Promise<void> {
    const chatroom = await this.calls.directChatroom(user)
    this.add(chatroom)
    navigate(`/chatrooms/${chatroom.id}`)
  }

  async createGroup(name: string, members: readonly UserID[]): Promise<void> {
    const chatroom = await this.calls.createGroup(name, members)
    this.add(chatroom)
    navigate(`/chatrooms/${chatroom.id}`)
  }

  /** Follows a link into a group. Answers whether one is in it, or waits to be let in. */
  async follow(code: string): Promise<"member" | "waiting"> {
    const answer = await this.calls.followInvite(code)
    if ("status" in answer) return "waiting"
    this.add(answer)
    navigate(`/chatrooms/${answer.id}`, true)
    return "member"
  }

  async setSettings(chatroom: Chatroom, change: Partial<Chatroom["settings"]>): Promise<void> {
    const settings = { ...chatroom.settings, ...change }
    await this.shownAtOnce(chatroom, { settings }, () => this.calls.setSettings(chatroom.id, change))
  }

  async update(chatroom: Chatroom, change: ChatroomChange): Promise<void> {
    await this.shownAtOnce(chatroom, change, async () => this.add(await this.calls.updateChatroom(chatroom.id, change)))
    if (change.joinApproval !== undefined) await this.lists.loadJoinRequests()
  }

  /** What a person sets is seen before it is stored, and taken back if it is not. */
  private async shownAtOnce(chatroom: Chatroom, change: Partial<Chatroom>, work: () => Promise<unknown>): Promise<void> {
    const show = (fields: Partial<Chatroom>) => {
      const now = this.store.get().chatrooms?.get(chatroom.id)
      if (now) this.add({ ...now, ...fields })
    }
    show(change)
    try {
      await work()
    } catch (error) {
      const before = Object.keys(change).map((name) => [name, chatroom[name as keyof Chatroom]])
      show(Object.fromEntries(before) as Partial<Chatroom>)
      throw error
    }
  }

  /** Lets somebody in who waits, or does not. */
  async settle(id: ChatroomID, user: UserID, letsIn: boolean): Promise<void> {
    try {
      await this.calls.settleJoinRequest(id, user, letsIn)
    } finally {
      await this.lists.loadJoinRequests()
    }
  }

  /** After leaving or dissolving: it is gone here at once. */
  remove(id: ChatroomID): void {
    this.store.update((state) => {
      const chatrooms = new Map(state.chatrooms ?? [])
      chatrooms.delete(id)
      return { chatrooms }
    })
    this.logs().forget(id)
    navigate("/")
  }

  /** One has left off writing somewhere. */
  draftsChanged(): void {
    this.store.update(() => ({ drafts: allDrafts() }))
  }

  private add(chatroom: Chatroom): void {
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
    if (this.store.get().quoted.has(id)) return
    const page = await this.calls.messages(chatroomId, { around: seq, limit: 1 })
    const message = page.messages.find((each) => each.seq === seq) ?? null
    this.store.update(({ quoted }) => ({ quoted: new Map(quoted).set(id, message) }))
  }
}
