import assert from "node:assert/strict"
import { test } from "node:test"
import { Chatroom } from "../api/contract"
import { HeldMessage } from "../log/log"
import { messageActions } from "./actions"

const settings = { notify: "all", pinned: false, hidden: false } as const
const group: Chatroom = { id: 1, type: "group", name: "Tea", memberCount: 3, role: "member", settings }
const direct: Chatroom = { ...group, type: "direct" }

function message(sender: number, fields: Partial<HeldMessage> = {}): HeldMessage {
  return {
    id: "1.1", chatroomId: 1, seq: 1, ordinal: 1, type: "text", content: "tea", sender: { id: sender, nickname: "" },
    clientId: "", createdAt: "2026-01-01T00:00:00.000Z", asOf: 1, ...fields,
  }
}

test("one's own text may be edited and recalled, another's not", () => {
  assert.deepEqual(messageActions(message(7), direct, 7), ["reply", "edit", "copy", "forward", "favorite", "recall"])
  assert.deepEqual(messageActions(message(8), direct, 7), ["reply", "copy", "forward", "favorite", "report"])
})

test("owners and admins of a group may recall what others say", () => {
  assert.ok(!messageActions(message(8), group, 7).includes("recall"))
  assert.ok(messageActions(message(8), { ...group, role: "admin" }, 7).includes("recall"))
  assert.ok(messageActions(message(8), { ...group, role: "owner" }, 7).includes("recall"))
})

test("who has read one's message is asked in groups", () => {
  assert.ok(messageActions(message(7), group, 7).includes("readers"))
  assert.ok(!messageActions(message(8), group, 7).includes("readers"))
})

test("an image without words is neither copied nor edited", () => {
  assert.deepEqual(messageActions(message(7, { type: "image", content: "" }), direct, 7),
    ["reply", "forward", "favorite", "recall"])
})

test("nothing may be done with what was recalled", () => {
  assert.deepEqual(messageActions(message(7, { recalled: true }), group, 7), [])
})
