import assert from "node:assert/strict"
import { test } from "node:test"
import { HeldMessage } from "../log/log"
import { rows } from "./rows"

function message(seq: number, sender = 8, minute = 0): HeldMessage {
  return {
    id: `1.${seq}`, chatroomId: 1, seq, ordinal: seq, type: "text", content: "tea", sender: { id: sender, nickname: "" },
    clientId: "", createdAt: new Date(2026, 10, 23, 12, minute).toISOString(), asOf: seq,
  }
}
const kinds = (shown: ReturnType<typeof rows>) => shown.map((row) => row.key)

test("a day stands above its messages, and one person's messages stand together", () => {
  const shown = rows([message(1), message(2), message(3, 7), message(4, 7, 30)], [], 7, null)
  assert.deepEqual(shown.map((row) => (row.kind === "message" ? [row.first, row.last] : row.kind)),
    ["day", [true, false], [false, true], [true, true], [true, true]])
})

test("what is new is divided from what was read", () => {
  assert.deepEqual(kinds(rows([message(1), message(2), message(3)], [], 7, 1)).slice(1), ["m1", "unread", "m2", "m3"])
  assert.deepEqual(kinds(rows([message(1), message(2)], [], 7, 0)).slice(1), ["unread", "m1", "m2"])
})

test("one's own message is never the first of the new ones", () => {
  assert.deepEqual(kinds(rows([message(1), message(2, 7), message(3)], [], 7, 1)).slice(1), ["m1", "m2", "unread", "m3"])
})

test("there is no divider where what was read ends further up", () => {
  assert.deepEqual(kinds(rows([message(51), message(52)], [], 7, 10)).slice(1), ["m51", "m52"])
})
