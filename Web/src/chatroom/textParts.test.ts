import assert from "node:assert/strict"
import { test } from "node:test"
import { isEmojiAlone, textParts } from "./textParts"

function links(text: string): string[] {
  return textParts(text).filter((part) => part.link).map((part) => part.text)
}

test("links are found, without the sentence around them", () => {
  assert.deepEqual(links("see https://example.org/a?b=c#d."), ["https://example.org/a?b=c#d"])
  assert.deepEqual(links("(http://a.test/x) and https://b.test!"), ["http://a.test/x", "https://b.test"])
  assert.deepEqual(links("看 https://example.org/茶。好"), ["https://example.org/茶"])
})

test("other schemes and markup are never links", () => {
  assert.deepEqual(links("javascript:alert(1) data:text/html,x file:///etc ftp://a"), [])
  assert.deepEqual(links("<a href=\"https://a.test\">"), ["https://a.test"])
})

test("the parts make up the text", () => {
  for (const text of ["", "plain", "https://a.test", "a https://a.test b https://c.test", "两\n行 http://x.y/ z"]) {
    assert.equal(textParts(text).map((part) => part.text).join(""), text)
  }
})

test("one to three emoji alone are told from text", () => {
  for (const text of ["🍵", "❤️", "👍🏽", "👨‍👩‍👧", "🇨🇳", "🍵🫖🧧"]) assert.ok(isEmojiAlone(text), text)
  for (const text of ["", "a", "1", "🍵 ", "🍵🍵🍵🍵", "茶🍵", "#️"]) assert.ok(!isEmojiAlone(text), text)
})
