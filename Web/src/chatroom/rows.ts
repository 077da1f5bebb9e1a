import { SystemChange, isChange } from "../api/contract"
import { HeldMessage, Line } from "../log/log"
import { OutboxItem } from "../outbox/outbox"

/** What stands in a chatroom from top to bottom. */
export type Row =
  | { kind: "day"; key: string; time: string }
  | { kind: "unread"; key: string }
  | { kind: "system"; key: string; change: SystemChange }
  /** `first` and `last` of what one person wrote in a row. */
  | { kind: "message"; key: string; message: HeldMessage; first: boolean; last: boolean }
  | { kind: "pending"; key: string; item: OutboxItem; first: boolean }

/** Messages of one person that are not further apart stand together. */
const together = 5 * 60_000

/** Whether the place after what was read is among these lines, and not somewhere above them. */
function holdsFrom(lines: readonly Line[], readOrdinal: number): boolean {
  const first = lines.find((line): line is HeldMessage => !isChange(line))
  return first !== undefined && first.ordinal <= readOrdinal + 1
}

/** `readOrdinal`: what comes after it from others was unread when the chatroom was opened. */
export function rows(
  lines: readonly Line[], pending: readonly OutboxItem[], me: number, readOrdinal: number | null,
): Row[] {
  const result: Row[] = []
  let day = ""
  let before: HeldMessage | undefined
  let divided = readOrdinal === null || !holdsFrom(lines, readOrdinal)
  for (const line of lines) {
    if (isChange(line)) {
      result.push({ kind: "system", key: `s${line.seq}`, change: line })
      before = undefined
      continue
    }
    const today = new Date(line.createdAt).toDateString()
    if (today !== day) {
      result.push({ kind: "day", key: `d${today}`, time: line.createdAt })
      day = today
      before = undefined
    }
    if (!divided && line.ordinal > (readOrdinal ?? 0) && line.sender.id !== me) {
      result.push({ kind: "unread", key: "unread" })
      divided = true
      before = undefined
    }
    const joins = before !== undefined && before.sender.id === line.sender.id
      && Date.parse(line.createdAt) - Date.parse(before.createdAt) < together
    const above = result[result.length - 1]
    if (joins && above?.kind === "message") above.last = false
    result.push({ kind: "message", key: `m${line.seq}`, message: line, first: !joins, last: true })
    before = line
  }
  for (const [index, item] of pending.entries()) {
    const today = new Date(item.createdAt).toDateString()
    if (today !== day) {
      result.push({ kind: "day", key: `d${today}`, time: item.createdAt })
      day = today
      before = undefined
    }
    result.push({ kind: "pending", key: item.clientId, item, first: index === 0 && before?.sender.id !== me })
  }
  return result
}
