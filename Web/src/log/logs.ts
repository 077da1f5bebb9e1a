import { Calls } from "../api/calls"
import { ChatroomID, Entry, Page, Ready, Seq, SystemChange, isChange } from "../api/contract"
import { State, logOf, withLog } from "../store/state"
import { Store } from "../store/store"
import {
  ChatroomLog, addAboveAside, addAside, addBelowAside, addLatestPage, addOlderPage, addSystemChanges, bounded, emptyLog,
  hole, leaveAside, receive, receiveAll, startAt,
} from "./log"
import { firstSince } from "./since"

/** What is shown first should come soon; whoever scrolls on wants more at a time. */
const pageSize = 50
const nextSize = 100
/** How long entries that follow each other gather, in milliseconds. */
const gather = 200

/** Brings entries and pages into the logs of the store, and closes holes. */
export class Logs {
  private arrived: Entry[] = []
  private flushTimer: number | undefined
  private flushedAt = 0
  private readonly syncing = new Set<ChatroomID>()
  private readonly timers = new Set<number>()
  private sentCursors: Record<string, Seq> = {}
  /** Where somebody looks at what is further up. */
  private lookedUpIn: ChatroomID | undefined

  /** `settle` is told which of one's own messages are in a log now. */
  constructor(
    private readonly store: Store<State>,
    private readonly calls: Calls,
    private readonly settle: (clientId: string) => void,
  ) {}

  /** Nothing of this chatroom is dropped while somebody looks further up in it. */
  lookUp(id: ChatroomID, further: boolean): void {
    if (further) this.lookedUpIn = id
    else if (this.lookedUpIn === id) this.lookedUpIn = undefined
  }

  stop(): void {
    window.clearTimeout(this.flushTimer)
    for (const timer of this.timers) window.clearTimeout(timer)
  }

  /** What CONNECT tells: up to where every log is held. */
  cursors(): { cursors: Record<string, Seq>; epoch?: string } {
    this.flush()
    this.sentCursors = {}
    for (const [id, log] of this.store.get().logs) {
      if (log.cursor !== null) this.sentCursors[id] = log.cursor
    }
    return { cursors: this.sentCursors, epoch: this.store.get().epoch }
  }

  /** The answer to CONNECT: what is far behind is left to pages, what had no cursor is live from its head on. */
  ready(payload: Ready): void {
    this.store.update((state) => {
      const another = state.epoch !== undefined && state.epoch !== payload.epoch
      const logs = new Map<ChatroomID, ChatroomLog>()
      for (const { id, head, behind } of payload.chatrooms) {
        const log = another || behind ? emptyLog : logOf(state, id)
        logs.set(id, startAt(log, head))
      }
      return { logs, epoch: payload.epoch }
    })
    for (const { id } of payload.chatrooms) this.settleIn(id)
    // The replay is on its way; whoever is still short of its head after that asks.
    this.after(3000, () => {
      const short = payload.chatrooms.filter(({ id, head, behind }) => {
        const cursor = logOf(this.store.get(), id).cursor
        return !behind && cursor !== null && cursor < head
      })
      for (const { id } of short) void this.sync(id)
    })
  }

  /**
   * A live or replayed entry. What comes alone is put into the store at once, what comes in numbers together, some times
   * a second: a replay of a thousand would otherwise paint the page a thousand times, and a busy chatroom leave no time
   * for the keys of whoever writes there. (No animation frame: hidden tabs have none.)
   */
  receive(entry: Entry): void {
    this.arrived.push(entry)
    this.flushTimer ??= window.setTimeout(() => this.flush(), Math.max(16, this.flushedAt + gather - Date.now()))
  }

  /** Makes sure that the newest page is there. */
  async loadLatest(id: ChatroomID): Promise<void> {
    await this.once(id, async () => {
      const page = await this.calls.messages(id, { limit: pageSize })
      const known = logOf(this.store.get(), id).cursor ?? 0
      this.change(id, (log) => addLatestPage(log, page.messages, page.head, page.messages.length >= pageSize))
      // A page read from a place that lags behind: what came after it is asked for again.
      if ((logOf(this.store.get(), id).cursor ?? 0) < known) await this.sync(id)
      await this.fillIn(id, page, pageSize)
    })
  }

  async loadOlder(id: ChatroomID): Promise<void> {
    const log = logOf(this.store.get(), id)
    if (log.complete || log.cursor === null) return
    await this.once(id, async () => {
      const page = await this.calls.messages(id, { before: log.low, limit: nextSize })
      this.change(id, (now) =>
        now.low === log.low ? addOlderPage(now, page.messages, page.head, page.messages.length >= nextSize) : now)
      await this.fillIn(id, page, nextSize, log.low - 1)
    })
  }

  /** Brings the messages around a place to the page. Answers whether the place is there now. */
  async loadAround(id: ChatroomID, seq: Seq): Promise<boolean> {
    if (holds(logOf(this.store.get(), id), seq)) {
      this.leaveAside(id)
      return true
    }
    const page = await this.calls.messages(id, { around: seq, limit: pageSize })
    // A place has half a page on each side, less where the log ends.
    const above = page.messages.filter((message) => message.seq < seq).length
    const below = page.messages.filter((message) => message.seq > seq).length
    const enough = Math.floor(pageSize / 2) - 1
    this.change(id, (log) => addAside(log, page.messages, page.head, { older: above >= enough, newer: below >= enough }))
    return page.messages.some((message) => message.seq === seq)
  }

  leaveAside(id: ChatroomID): void {
    this.change(id, leaveAside)
  }

  /** The page above, or below, of what is looked at aside. */
  async loadBeside(id: ChatroomID, side: "above" | "below"): Promise<void> {
    const aside = logOf(this.store.get(), id).aside
    const edge = side === "above" ? aside?.lines[0] : aside?.lines[aside.lines.length - 1]
    if (!aside || !edge || (side === "above" && aside.complete)) return
    await this.once(id, async () => {
      const place = side === "above" ? { before: edge.seq } : { after: edge.seq }
      const page = await this.calls.messages(id, { ...place, limit: nextSize })
      const full = page.messages.length >= nextSize
      this.change(id, (log) => log.aside?.lines !== aside.lines ? log
        : side === "above" ? addAboveAside(log, page.messages, page.head, full)
          : addBelowAside(log, page.messages, page.head, full))
    })
  }

  /** The first message of a chatroom at or after a time, in milliseconds. */
  firstSince(id: ChatroomID, time: number): Promise<Seq | undefined> {
    return firstSince((place) => this.calls.messages(id, place), time)
  }

  /** Where seqs are missing in a page something else happened; in a group that is often worth a line. */
  private async fillIn(id: ChatroomID, page: Page, limit: number, upTo = page.head): Promise<void> {
    if (this.store.get().chatrooms?.get(id)?.type !== "group") return
    const first = page.messages.length >= limit ? page.messages[0]?.seq ?? 1 : 1
    if (upTo - first + 1 === page.messages.length) return
    const answer = await this.calls.sync({ [id]: first - 1 })
    const entries = answer.chatrooms.flatMap((chatroom) => chatroom.entries.map(payload))
    const changes = entries.filter((entry): entry is SystemChange => isChange(entry) && entry.kind === "system")
    this.change(id, (log) => addSystemChanges(log, changes))
  }

  /** Fetches everything after the cursor, as long as that brings it forward. */
  async sync(id: ChatroomID): Promise<void> {
    if (this.syncing.has(id)) return
    this.syncing.add(id)
    try {
      for (;;) {
        const cursor = logOf(this.store.get(), id).cursor
        if (cursor === null) return
        const answer = (await this.calls.sync({ [id]: cursor })).chatrooms.find((chatroom) => chatroom.id === id)
        if (!answer) return
        const entries = answer.entries.map(payload)
        this.change(id, (log) => receiveAll(log, entries))
        const moved = (logOf(this.store.get(), id).cursor ?? 0) > cursor
        if (!answer.more || !moved) return
      }
    } catch {
      // Unreachable: the next `ready` replays from the cursor.
    } finally {
      this.syncing.delete(id)
    }
  }

  forget(id: ChatroomID): void {
    this.store.update((state) => {
      const logs = new Map(state.logs)
      logs.delete(id)
      return { logs }
    })
  }

  /** Applies a change, and tells which of one's own messages have come with it. */
  private change(id: ChatroomID, change: (log: ChatroomLog) => ChatroomLog): void {
    this.store.update((state) => ({ logs: withLog(state, id, change(logOf(state, id))) }))
    this.settleIn(id)
  }

  private flush(): void {
    window.clearTimeout(this.flushTimer)
    this.flushTimer = undefined
    this.flushedAt = Date.now()
    const entries = this.arrived
    if (entries.length === 0) return
    this.arrived = []
    const touched = new Set(entries.map((entry) => entry.chatroomId))
    this.store.update((state) => {
      const logs = new Map(state.logs)
      for (const entry of entries) logs.set(entry.chatroomId, receive(logs.get(entry.chatroomId) ?? emptyLog, entry))
      for (const id of touched) if (id !== this.lookedUpIn) logs.set(id, bounded(logs.get(id) ?? emptyLog))
      return { logs }
    })
    for (const id of touched) {
      this.settleIn(id)
      if (hole(logOf(this.store.get(), id)) === null) continue
      // What is missing may be just behind.
      this.after(300, () => {
        if (hole(logOf(this.store.get(), id)) !== null) void this.sync(id)
      })
    }
  }

  private settleIn(id: ChatroomID): void {
    const state = this.store.get()
    const own = state.outbox.filter((item) => item.chatroomId === id)
    if (own.length === 0) return
    const held = new Set<string>()
    for (const line of logOf(state, id).lines) {
      if ("clientId" in line && line.sender.id === state.session?.user.id) held.add(line.clientId)
    }
    for (const item of own) if (held.has(item.clientId)) this.settle(item.clientId)
  }

  /** One page at a time per chatroom. */
  private async once(id: ChatroomID, work: () => Promise<void>): Promise<void> {
    if (this.store.get().loading.has(id)) return
    this.store.update((state) => ({ loading: new Set(state.loading).add(id) }))
    try {
      await work()
    } finally {
      this.store.update((state) => ({ loading: new Set([...state.loading].filter((each) => each !== id)) }))
    }
  }

  private after(milliseconds: number, work: () => void): void {
    const timer = window.setTimeout(() => {
      this.timers.delete(timer)
      work()
    }, milliseconds)
    this.timers.add(timer)
  }
}

function holds(log: ChatroomLog, seq: Seq): boolean {
  return log.lines.some((line) => line.seq === seq)
}

/** An entry of `/sync` without the name of its event. */
function payload(entry: Entry | [string, Entry]): Entry {
  return Array.isArray(entry) ? entry[1] : entry
}
