import { Page, Seq } from "../api/contract"

/** A page of a log: the newest, or what comes after a place. */
export type Look = (place: { after?: Seq; limit: number }) => Promise<Page>

/**
 * The first message at or after a time, found by halving: some twenty looks in a log of a million entries. The order of
 * a log is that of its seqs; its times are believed to follow, which they do but for seconds.
 */
export async function firstSince(look: Look, time: number): Promise<Seq | undefined> {
  const [newest] = (await look({ limit: 1 })).messages
  if (!newest || Date.parse(newest.createdAt) < time) return undefined
  let found = newest.seq
  // What is at or below `before` is older; what is at or above `from` is not sought any more.
  let before: Seq = 0
  let from: Seq = found
  while (before + 1 < from) {
    const middle = Math.floor((before + from) / 2)
    const [message] = (await look({ after: middle - 1, limit: 1 })).messages
    if (message && message.seq < from && Date.parse(message.createdAt) < time) {
      before = message.seq
      continue
    }
    if (message && message.seq < from) found = message.seq
    from = middle
  }
  return found
}
