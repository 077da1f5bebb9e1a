import assert from "node:assert/strict"
import { test } from "node:test"
import { Chatroom, Message, Summary } from "../api/contract"
import { ChatroomLog, emptyLog, receiveAll, startAt } from "../log/log"
import { chatList, isListed, lastMessage, matchesChat, unreadCount, unreadInAll } from "./derive"

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

function room(id: number, name: string, pinned = false): Chatroom {
  return { id, type: "group", name, memberCount: 2, role: "member", settings: { notify: "all", pinned, hidden: false } }
}

const nothing = {
  chatrooms: [], friends: null, summaries: new Map(), logs: new Map(), readUpTo: new Map(), drafts: new Map(), me,
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
  const summaries = new Map([1, 2].map((id) => [id, { ...summary(id * 10, 0), chatroomId: id }]))
  const list = chatList({
    ...nothing, chatrooms: [room(4, "b"), room(1, "one"), room(3, "a"), room(2, "two"), room(5, "z", true)], summaries,
  })
  assert.deepEqual(list.map((item) => item.chatroom.id), [5, 2, 1, 3, 4])
})

test("a friend's remark is their chatroom's name, and it is found by either", () => {
  const peer = { id: 9, username: "bob", nickname: "Bob" }
  const friends = [{ user: peer, remark: "老鲍", since: "", online: false }]
  const [item] = chatList({ ...nothing, chatrooms: [{ ...room(1, "Bob"), type: "direct", peer }], friends })
  assert.ok(item)
  assert.equal(item.name, "老鲍")
  assert.ok(matchesChat(item, "老") && matchesChat(item, "bob") && !matchesChat(item, "cat"))
})

test("who is named in what is unread is told so, until it is read", () => {
  const named = { ...message(11, other), mentions: [me] }
  const mentioned = (log: ChatroomLog, read: number, listed = false) => chatList({
    ...nothing, chatrooms: [room(7, "Tea")], logs: new Map([[7, log]]), readUpTo: new Map([[7, read]]),
    summaries: new Map([[7, { ...summary(10, 1), mentioned: listed }]]),
  })[0]?.mentioned
  assert.equal(mentioned(live(10, named), 0), true)
  assert.equal(mentioned(live(10, named), 11), false)
  assert.equal(mentioned(live(10), 0, true), true)
  assert.equal(mentioned(live(10), 10, true), false)
  assert.equal(mentioned(live(10, message(11, me)), 0, true), false)
})

test("what is put away comes back when somebody writes there", () => {
  const hidden: Chatroom = { ...room(7, "Tea"), settings: { notify: "none", pinned: false, hidden: true } }
  const items = (unread: number) => chatList({ ...nothing, chatrooms: [hidden], summaries: new Map([[7, summary(10, unread)]]) })
  assert.deepEqual(items(0).map(isListed), [false])
  assert.deepEqual(items(2).map(isListed), [true])
  assert.equal(unreadInAll(items(2)), 0)
})
