import assert from "node:assert/strict"
import { test } from "node:test"
import { Change, Message, SystemChange } from "../api/contract"
import {
  ChatroomLog, addAboveAside, addAside, addBelowAside, addLatestPage, addOlderPage, addSystemChanges, bounded, emptyLog,
  hole, leaveAside, receive, receiveAll, startAt, trimmed,
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

function reaction(seq: number, target: number, emoji: string, userId: number, added = true): Change {
  return { id: `7.${seq}`, chatroomId: 7, seq, kind: "reaction", target, emoji, userId, added }
}

function reactionsOf(log: ChatroomLog, seq: number) {
  const line = log.lines.find((each) => each.seq === seq)
  return line && "reactions" in line ? line.reactions : undefined
}

test("reactions come and go, each person's once", () => {
  const log = receiveAll(startAt(emptyLog, 0), [
    message(1), reaction(2, 1, "👍", 8), reaction(3, 1, "🍵", 8), reaction(4, 1, "👍", 9), reaction(5, 1, "👍", 8),
  ])
  assert.deepEqual(reactionsOf(log, 1), [{ emoji: "👍", userIds: [9, 8] }, { emoji: "🍵", userIds: [8] }])
  const less = receiveAll(log, [reaction(6, 1, "🍵", 8, false), reaction(7, 1, "👍", 9, false)])
  assert.deepEqual(reactionsOf(less, 1), [{ emoji: "👍", userIds: [8] }])
})

test("a reaction that a page shows already is not counted again", () => {
  const page = [{ ...message(1), reactions: [{ emoji: "👍", userIds: [8] }] }]
  const log = addLatestPage(startAt(emptyLog, 1), page, 2, false)
  assert.deepEqual(reactionsOf(receive(log, reaction(2, 1, "👍", 9)), 1), [{ emoji: "👍", userIds: [8] }])
})

test("a part looked at aside grows both ways, and together with the rest", () => {
  const held = addLatestPage(emptyLog, messages(951, 1000), 1000, true)
  const aside = addAside(held, messages(475, 524), 1000, { older: true, newer: true })
  assert.deepEqual([aside.aside?.lines[0]?.seq, aside.aside?.lines.length, aside.low], [475, 50, 951])
  const above = addAboveAside(aside, messages(425, 474), 1000, true)
  assert.equal(above.aside?.lines[0]?.seq, 425)
  const below = [525, 575, 625, 675, 725, 775, 825, 875].reduce(
    (log, first) => addBelowAside(log, messages(first, first + 49), 1000, true), above)
  assert.equal(below.aside?.lines.length, 500)
  const joined = addBelowAside(below, messages(925, 974), 1000, true)
  assert.deepEqual([joined.aside, joined.low, joined.complete], [null, 425, false])
  assert.deepEqual(seqs(joined), messages(425, 1000).map(({ seq }) => seq))
})

test("what changes live changes aside too", () => {
  const held = addLatestPage(emptyLog, messages(951, 1000), 1000, true)
  const aside = addAside(held, messages(10, 20), 1000, { older: true, newer: true })
  const after = receive(aside, { id: "7.1001", chatroomId: 7, seq: 1001, kind: "recall", target: 12, by: 1 })
  const line = after.aside?.lines.find(({ seq }) => seq === 12)
  assert.ok(line && "recalled" in line && line.recalled)
  assert.equal(leaveAside(after).aside, null)
})

test("what is kept of a long log still ends at its cursor", () => {
  const log = receiveAll(startAt(emptyLog, 0), [...messages(1, 250), message(252)])
  const kept = trimmed(log)
  assert.deepEqual([kept.low, kept.cursor, kept.complete, kept.lines.length, kept.waiting.size], [151, 250, false, 100, 0])
  assert.deepEqual(seqs(receive(kept, message(251))).slice(-1), [251])
  const short = trimmed(addLatestPage(emptyLog, messages(1, 20), 20, false))
  assert.deepEqual([short.low, short.complete], [1, true])
})

test("a log that has grown long keeps its newest part, and older pages join it again", () => {
  const short = receiveAll(startAt(emptyLog, 0), messages(1, 1500))
  assert.equal(bounded(short), short)
  const log = bounded(receive(short, message(1501)))
  assert.deepEqual([log.cursor, log.low, log.complete, log.lines.length], [1501, 1002, false, 500])
  const joined = addOlderPage(log, messages(952, 1001), 1501, true)
  assert.deepEqual([joined.low, seqs(joined)[0], joined.lines.length], [952, 952, 550])
})
