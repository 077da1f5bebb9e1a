import assert from "node:assert/strict"
import { test } from "node:test"
import { Chatroom, Message, Summary } from "../api/contract"
import { ChatroomLog, emptyLog, receiveAll, startAt } from "../log/log"
import { chatList, lastMessage, unreadCount } from "./derive"

const me = 1
const other = 2

function message(seq: number, sender: number, chatroomId = 7): Message {
  return {
    id: `${chatroomId}.${seq}`, chatroomId, seq, ordinal: seq, type: "text", content: `m${seq}`,
    sender: { id: sender, nickname: "x" }, clientId: `c${seq}`,
    createdAt: `2026-11-23T05:12:${String(seq).padStart(2, "0")}.000Z`,
  }
}

function summary(head: number, unread: number, sender = other): Summary {
  return { chatroomId: 7, head, unread, last: head ? message(head, sender) : null }
}

function live(head: number, ...messages: Message[]): ChatroomLog {
  return receiveAll(startAt(emptyLog, head), messages)
}

test("unread is what History counted and what others wrote since", () => {
  assert.equal(unreadCount(summary(10, 4), undefined, 0, me), 4)
  assert.equal(unreadCount(summary(10, 4), live(10, message(11, other), message(12, other)), 0, me), 6)
})

test("reading here takes both away", () => {
  const log = live(10, message(11, other), message(12, other))
  assert.equal(unreadCount(summary(10, 4), log, 12, me), 0)
  assert.equal(unreadCount(summary(10, 4), log, 11, me), 1)
  assert.equal(unreadCount(summary(10, 4), log, 10, me), 2)
})

test("a message of one's own reads everything before it", () => {
  const log = live(10, message(11, other), message(12, me), message(13, other))
  assert.equal(unreadCount(summary(10, 4), log, 0, me), 1)
})

test("the last message is the newest of list and log", () => {
  assert.equal(lastMessage(summary(10, 0), undefined)?.seq, 10)
  assert.equal(lastMessage(summary(10, 0), live(10, message(11, other)))?.seq, 11)
  assert.equal(lastMessage(summary(12, 0), live(10, message(11, other)))?.seq, 12)
  assert.equal(lastMessage(undefined, undefined), null)
})

test("the newest activity comes first, pinned chatrooms above all, silent ones by name below", () => {
  const room = (id: number, name: string, pinned = false): Chatroom => ({
    id, type: "group", name, memberCount: 2, role: "member", settings: { notify: "all", pinned, hidden: false },
  })
  const summaries = new Map([1, 2].map((id) => [id, { ...summary(id * 10, 0), chatroomId: id }]))
  const list = chatList([room(4, "b"), room(1, "one"), room(3, "a"), room(2, "two"), room(5, "z", true)],
    summaries, new Map(), new Map(), me)
  assert.deepEqual(list.map((item) => item.chatroom.id), [5, 2, 1, 3, 4])
})
