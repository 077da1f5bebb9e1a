import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react"
import { Seq } from "../api/contract"
import { Line } from "../log/log"
import { Slice, earlier, followedSize, held, later, linesIn, newest, sliceAround, sliceSize } from "./slice"

/** What is done where the lines held come to an end. */
export interface Edges {
  /** Whether the last line held is the newest there is. */
  readonly endsWithNewest: boolean
  onTop(): void
  onBottom(): void
}

/**
 * Which lines are on the page, and where it is scrolled to.
 *
 * What one looks at stays where it is: before each change the place of a message is noted, after it that message is put
 * back there. Only at the lower end do new messages push up.
 */
export function useMessageWindow(lines: readonly Line[], pending: number, edges: Edges) {
  const scroller = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const anchor = useRef<{ seq: string; top: number }>()
  const target = useRef<{ seq: Seq | "unread"; block: ScrollLogicalPosition }>()
  const sent = useRef(pending)
  const [slice, setSlice] = useState<Slice>(newest)
  const place = useRef(slice)
  const [away, setAway] = useState(false)
  const [lastSeen, setLastSeen] = useState<Seq>(0)
  const { endsWithNewest, onTop, onBottom } = edges
  const follows = slice.end === null && endsWithNewest && atEnd.current
  const shown = linesIn(lines, slice, follows ? followedSize : sliceSize)
  // Of what the page holds now: `place` may be ahead of it by moves that are not drawn yet.
  const wholly = useRef(false)
  wholly.current = endsWithNewest && shown[shown.length - 1] === lines[lines.length - 1]

  const move = useCallback((to: Slice) => {
    place.current = to
    setSlice(to)
  }, [])

  const look = useCallback(() => {
    const element = scroller.current
    // At the end nothing has to be kept in its place, and all has been seen.
    if (!element || atEnd.current) return
    const { top, bottom } = element.getBoundingClientRect()
    let last = 0
    anchor.current = undefined
    for (const row of Array.from(element.querySelectorAll<HTMLElement>("[data-seq]"))) {
      const box = row.getBoundingClientRect()
      if (box.bottom <= top) continue
      if (box.top >= bottom) break
      // Not one that is cut by the edge: it may grow or lose its name when another comes above it.
      if (!anchor.current || box.top < top + 1) anchor.current = { seq: row.dataset.seq ?? "", top: box.top }
      if (box.top < bottom - 8) last = Number(row.dataset.seq)
    }
    if (last > 0) setLastSeen(last)
  }, [])

  const restore = useCallback(() => {
    const element = scroller.current
    if (!element) return
    const wanted = target.current
    const goal = wanted && element.querySelector(wanted.seq === "unread" ? ".unread-divider" : `[data-seq="${wanted.seq}"]`)
    if (goal && wanted) {
      target.current = undefined
      goal.scrollIntoView({ block: wanted.block })
      atEnd.current = wholly.current && belowIn(element) < 60
      // The place to keep from now on is this one, before anything else grows.
      look()
      return
    }
    if (atEnd.current) {
      element.scrollTop = element.scrollHeight
      return
    }
    const noted = anchor.current && element.querySelector(`[data-seq="${anchor.current.seq}"]`)
    if (noted && anchor.current) element.scrollTop += noted.getBoundingClientRect().top - anchor.current.top
  }, [look])

  useLayoutEffect(() => {
    const own = pending > sent.current
    sent.current = pending
    if (own) move(newest)
    if (own) atEnd.current = true
    restore()
    look()
  }, [shown.length, shown[0]?.seq, shown[shown.length - 1]?.seq, pending, move, restore, look])

  // Images that come late and a composer that grows change the height without a new row.
  useEffect(() => {
    const element = scroller.current
    const inner = element?.firstElementChild
    if (!element || !inner) return undefined
    const observer = new ResizeObserver(() => {
      restore()
      look()
    })
    observer.observe(inner)
    observer.observe(element)
    return () => observer.disconnect()
  }, [restore, look])

  // A page that does not fill a tall window cannot be scrolled: the next one comes by itself.
  useEffect(() => {
    const element = scroller.current
    if (element && element.scrollHeight <= element.clientHeight) onTop()
  }, [shown.length, onTop])

  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const below = belowIn(element)
    atEnd.current = wholly.current && below < 60
    setAway(!wholly.current || below > 300)
    look()
    if (wholly.current) move(below > 300 ? held(lines, place.current) : newest)
    if (element.scrollTop < 300) {
      const up = earlier(lines, place.current)
      if (up === place.current) onTop()
      else move(up)
    } else if (below < 300 && !wholly.current) {
      if (place.current.end === null) onBottom()
      else move(later(lines, place.current))
    }
  }

  // Whoever stands at an edge has nowhere to scroll to: what has come beyond it is shown without that.
  useEffect(onScroll, [lines[0]?.seq, endsWithNewest || lines.length])

  /** Brings a message that is held, or the divider, before one's eyes. */
  const seek = useCallback((seq: Seq | "unread", among: readonly Line[]) => {
    target.current = { seq, block: seq === "unread" ? "start" : "center" }
    if (seq !== "unread") move(sliceAround(among, seq))
    window.requestAnimationFrame(restore)
  }, [move, restore])

  const toLatest = useCallback(() => {
    atEnd.current = true
    target.current = undefined
    move(newest)
    setAway(false)
    window.requestAnimationFrame(restore)
  }, [move, restore])

  return { scroller, onScroll, shown, away, lastSeen, seek, toLatest }
}

/** How far it is to the lower end. */
function belowIn(element: HTMLElement): number {
  return element.scrollHeight - element.scrollTop - element.clientHeight
}
