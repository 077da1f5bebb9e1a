import assert from "node:assert/strict"
import { test } from "node:test"
import { Chatroom, Message } from "../api/contract"
import { wanted } from "./wanted"

const message: Message = {
  id: "1.1", chatroomId: 1, seq: 1, ordinal: 1, type: "text", content: "tea", sender: { id: 8, nickname: "" },
  clientId: "", createdAt: "2026-01-01T00:00:00.000Z",
}

function room(notify: Chatroom["settings"]["notify"]): Chatroom {
  return {
    id: 1, type: "group", name: "Tea", memberCount: 2, role: "member", settings: { notify, pinned: false, hidden: false },
  }
}

test("what others say is told, as one has set it", () => {
  assert.equal(wanted(message, room("all"), 7), true)
  assert.equal(wanted(message, room("none"), 7), false)
  assert.equal(wanted(message, room("mentions"), 7), false)
  assert.equal(wanted({ ...message, mentions: [7] }, room("mentions"), 7), true)
})

test("neither one's own words nor those of a chatroom one is not in", () => {
  assert.equal(wanted(message, room("all"), 8), false)
  assert.equal(wanted(message, undefined, 7), false)
})
