import { Entry, Message, Reaction, ReactionChange, Seq, SystemChange, isChange } from "../api/contract"

/** What is shown of a log: messages, and what happened to the chatroom between them. */
export type Line = HeldMessage | SystemChange

/** A message, and the head of the answer it came with: changes up to there are already in it. */
export interface HeldMessage extends Message {
  asOf: Seq
}

/**
 * The part of one chatroom's log that this page holds: every entry from `low` up to `cursor`, without a hole.
 *
 * Entries reach it three ways: live and replayed events (`receive`), pages (`addLatestPage`, `addOlderPage`) and
 * `/sync` (which goes through `receive` again). `cursor` is the delivery cursor that is sent at CONNECT; only entries
 * in order or a page as of a head move it, never the acknowledgement of one's own message.
 */
export interface ChatroomLog {
  /** `null`: nothing is known yet; whatever arrives waits. */
  readonly cursor: Seq | null
  /** The lowest seq of the unbroken part; `cursor + 1` while nothing is held. */
  readonly low: Seq
  /** Whether anything below `low` may exist for this reader. */
  readonly complete: boolean
  /** Whether a page has been loaded; before that only what came live is held. */
  readonly paged: boolean
  /** Ascending by seq, all between `low` and `cursor`. */
  readonly lines: readonly Line[]
  /** Entries that came before those below them. */
  readonly waiting: ReadonlyMap<Seq, Entry>
  /** What is looked at instead, far above `low`; gone when it has grown together with the rest. */
  readonly aside: Aside | null
}

/** A part of the log around a place that was jumped to. Messages alone, as pages bring them. */
export interface Aside {
  readonly lines: readonly Line[]
  /** Whether nothing is above it. */
  readonly complete: boolean
}

export const emptyLog: ChatroomLog = {
  cursor: null, low: 1, complete: false, paged: false, lines: [], waiting: new Map(), aside: null,
}

/** How many entries may wait for a hole to close; beyond it the window starts anew from the latest page. */
const maxWaiting = 5000

/** The log is known to stand at `head`; nothing of it is held yet. Without effect once something is known. */
export function startAt(log: ChatroomLog, head: Seq): ChatroomLog {
  if (log.cursor !== null) return log
  return drain({ ...log, cursor: head, low: head + 1, complete: head === 0 })
}

/** One entry, in whatever order the network brings it. The same log comes back if it changed nothing. */
export function receive(log: ChatroomLog, entry: Entry): ChatroomLog {
  if (log.cursor !== null && entry.seq <= log.cursor) return log
  if (log.cursor !== null && entry.seq === log.cursor + 1) return drain(apply(log, entry))
  if (log.waiting.has(entry.seq) || log.waiting.size >= maxWaiting) return log
  return { ...log, waiting: new Map(log.waiting).set(entry.seq, entry) }
}

/** Several entries, as `/sync` brings them. */
export function receiveAll(log: ChatroomLog, entries: readonly Entry[]): ChatroomLog {
  return entries.reduce(receive, log)
}

/** The newest page, as of `head`. It joins what is held if they touch, and replaces it if there is a gap between. */
export function addLatestPage(log: ChatroomLog, messages: readonly Message[], head: Seq, full: boolean): ChatroomLog {
  const first = full && messages[0] ? messages[0].seq : 1
  const fresh = messages.map((message) => hold(message, head))
  const touches = log.cursor !== null && first <= log.cursor + 1 && log.low <= head + 1
  if (!touches) {
    return drain({ ...log, cursor: head, low: first, complete: !full, paged: true, lines: fresh })
  }
  const kept = log.lines.filter((line) => line.seq < first || line.seq > head || isChange(line))
  const lines = sorted([...kept, ...fresh])
  return drain({
    ...log,
    cursor: Math.max(head, log.cursor ?? 0),
    low: Math.min(log.low, first),
    complete: log.complete || !full,
    paged: true,
    lines,
  })
}

/** A page of messages before `low`. `full`: there may be more below. */
export function addOlderPage(log: ChatroomLog, messages: readonly Message[], head: Seq, full: boolean): ChatroomLog {
  const older = messages.filter((message) => message.seq < log.low).map((message) => hold(message, head))
  const first = older[0]
  if (!first) return { ...log, low: 1, complete: true }
  return { ...log, low: full ? first.seq : 1, complete: !full, lines: [...older, ...log.lines] }
}

/** The messages around a place that is not held. `older`, `newer`: there may be more of them on that side. */
export function addAside(
  log: ChatroomLog, messages: readonly Message[], head: Seq, { older, newer }: { older: boolean; newer: boolean },
): ChatroomLog {
  const lines = messages.map((message) => hold(message, head))
  return joined({ ...log, aside: { lines, complete: !older } }, newer)
}

/** A page above the part looked at aside. */
export function addAboveAside(log: ChatroomLog, messages: readonly Message[], head: Seq, full: boolean): ChatroomLog {
  if (!log.aside) return log
  const first = log.aside.lines[0]?.seq ?? Infinity
  const older = messages.filter(({ seq }) => seq < first).map((message) => hold(message, head))
  return { ...log, aside: { lines: [...older, ...log.aside.lines], complete: !full } }
}

/** A page below it, which may close the gap to the rest. */
export function addBelowAside(log: ChatroomLog, messages: readonly Message[], head: Seq, full: boolean): ChatroomLog {
  if (!log.aside) return log
  const last = lastSeq(log.aside.lines)
  const newer = messages.filter(({ seq }) => seq > last).map((message) => hold(message, head))
  return joined({ ...log, aside: { ...log.aside, lines: [...log.aside.lines, ...newer] } }, full)
}

export function leaveAside(log: ChatroomLog): ChatroomLog {
  return log.aside ? { ...log, aside: null } : log
}

/** Puts the two parts together where nothing lies between them. */
function joined(log: ChatroomLog, more: boolean): ChatroomLog {
  const { aside } = log
  if (!aside || (more && lastSeq(aside.lines) < log.low - 1)) return log
  const held = new Set(log.lines.map(({ seq }) => seq))
  const lines = sorted([...aside.lines.filter(({ seq }) => !held.has(seq)), ...log.lines])
  const low = aside.complete ? 1 : Math.min(log.low, aside.lines[0]?.seq ?? log.low)
  return { ...log, lines, low, complete: log.complete || aside.complete, aside: null }
}

function lastSeq(lines: readonly Line[]): Seq {
  return lines[lines.length - 1]?.seq ?? 0
}

/** How many lines of a log are kept for the next page. */
const keptLines = 100

/** What is kept of a log for the next page: its newest part, which still ends at the cursor. */
export function trimmed(log: ChatroomLog): ChatroomLog {
  const lines = log.lines.slice(-keptLines)
  const whole = lines.length === log.lines.length
  return {
    ...log, lines, low: whole ? log.low : lines[0]?.seq ?? log.low, complete: whole && log.complete, waiting: new Map(),
    aside: null,
  }
}

/** How many lines a log grows to while nobody looks further up, and how many are left of it then. */
const mostLines = 1500
const leftLines = 500

/** A page that stays open for days holds no more than it needs: what is dropped comes again as older pages. */
export function bounded(log: ChatroomLog): ChatroomLog {
  if (log.lines.length <= mostLines) return log
  const lines = log.lines.slice(-leftLines)
  return { ...log, lines, low: lines[0]?.seq ?? log.low, complete: false }
}

/** What happened to the chatroom between messages that came in pages, which hold messages alone. */
export function addSystemChanges(log: ChatroomLog, changes: readonly SystemChange[]): ChatroomLog {
  const held = new Set(log.lines.map((line) => line.seq))
  const missing = changes.filter(({ seq }) => seq >= log.low && seq <= (log.cursor ?? 0) && !held.has(seq))
  return missing.length === 0 ? log : { ...log, lines: sorted([...log.lines, ...missing]) }
}

/** The place of the first entry that is missing although later ones are here, or `null`. */
export function hole(log: ChatroomLog): Seq | null {
  return log.cursor !== null && log.waiting.size > 0 ? log.cursor + 1 : null
}

function hold(message: Message, asOf: Seq): HeldMessage {
  return { ...message, asOf }
}

/** Moves what waited and is now next into its place, and drops what has been overtaken. */
function drain(log: ChatroomLog): ChatroomLog {
  if (log.waiting.size === 0 || log.cursor === null) return log
  const waiting = new Map(log.waiting)
  let result = log
  for (const seq of [...waiting.keys()].sort((a, b) => a - b)) {
    const cursor: Seq = result.cursor ?? 0
    if (seq > cursor + 1) break
    const entry = waiting.get(seq)
    if (entry && seq === cursor + 1) result = apply(result, entry)
    waiting.delete(seq)
  }
  return { ...result, waiting }
}

/** The entry that is next. */
function apply(log: ChatroomLog, entry: Entry): ChatroomLog {
  const moved = { ...log, cursor: entry.seq }
  if (!isChange(entry)) return { ...moved, lines: [...log.lines, hold(entry, entry.seq)] }
  switch (entry.kind) {
    case "system":
      return { ...moved, lines: [...log.lines, entry] }
    case "edit":
      return changed(moved, entry, () => ({ content: entry.content, editedAt: entry.createdAt ?? now() }))
    case "recall":
      return changed(moved, entry, () => ({ content: "", media: null, recalled: true, reactions: null }))
    case "reaction":
      return changed(moved, entry, ({ reactions }) => ({ reactions: reacted(reactions ?? [], entry) }))
    default:
      // Kinds of a later version: they take their place and show nothing.
      return moved
  }
}

function now(): string {
  return new Date().toISOString()
}

/** The reactions after one more or one less; in the order in which the emoji first came. */
export function reacted(reactions: readonly Reaction[], { emoji, userId, added }: ReactionChange): Reaction[] {
  const others = (reaction: Reaction) => reaction.userIds.filter((id) => id !== userId)
  if (added && !reactions.some((reaction) => reaction.emoji === emoji)) return [...reactions, { emoji, userIds: [userId] }]
  return reactions
    .map((reaction) => reaction.emoji !== emoji ? reaction
      : { emoji, userIds: added ? [...others(reaction), userId] : others(reaction) })
    .filter(({ userIds }) => userIds.length > 0)
}

/** The log with a message changed, unless it came with that change already. */
function changed(
  log: ChatroomLog, { target, seq }: { target: Seq; seq: Seq }, change: (message: Message) => Partial<Message>,
): ChatroomLog {
  const after = (lines: readonly Line[]) => lines.map((line) =>
    line.seq === target && !isChange(line) && line.asOf < seq ? { ...line, ...change(line), asOf: seq } : line)
  return { ...log, lines: after(log.lines), aside: log.aside && { ...log.aside, lines: after(log.aside.lines) } }
}

function sorted(lines: Line[]): Line[] {
  return lines.sort((a, b) => a.seq - b.seq)
}
