import assert from "node:assert/strict"
import { test } from "node:test"
import { since } from "./period"
import { pieces } from "./pieces"

const marked = (text: string, query: string) => pieces(text, query).map(({ text, hit }) => (hit ? `[${text}]` : text)).join("")

test("words stand out in whatever case, in both scripts", () => {
  assert.equal(marked("Green tea, TEA leaves", "tea"), "Green [tea], [TEA] leaves")
  assert.equal(marked("今天的茶很香", "茶"), "今天的[茶]很香")
})

test("every character of a word is taken as it stands", () => {
  assert.equal(marked("50% (half) of a.b", "(half) a.b"), "50% [(half)] of [a.b]")
  assert.equal(marked("axb", "a.b"), "axb")
})

test("a long text is cut so that the first hit is seen", () => {
  const found = pieces(`${"x".repeat(200)} tea`, "tea")
  assert.ok(found[0]?.text.startsWith("…") && found[0].text.length < 40)
  assert.deepEqual(found[1], { text: "tea", hit: true })
})

test("nothing looked for marks nothing", () => {
  assert.deepEqual(pieces("tea", "  "), [{ text: "tea", hit: false }])
})

test("a period begins so many days ago", () => {
  const now = new Date("2026-11-24T00:00:00.000Z")
  assert.equal(since("ever", now), undefined)
  assert.equal(since("week", now), "2026-11-17T00:00:00.000Z")
})
