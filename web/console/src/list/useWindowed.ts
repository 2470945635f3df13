import { type RefObject, useCallback, useLayoutEffect, useMemo, useState } from 'react'

const SPARE = 450 // px drawn above and below what is seen, about six rows

export interface Placed {
  index: number
  top: number
}

/**
 * Of a long list only what is seen is drawn. Heights are known beforehand, so nothing is measured: where a row stands is a sum,
 * and which ones are seen is looked up in the sums.
 */
export function useWindowed<T>(items: readonly T[], heightOf: (item: T) => number, scroller: RefObject<HTMLElement | null>) {
  const tops = useMemo(() => {
    const tops = new Float64Array(items.length + 1)
    items.forEach((item, i) => (tops[i + 1] = tops[i]! + heightOf(item)))
    return tops
  }, [items, heightOf])
  const [seen, setSeen] = useState({ top: 0, height: 0 })
  const look = useCallback(() => {
    const el = scroller.current
    if (!el) return
    const { scrollTop: top, clientHeight: height } = el
    setSeen((before) => (before.top === top && before.height === height ? before : { top, height }))
  }, [scroller])
  useLayoutEffect(() => {
    const el = scroller.current!
    look()
    el.addEventListener('scroll', look, { passive: true })
    const sized = new ResizeObserver(look)
    sized.observe(el)
    return () => {
      el.removeEventListener('scroll', look)
      sized.disconnect()
    }
  }, [scroller, look])
  const total = tops[items.length]!
  // A list that became shorter is scrolled by the browser, which says so only later. Asked only then: it costs a layout.
  useLayoutEffect(() => {
    if (seen.top + seen.height > total) look()
  }, [total, seen, look])

  const first = Math.max(0, lastAt(tops, seen.top - SPARE))
  const placed: Placed[] = []
  for (let index = first; index < items.length && tops[index]! < seen.top + seen.height + SPARE; index++) placed.push({ index, top: tops[index]! })

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
