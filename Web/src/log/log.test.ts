import assert from "node:assert/strict"
import { test } from "node:test"
import { Change, Message, SystemChange } from "../api/contract"
import {
  ChatroomLog, addLatestPage, addOlderPage, addSystemChanges, emptyLog, hole, receive, receiveAll, startAt,
} from "./log"

function message(seq: number, content = `m${seq}`): Message {
  return {
    id: `7.${seq}`, chatroomId: 7, seq, ordinal: seq, type: "text", content,
    sender: { id: 1, nickname: "Ann" }, clientId: `c${seq}`, createdAt: "2026-11-23T05:12:00.123Z",
  }
}

function messages(from: number, to: number): Message[] {
  return Array.from({ length: to - from + 1 }, (_, index) => message(from + index))
}

function seqs(log: ChatroomLog): number[] {
  return log.lines.map((line) => line.seq)
}

test("entries in order move the cursor", () => {
  const log = receiveAll(startAt(emptyLog, 0), messages(1, 3))
  assert.equal(log.cursor, 3)
  assert.deepEqual(seqs(log), [1, 2, 3])
  assert.equal(hole(log), null)
})

test("an entry seen before changes nothing", () => {
  const log = receiveAll(startAt(emptyLog, 0), messages(1, 3))
  assert.equal(receive(log, message(2)), log)
  assert.equal(receive(log, message(3)), log)
})

test("entries after a hole wait, and take their places when it closes", () => {
  const open = receiveAll(startAt(emptyLog, 0), [message(1), message(4), message(3)])
  assert.equal(open.cursor, 1)
  assert.equal(hole(open), 2)
  assert.deepEqual(seqs(open), [1])
  const closed = receive(open, message(2))
  assert.equal(closed.cursor, 4)
  assert.deepEqual(seqs(closed), [1, 2, 3, 4])
  assert.equal(hole(closed), null)
})

test("a second copy of a waiting entry changes nothing", () => {
  const log = receive(startAt(emptyLog, 0), message(5))
  assert.equal(receive(log, message(5)), log)
})

test("what arrives before anything is known waits for the first page", () => {
  const early = receiveAll(emptyLog, [message(9), message(11), message(10)])
  assert.equal(early.cursor, null)
  const log = addLatestPage(early, messages(1, 9), 9, false)
  assert.deepEqual(seqs(log), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  assert.equal(log.cursor, 11)
  assert.equal(log.waiting.size, 0)
  assert.equal(log.complete, true)
})

test("a page that touches what is held joins it", () => {
  const live = receiveAll(startAt(emptyLog, 100), messages(101, 103))
  const log = addLatestPage(live, messages(54, 103), 103, true)
  assert.equal(log.low, 54)
  assert.equal(log.cursor, 103)
  assert.equal(log.lines.length, 50)
})

test("a page beyond a gap replaces what is held", () => {
  const old = receiveAll(startAt(emptyLog, 0), messages(1, 10))
  const log = addLatestPage(old, messages(1951, 2000), 2000, true)
  assert.equal(log.low, 1951)
  assert.equal(log.cursor, 2000)
  assert.equal(log.complete, false)
  assert.equal(seqs(log)[0], 1951)
})

test("a page that was overtaken by live entries joins below them", () => {
  const live = receiveAll(startAt(emptyLog, 100), messages(101, 110))
  assert.equal(live.paged, false)
  const log = addLatestPage(live, messages(59, 108), 108, true)
  assert.equal(log.paged, true)
  assert.equal(log.cursor, 110)
  assert.deepEqual(seqs(log), messages(59, 110).map((item) => item.seq))
})

test("older pages go below and do not touch the cursor", () => {
  const latest = addLatestPage(emptyLog, messages(101, 150), 150, true)
  const older = addOlderPage(latest, messages(51, 100), 151, true)
  assert.equal(older.cursor, 150)
  assert.equal(older.low, 51)
  assert.equal(older.lines.length, 100)
  const last = addOlderPage(older, messages(1, 50), 151, false)
  assert.equal(last.complete, true)
  assert.deepEqual(seqs(last), messages(1, 150).map((item) => item.seq))
})

test("a recall takes content and media away, wherever its entry comes from", () => {
  const recall: Change = { id: "7.3", chatroomId: 7, seq: 3, kind: "recall", target: 1, by: 1 }
  const log = receiveAll(startAt(emptyLog, 0), [message(1), recall, message(2)])
  const first = log.lines[0]
  assert.ok(first && "content" in first)
  assert.equal(first.content, "")
  assert.equal(first.recalled, true)
  assert.equal(log.cursor, 3)
  assert.deepEqual(seqs(log), [1, 2])
})

test("a change that a page already contains is not applied again", () => {
  const page = addLatestPage(startAt(emptyLog, 0), [{ ...message(1), content: "second" }], 3, false)
  const edit: Change = { id: "7.2", chatroomId: 7, seq: 2, kind: "edit", target: 1, content: "first" }
  assert.equal(receive(page, edit), page)
})

test("changes of the chatroom stand between messages; unknown kinds only take their place", () => {
  const added: Change = { id: "7.1", chatroomId: 7, seq: 1, kind: "system", action: "added", userId: 2, by: 1 }
  const unknown = { id: "7.2", chatroomId: 7, seq: 2, kind: "poll" } as unknown as Change
  const log = receiveAll(startAt(emptyLog, 0), [added, unknown, message(3)])
  assert.deepEqual(seqs(log), [1, 3])
  assert.equal(log.cursor, 3)
})

test("what happened to the chatroom is put between the messages of a page, once and within what is held", () => {
  const joined = (seq: number): SystemChange => ({ id: `7.${seq}`, chatroomId: 7, seq, kind: "system", action: "added" })
  const page = addLatestPage(emptyLog, [message(11), message(13)], 14, true)
  const log = addSystemChanges(page, [joined(10), joined(12), joined(14), joined(15)])
  assert.deepEqual(seqs(log), [11, 12, 13, 14])
  assert.equal(addSystemChanges(log, [joined(12)]), log)
})

test("any order of arrival gives the same log", () => {
  let seed = 7
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648
  for (let round = 0; round < 50; round++) {
    const arrivals = messages(1, 40).concat(messages(1, 40)).sort(() => random() - 0.5)
    const log = receiveAll(startAt(emptyLog, 0), arrivals)
    assert.deepEqual(seqs(log), messages(1, 40).map((item) => item.seq))
    assert.equal(log.cursor, 40)
    assert.equal(log.waiting.size, 0)
  }
})
