import { Seq } from "../api/contract"
import { Line } from "../log/log"

/** Which of the lines held are on the page: up to so many, ending at `end`; `null` follows the newest. */
export interface Slice {
  readonly end: Seq | null
}

/** How many lines are on the page at most, and by how many it moves. The rest is held and not drawn. */
export const sliceSize = 200
export const sliceStep = 50
/** How many are there while the newest are followed, which must go fast. */
export const followedSize = 100

export const newest: Slice = { end: null }

export function linesIn(lines: readonly Line[], slice: Slice, size = sliceSize): readonly Line[] {
  const end = endIndex(lines, slice)
  return lines.slice(Math.max(0, end - size), end)
}

/** The slice further up, or the same if it begins with the first line held. */
export function earlier(lines: readonly Line[], slice: Slice): Slice {
  const end = endIndex(lines, slice)
  if (end <= sliceSize) return slice
  return endingAt(lines, Math.max(sliceSize, end - sliceStep))
}

/** The slice further down; at the last line it follows the newest again. */
export function later(lines: readonly Line[], slice: Slice): Slice {
  return slice.end === null ? slice : endingAt(lines, endIndex(lines, slice) + sliceStep)
}

/** A slice with a line in its middle. */
export function sliceAround(lines: readonly Line[], seq: Seq): Slice {
  const index = lines.findIndex((line) => line.seq >= seq)
  return endingAt(lines, Math.max(Math.min(sliceSize, lines.length), index + sliceSize / 2))
}

/** Where the slice stays when lines come below that nobody has scrolled to. */
export function held(lines: readonly Line[], slice: Slice): Slice {
  const last = lines[lines.length - 1]
  return slice.end === null && last ? { end: last.seq } : slice
}

function endingAt(lines: readonly Line[], end: number): Slice {
  return end >= lines.length ? newest : { end: lines[end - 1]?.seq ?? null }
}

function endIndex(lines: readonly Line[], { end }: Slice): number {
  if (end === null) return lines.length
  let low = 0
  let high = lines.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((lines[middle]?.seq ?? 0) <= end) low = middle + 1
    else high = middle
  }
  return low
}
