import assert from "node:assert/strict"
import { test } from "node:test"
import { Message, Page, Seq } from "../api/contract"
import { firstSince } from "./since"

/** A log whose messages are at these seqs, each said at so many seconds. */
function logOf(said: readonly [Seq, number][]) {
  let looks = 0
  const look = async ({ after, limit }: { after?: Seq; limit: number }): Promise<Page> => {
    looks += 1
    const messages = said.map(([seq, second]) => ({ seq, createdAt: new Date(second * 1000).toISOString() }) as Message)
    const wanted = after === undefined ? messages.slice(-limit) : messages.filter(({ seq }) => seq > after).slice(0, limit)
    return { messages: wanted, head: said[said.length - 1]?.[0] ?? 0 }
  }
  return { look, looks: () => looks }
}

test("the first message at or after a time is found, in few looks", async () => {
  const log = logOf(Array.from({ length: 10_000 }, (_, index) => [index + 1, index]))
  assert.equal(await firstSince(log.look, 4_321_000), 4_322)
  assert.ok(log.looks() <= 15, String(log.looks()))
  assert.equal(await firstSince(log.look, 0), 1)
  assert.equal(await firstSince(log.look, 9_999_000), 10_000)
})

test("nothing is found after the newest, and in an empty log", async () => {
  assert.equal(await firstSince(logOf([[1, 5]]).look, 6_000), undefined)
  assert.equal(await firstSince(logOf([]).look, 0), undefined)
})

test("places without a message are passed over", async () => {
  const { look } = logOf([[3, 10], [90, 20], [91, 30], [400, 40]])
  assert.deepEqual(await Promise.all([5, 10, 15, 20, 25, 35].map((second) => firstSince(look, second * 1000))),
    [3, 3, 90, 90, 91, 400])
})
