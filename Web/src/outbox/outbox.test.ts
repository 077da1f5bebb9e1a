import assert from "node:assert/strict"
import { test } from "node:test"
import { Outbox, OutboxEvent, OutboxItem, nextToSend, outboxAfter, passes, retryDelay, revived } from "./outbox"

function item(clientId: string, chatroomId = 1, fields: Partial<OutboxItem> = {}): OutboxItem {
  return {
    clientId, chatroomId, body: { type: "text", content: clientId }, createdAt: "2026-11-23T05:12:00.123Z",
    state: "waiting", attempts: 0, ...fields,
  }
}

function after(outbox: Outbox, ...events: OutboxEvent[]): Outbox {
  return events.reduce(outboxAfter, outbox)
}

const receipt = { id: "1.4", seq: 4, createdAt: "2026-11-23T05:12:01.000Z" }

test("one message of a chatroom is under way at a time, chatrooms do not wait for each other", () => {
  const outbox = [item("a", 1), item("b", 1), item("c", 2)]
  assert.deepEqual(nextToSend(outbox).map((next) => next.clientId), ["a", "c"])
  const emitted = after(outbox, { type: "emitted", clientId: "a" })
  assert.deepEqual(nextToSend(emitted).map((next) => next.clientId), ["c"])
  const acknowledged = after(emitted, { type: "acknowledged", clientId: "a", receipt })
  assert.deepEqual(nextToSend(acknowledged).map((next) => next.clientId), ["b", "c"])
})

test("an unanswered message goes out again as the same message", () => {
  const outbox = after([item("a")], { type: "emitted", clientId: "a" }, { type: "unanswered", clientId: "a" })
  assert.equal(outbox[0]?.state, "waiting")
  assert.equal(outbox[0]?.attempts, 1)
  assert.equal(nextToSend(outbox)[0]?.clientId, "a")
})

test("a lost connection opens what was under way, and nothing else", () => {
  const outbox = after(
    [item("a"), item("b", 2), item("c", 3)],
    { type: "emitted", clientId: "a" }, { type: "emitted", clientId: "b" },
    { type: "acknowledged", clientId: "b", receipt }, { type: "disconnected" })
  assert.deepEqual(outbox.map((each) => each.state), ["waiting", "sent", "waiting"])
})

test("an answer that comes after the connection was lost still counts", () => {
  const outbox = after([item("a")], { type: "emitted", clientId: "a" }, { type: "disconnected" },
    { type: "acknowledged", clientId: "a", receipt }, { type: "unanswered", clientId: "a" })
  assert.equal(outbox[0]?.state, "sent")
})

test("a message leaves when its entry arrives, acknowledged or not", () => {
  const outbox = after([item("a"), item("b")], { type: "emitted", clientId: "a" }, { type: "arrived", clientId: "a" })
  assert.deepEqual(outbox.map((each) => each.clientId), ["b"])
})

test("a refused message does not hold up the next one, and can be tried again", () => {
  const outbox = after([item("a"), item("b")], { type: "refused", clientId: "a", code: "forbidden" })
  assert.deepEqual(nextToSend(outbox).map((next) => next.clientId), ["b"])
  const retried = after(outbox, { type: "retried", clientId: "a" })
  assert.deepEqual(nextToSend(retried).map((next) => next.clientId), ["a"])
  assert.equal(retried[0]?.error, undefined)
})

test("a file is sent once it is uploaded, and does not hold up texts", () => {
  const file = item("f", 1, { state: "uploading", file: { name: "a.png", size: 3, type: "image/png" } })
  const outbox: Outbox = [file, item("t", 1)]
  assert.deepEqual(nextToSend(outbox).map((next) => next.clientId), ["t"])
  const media = { id: "m", url: "/api/media/files/m/a.png", name: "a.png", type: "image/png", size: 3 }
  const uploaded = after(outbox, { type: "uploaded", clientId: "f", media })
  assert.deepEqual(nextToSend(uploaded).map((next) => next.body.mediaId), ["m"])
})

test("after a reload whatever was under way waits, failures stay failures", () => {
  assert.equal(revived(item("a", 1, { state: "sending", attempts: 3 })).state, "waiting")
  assert.equal(revived(item("a", 1, { state: "sent", receipt })).state, "waiting")
  assert.equal(revived(item("a", 1, { state: "failed", error: "forbidden" })).state, "failed")
  const file = { name: "a.png", size: 3, type: "image/png" }
  assert.equal(revived(item("a", 1, { state: "uploading", file })).state, "uploading")
  const done = { type: "image" as const, content: "", mediaId: "m" }
  assert.equal(revived(item("a", 1, { state: "sending", file, body: done })).state, "waiting")
})

test("the same client id is never in the outbox twice", () => {
  assert.equal(after([item("a")], { type: "added", item: item("a") }).length, 1)
})

test("events about unknown messages change nothing", () => {
  const outbox = [item("a")]
  for (const type of ["emitted", "unanswered", "retried", "dropped", "arrived"] as const) {
    assert.equal(outboxAfter(outbox, { type, clientId: "x" }), outbox)
  }
})

test("attempts grow apart up to a bound; only passing refusals are repeated", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 50].map(retryDelay), [1000, 2000, 4000, 8000, 15000, 15000])
  assert.ok(passes("unavailable") && passes("too_many_requests"))
  assert.ok(!passes("forbidden") && !passes("chatroom_not_found") && !passes("client_id_conflict"))
})
