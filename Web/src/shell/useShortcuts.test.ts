import assert from "node:assert/strict"
import { test } from "node:test"
import { Chatroom } from "../api/contract"
import { ChatListItem } from "../chatlist/derive"
import { neighbour } from "./useShortcuts"

const items = [0, 0, 3, 0].map((unread, index) => ({
  chatroom: { id: index + 1 } as Chatroom, name: "", last: null, unread, mentioned: false, draft: "",
})) satisfies ChatListItem[]

function at(here: number | undefined, step: 1 | -1, unread = false): number | undefined {
  return neighbour(items, here, step, unread)?.chatroom.id
}

test("the next chat is the one below, and ends with the list", () => {
  assert.deepEqual([at(1, 1), at(2, -1), at(4, 1), at(1, -1), at(undefined, 1)], [2, 1, undefined, undefined, 1])
})

test("with Shift, those that have nothing unread are passed over", () => {
  assert.deepEqual([at(1, 1, true), at(4, -1, true), at(3, 1, true)], [3, 3, undefined])
})
