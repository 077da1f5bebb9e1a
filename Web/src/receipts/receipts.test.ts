import assert from "node:assert/strict"
import { test } from "node:test"
import { HeldMessage } from "../log/log"
import { readByOthers } from "./receipts"

function message(seq: number, sender: number): HeldMessage {
  return {
    id: `1.${seq}`, chatroomId: 1, seq, ordinal: seq, type: "text", content: "tea", sender: { id: sender, nickname: "" },
    clientId: "", createdAt: "2026-01-01T00:00:00.000Z", asOf: seq,
  }
}

test("nothing is read that nobody has read", () => {
  assert.equal(readByOthers([message(1, 7), message(2, 7)], undefined, 7), 0)
  assert.equal(readByOthers([message(1, 7)], new Map([[7, 1]]), 7), 0)
})

test("whoever writes has read what is above", () => {
  assert.equal(readByOthers([message(1, 7), message(2, 8), message(3, 7)], undefined, 7), 2)
})

test("the one who has read furthest counts", () => {
  assert.equal(readByOthers([message(1, 7), message(2, 8), message(3, 7)], new Map([[8, 2], [9, 3]]), 7), 3)
})
