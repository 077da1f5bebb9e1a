import { Chatroom, ChatroomID, Friend, FriendRequests, Seq, Summary, UserID } from "../api/contract"
import { ChatroomLog, trimmed } from "../log/log"
import { State } from "../store/state"
import { Store } from "../store/store"
import { inStore } from "./database"

interface KeptLists {
  epoch: string | undefined
  chatrooms: Chatroom[]
  summaries: Summary[]
  readUpTo: [ChatroomID, Seq][]
  friends: Friend[] | null
  requests: FriendRequests | null
}

/** How long changes gather before they are written. Whatever is not written yet is fetched again: nothing is lost. */
const gather = 400

/**
 * Keeps what the pages show in IndexedDB, so that the next page shows it before any service has answered, and continues
 * each log at its cursor. A log is one record: cursor and entries are never apart.
 */
export class Keeper {
  private user: UserID | undefined
  private timer: number | undefined
  private lists: unknown[] = []
  private readonly logs = new Map<ChatroomID, ChatroomLog>()

  constructor(private readonly store: Store<State>) {
    store.subscribe(() => {
      if (this.user !== undefined) this.timer ??= window.setTimeout(() => void this.write(), gather)
    })
    window.addEventListener("pagehide", () => void this.write())
  }

  /** What the last page of this user knew. From now on changes are kept. */
  async restore(user: UserID): Promise<Partial<State>> {
    const range = logsOf(user)
    const [lists, keys, logs] = await Promise.all([
      inStore("kept", "readonly", (kept) => kept.get(`${user}/lists`) as IDBRequest<KeptLists | undefined>),
      inStore("kept", "readonly", (kept) => kept.getAllKeys(range)),
      inStore("kept", "readonly", (kept) => kept.getAll(range) as IDBRequest<ChatroomLog[]>),
    ]).catch(() => [])
    this.user = user
    if (!lists) return {}
    return {
      epoch: lists.epoch,
      chatrooms: byId(lists.chatrooms, ({ id }) => id),
      summaries: byId(lists.summaries, ({ chatroomId }) => chatroomId),
      readUpTo: new Map(lists.readUpTo),
      friends: lists.friends,
      requests: lists.requests,
      logs: new Map((logs ?? []).map((log, index) => [Number(String(keys?.[index]).split("/")[2]), log])),
    }
  }

  /** The page goes on to somebody else, or to nobody. */
  stop(): void {
    window.clearTimeout(this.timer)
    this.timer = undefined
    this.user = undefined
    this.lists = []
    this.logs.clear()
  }

  /** Whoever signs out leaves nothing here but what was not sent. */
  async forget(user: UserID): Promise<void> {
    await inStore("kept", "readwrite", (kept) => kept.delete(IDBKeyRange.bound(`${user}/`, `${user}/\uffff`)))
      .catch(() => undefined)
  }

  private async write(): Promise<void> {
    window.clearTimeout(this.timer)
    this.timer = undefined
    const { user } = this
    const state = this.store.get()
    if (user === undefined || !state.chatrooms) return
    const parts = [state.epoch, state.chatrooms, state.summaries, state.readUpTo, state.friends, state.requests]
    const listsChanged = parts.some((part, index) => part !== this.lists[index])
    const changed = [...state.logs].filter(([id, log]) => this.logs.get(id) !== log)
    const gone = [...this.logs.keys()].filter((id) => !state.logs.has(id))
    if (!listsChanged && changed.length + gone.length === 0) return
    this.lists = parts
    for (const [id, log] of changed) this.logs.set(id, log)
    for (const id of gone) this.logs.delete(id)
    await inStore("kept", "readwrite", (kept) => {
      if (listsChanged) kept.put(keptLists(state, state.chatrooms), `${user}/lists`)
      for (const [id, log] of changed) kept.put(trimmed(log), `${user}/log/${id}`)
      for (const id of gone) kept.delete(`${user}/log/${id}`)
    }).catch(() => undefined)
  }
}

function keptLists(state: State, chatrooms: State["chatrooms"]): KeptLists {
  return {
    epoch: state.epoch,
    chatrooms: [...chatrooms?.values() ?? []],
    summaries: [...state.summaries.values()],
    readUpTo: [...state.readUpTo],
    friends: state.friends && [...state.friends],
    requests: state.requests,
  }
}

function logsOf(user: UserID): IDBKeyRange {
  return IDBKeyRange.bound(`${user}/log/`, `${user}/log/\uffff`)
}

function byId<Item>(items: readonly Item[], id: (item: Item) => number): Map<number, Item> {
  return new Map(items.map((item) => [id(item), item]))
}
