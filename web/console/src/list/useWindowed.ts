import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { flushSync } from 'react-dom'

const SPARE = 450 // px drawn above and below what is seen, about six rows
const STEP = 150 // px of it that are used up before rows are drawn anew

export interface Placed {
  index: number
  top: number
  /** Beyond the reserve: drawn only until something else is. */
  far?: boolean
}

interface Span {
  top: number
  bottom: number
}

const around = ({ top, bottom }: Span, px: number): Span => ({ top: top - px, bottom: bottom + px })
const holds = (a: Span, b: Span) => a.top <= b.top && b.bottom <= a.bottom
const meet = (a: Span, b: Span) => a.top <= b.bottom && b.top <= a.bottom

/**
 * Of a long list only what is seen is drawn, and a reserve around it. Heights are known beforehand, so nothing is measured: where
 * a row stands is a sum, and which ones are seen is looked up in the sums. A long jump is shared between two frames: what is seen
 * is drawn at once, the reserve in the next one.
 */
export function useWindowed<T>(items: readonly T[], heightOf: (item: T) => number, scroller: RefObject<HTMLElement | null>) {
  const tops = useMemo(() => {
    const tops = new Float64Array(items.length + 1)
    for (let i = 0; i < items.length; i++) tops[i + 1] = tops[i]! + heightOf(items[i]!)
    return tops
  }, [items, heightOf])
  const seen = useRef<Span>({ top: 0, bottom: 0 })
  const [span, setSpan] = useState<Span>(seen.current)
  const frame = useRef(0)
  const look = useCallback(() => {
    const el = scroller.current
    if (!el) return
    const { scrollTop: top, clientHeight: height } = el
    const now = { top, bottom: top + height }
    seen.current = now
    setSpan((before) => {
      if (holds(before, now)) return before
      return meet(before, now) ? { top: Math.min(before.top, top), bottom: Math.max(before.bottom, now.bottom) } : now
    })
    const reserve = () => {
      frame.current = 0
      setSpan((before) => {
        const enough = holds(before, around(seen.current, SPARE - STEP)) && holds(around(seen.current, SPARE + STEP), before)
        return enough ? before : around(seen.current, SPARE)
      })
    }
    // After the frame that is about to be drawn.
    frame.current ||= requestAnimationFrame(() => setTimeout(reserve))
  }, [scroller])
  useLayoutEffect(() => {
    const el = scroller.current!
    // In this frame: rows that come into sight must not be seen missing.
    const scrolled = () => flushSync(look)
    look()
    el.addEventListener('scroll', scrolled, { passive: true })
    const sized = new ResizeObserver(look)
    sized.observe(el)
    return () => {
      el.removeEventListener('scroll', scrolled)
      sized.disconnect()
      cancelAnimationFrame(frame.current)
      frame.current = 0
    }
  }, [scroller, look])
  const total = tops[items.length]!
  // A list that became shorter is scrolled by the browser, which says so only later. Asked only then: it costs a layout.
  useLayoutEffect(() => {
    if (seen.current.bottom > total) look()
  }, [total, look])

  const first = Math.max(0, lastAt(tops, span.top))
  const near = around(seen.current, SPARE)
  const placed: Placed[] = []
  for (let index = first; index < items.length && tops[index]! < span.bottom; index++) {
    const top = tops[index]!
    placed.push({ index, top, far: top > near.bottom || tops[index + 1]! < near.top })
  }

  /** Scrolls no further than needed. */
  const show = (index: number) => {
    const el = scroller.current
    if (!el || index < 0 || index >= items.length) return
    const [top, bottom] = [tops[index]!, tops[index + 1]!]
    if (top < el.scrollTop) el.scrollTop = top
    else if (bottom > el.scrollTop + el.clientHeight) el.scrollTop = bottom - el.clientHeight
    look()
  }
  return { placed, tops, total, show }
}

/** The last index whose top is not below y. */
function lastAt(tops: Float64Array, y: number): number {
  let low = 0
  let high = tops.length
  while (low < high) {
    const mid = (low + high) >> 1
    if (tops[mid]! <= y) low = mid + 1
    else high = mid
  }
  return low - 1
}
