import assert from "node:assert/strict"
import { test } from "node:test"
import { matching, mentionBegun, mentionedIn } from "./mentions"

const people = [
  { id: 1, username: "ann", nickname: "Ann" }, { id: 2, username: "anna", nickname: "Anna" },
  { id: 3, username: "li", nickname: "李雷" },
]

test("a name is begun by an at sign at the start of a word", () => {
  assert.deepEqual(mentionBegun("@an", 3), { start: 0, query: "an" })
  assert.deepEqual(mentionBegun("tea, @An", 8), { start: 5, query: "an" })
  assert.deepEqual(mentionBegun("你好@李", 4), { start: 2, query: "李" })
  assert.deepEqual(mentionBegun("tea @ann later", 6), { start: 4, query: "a" })
})

test("an address of mail begins no name", () => {
  assert.equal(mentionBegun("ann@example", 11), undefined)
  assert.equal(mentionBegun("@ann ", 5), undefined)
})

test("people are found by nickname and username", () => {
  assert.deepEqual(matching(people, "ann").map(({ id }) => id), [1, 2])
  assert.deepEqual(matching(people, "li").map(({ id }) => id), [3])
})

test("of two names that begin alike the longer one is meant", () => {
  assert.deepEqual(mentionedIn("@Anna and @李雷, come", people), [2, 3])
  assert.deepEqual(mentionedIn("@Ann, and @Anna", people), [1, 2])
  assert.deepEqual(mentionedIn("nobody", people), [])
})
