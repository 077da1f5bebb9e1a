import assert from "node:assert/strict"
import { test } from "node:test"
import { cropped, moved, zoomed } from "./crop"

const middle = { x: 0.5, y: 0.5, zoom: 1 }

test("the largest square in the middle is kept at first", () => {
  assert.deepEqual(cropped(middle, 400, 200), { edge: 200, left: 100, top: 0 })
})

test("dragging moves the square the other way, and never out of the picture", () => {
  assert.equal(cropped(moved(middle, 0.25, 0, 400, 200), 400, 200).left, 50)
  const far = moved(middle, -9, 9, 400, 200)
  assert.deepEqual(cropped(far, 400, 200), { edge: 200, left: 200, top: 0 })
  assert.equal(cropped(moved(far, 0.25, 0, 400, 200), 400, 200).left, 150)
})

test("zooming keeps the middle", () => {
  assert.deepEqual(cropped(zoomed(middle, 2), 400, 200), { edge: 100, left: 150, top: 50 })
  assert.equal(zoomed(middle, 0.2).zoom, 1)
})
