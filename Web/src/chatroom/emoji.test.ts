import assert from "node:assert/strict"
import { test } from "node:test"
import { EmojiGroup, matchingEmoji, toned } from "./emoji"

const groups: EmojiGroup[] = [
  { name: "people", emoji: [["👋", "waving hand", "挥手 再见", 1], ["✌️", "victory hand", "胜利", 1]] },
  { name: "food", emoji: [["🫖", "teapot drink", "茶壶 茶", 0]] },
]
const found = (query: string) => matchingEmoji(groups, query).map(([emoji]) => emoji)

test("emoji are found by words of both languages", () => {
  assert.deepEqual(found("TEA"), ["🫖"])
  assert.deepEqual(found("茶"), ["🫖"])
  assert.deepEqual(found("hand wav"), ["👋"])
  assert.deepEqual(found("nothing"), [])
})

test("a skin tone takes the place of the selector, and only where there are tones", () => {
  assert.equal(toned(["👋", "", "", 1], "\u{1f3fd}"), "👋🏽")
  assert.equal(toned(["✌️", "", "", 1], "\u{1f3fd}"), "✌🏽")
  assert.equal(toned(["🫖", "", "", 0], "\u{1f3fd}"), "🫖")
})
