import assert from "node:assert/strict"
import { test } from "node:test"
import { Line } from "../log/log"
import { earlier, followedSize, held, later, linesIn, newest, sliceAround, sliceSize, sliceStep } from "./slice"

function lines(count: number): Line[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `1.${index + 1}`, chatroomId: 1, seq: index + 1, kind: "system", action: "added",
  }))
}
const seqs = (shown: readonly Line[]) => [shown[0]?.seq, shown[shown.length - 1]?.seq, shown.length]

test("the newest lines are on the page, never more than its size", () => {
  assert.deepEqual(seqs(linesIn(lines(10), newest)), [1, 10, 10])
  assert.deepEqual(seqs(linesIn(lines(1000), newest)), [1001 - sliceSize, 1000, sliceSize])
  assert.deepEqual(seqs(linesIn(lines(1000), newest, followedSize)), [1001 - followedSize, 1000, followedSize])
})

test("going up and down again leads back to the newest", () => {
  const all = lines(1000)
  const up = earlier(all, newest)
  assert.deepEqual(seqs(linesIn(all, up)), [1001 - sliceSize - sliceStep, 1000 - sliceStep, sliceSize])
  assert.deepEqual(later(all, up), newest)
})

test("going up ends at the first line with a full page", () => {
  const all = lines(1000)
  let slice = newest
  for (let turn = 0; turn < 100; turn++) slice = earlier(all, slice)
  assert.deepEqual(seqs(linesIn(all, slice)), [1, sliceSize, sliceSize])
  assert.equal(earlier(all, slice), slice)
})

test("few lines need no slice", () => {
  assert.equal(earlier(lines(20), newest), newest)
  assert.deepEqual(sliceAround(lines(20), 3), newest)
})

test("a line that is sought is in the middle", () => {
  const shown = linesIn(lines(1000), sliceAround(lines(1000), 500))
  assert.equal(shown.length, sliceSize)
  assert.ok(Math.abs(shown.findIndex(({ seq }) => seq === 500) - sliceSize / 2) <= 1)
  assert.deepEqual(sliceAround(lines(1000), 995), newest)
})

test("what is looked at stays when older lines are put above and newer ones come below", () => {
  const slice = held(lines(300), newest)
  assert.deepEqual(seqs(linesIn(lines(340), slice)), [101, 300, 200])
})
