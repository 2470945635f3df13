import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Feed } from '../live/feed.ts'
import type { Outgoing } from '../live/sendqueue.ts'
import { useTabVisible } from '../ui/hooks.ts'
import { type Block, type Line, sentKey } from './lines.ts'

const NEAR_END = 48
const NEAR_EDGE = 800 // further pages are read before one comes to the edge
const OVERSCAN = 16
const LETTERS = 68 // in a line of a bubble, more or less

/**
 * What of a long log is drawn, and where the reader stands in it: he stays at the end while he is there, keeps his place
 * when older pages come above, and goes where a jump leads.
 * `held`: key of the block that has the focus; it is drawn wherever one scrolls, or the focus would be lost with it.
 */
export function useStreamScroll(feed: Feed, blocks: readonly Block[], sending: readonly Outgoing[], held: string | undefined) {
  const box = useRef<HTMLDivElement>(null)
  const stick = useRef(true) // the end is held, whatever grows
  const near = useRef(feed.atEnd) // the end is in sight
  const top = useRef(0)
  const jump = useRef<Feed['target']>(undefined)
  const outgoing = sending.length
  const sendingIds = sending.map((m) => m.clientId).join()
  const keys = useMemo(() => [...blocks.map((b) => b.key), ...(sendingIds ? sendingIds.split(',').map(sentKey) : [])], [blocks, sendingIds])
  const last = keys.at(-1)
  // Back in a dialog whose past was looked at, one stands where one was.
  const before = useRef({ target: feed.atEnd ? feed.target : undefined, endWish: feed.endWish, outgoing: 0, last, size: 0 })
  const [away, setAway] = useState(false)
  const first = feed.shown()[0]?.seq ?? 0
  useTabVisible() // what came while the tab was hidden is seen when it is shown

  const virtual = useVirtualizer({
    count: keys.length,
    getScrollElement: () => box.current,
    estimateSize: (i) => guess(blocks[i]),
    getItemKey: useCallback((i: number) => keys[i]!, [keys]),
    initialOffset: () => (feed.atEnd ? blocks.reduce((sum, b) => sum + guess(b), 0) : 0),
    overscan: OVERSCAN,
    paddingStart: 12,
    paddingEnd: 18,
    anchorTo: 'end',
    rangeExtractor: useCallback(
      (range: Range) => {
        const all = defaultRangeExtractor(range)
        const at = held ? keys.indexOf(held) : -1
        return at < 0 || all.includes(at) ? all : [...all, at].sort((a, b) => a - b)
      },
      [keys, held],
    ),
  })
  const size = virtual.getTotalSize()

  useLayoutEffect(() => {
    const b = before.current
    look()
    if (feed.target && feed.target !== b.target) {
      stick.current = false
      jump.current = feed.target
    } else if (outgoing > b.outgoing || feed.endWish !== b.endWish) {
      stick.current = true
      jump.current = undefined
    } else if (near.current && last !== b.last && !jump.current) stick.current = true
    if (jump.current) goTo(jump.current)
    else if (stick.current && feed.atEnd && (last !== b.last || size !== b.size || feed.endWish !== b.endWish)) virtual.scrollToEnd()
    before.current = { target: feed.target, endWish: feed.endWish, outgoing, last, size }
    tell()
  })

  /** A line that is not drawn yet is come near to first, and stood at when it is. */
  function goTo(target: NonNullable<Feed['target']>) {
    const line = box.current?.querySelector(`[data-seq="${target.seq}"]`)
    if (!line) {
      const index = blocks.findIndex((b) => b.event?.seq === target.seq)
      if (index < 0) jump.current = undefined
      else virtual.scrollToIndex(index, { align: 'center' })
      return
    }
    virtual.cancelScroll()
    jump.current = undefined
    const mark = target.quiet && line.querySelector('mark')
    // A session that was opened begins at the top; what was jumped to or found stands in the middle.
    if (target.quiet && !mark) line.scrollIntoView({ block: 'start' })
    else (mark || line).scrollIntoView({ block: 'center' })
    look()
  }

  /** Where one stands. Going up leaves the end at once; what grows below does not push one away from it. */
  function look() {
    const el = box.current
    if (!el) return
    const left = el.scrollHeight - el.scrollTop - el.clientHeight
    const moved = el.scrollTop - top.current
    if (left <= 1 || (left < NEAR_END && moved > 1)) stick.current = feed.atEnd && !jump.current
    else if (moved < -1 || !feed.atEnd) stick.current = false
    if (moved) near.current = feed.atEnd && left < NEAR_END
    top.current = el.scrollTop
  }

  function tell() {
    const there = (stick.current || near.current) && !jump.current
    if (there && document.visibilityState === 'visible') feed.seenSeq = feed.log.last()
    setAway(!there && feed.ready)
  }

  useEffect(() => {
    const el = box.current!
    const more = () => {
      if (el.scrollTop < NEAR_EDGE && feed.moreBefore && !feed.error) void feed.older()
      if (!feed.atEnd && el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_EDGE && !feed.error) void feed.newer()
    }
    const onScroll = () => {
      look()
      tell()
      more()
    }
    // The composer grows, the window is resized: the end stays the end.
    const sized = new ResizeObserver(() => {
      if (stick.current && feed.atEnd) virtual.scrollToEnd()
      more()
    })
    sized.observe(el)
    el.addEventListener('scroll', onScroll, { passive: true })
    more()
    return () => {
      sized.disconnect()
      el.removeEventListener('scroll', onScroll)
    }
  }, [feed, feed.ready, first, virtual])

  return { box, virtual, away }
}

/** Height of a block before it is measured. */
function guess(block: Block | undefined): number {
  return block ? block.lines.reduce((sum, line) => sum + lineHeight(line), 0) : 46
}

function lineHeight(line: Line): number {
  if (line.kind !== 'event') return 38
  const { event, follows } = line
  if (event.kind === 'form' || event.kind === 'form_request') return 130
  if (event.kind !== 'message') return 26
  const rows = (event.text ?? '').split('\n').reduce((sum, row) => sum + Math.max(1, Math.ceil(row.length / LETTERS)), 0)
  return (follows ? 3 : event.author === 'operator' ? 29 : 10) + 16 + rows * 20
}
