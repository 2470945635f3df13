import { useEffect, useRef, useState } from 'react'

const QUIET = 300 // the pointer counts as moving this long after its last move
const AT_MOST = 1500

/**
 * The list does not move under the hand: while the pointer moves over it, a new order waits, at most 1.5 s.
 * What the rows say does not wait; only where they stand.
 */
export function useCalmOrder<T extends { id: string }>(wanted: T[], scope: string) {
  const [, draw] = useState(0)
  const shown = useRef<{ scope: string; ids: string[] }>({ scope, ids: [] })
  const moved = useRef(-Infinity)
  const since = useRef<number>(undefined)
  const ids = wanted.map((w) => w.id)
  const same = shown.current.scope === scope && ids.length === shown.current.ids.length && ids.every((id, i) => id === shown.current.ids[i])
  const now = performance.now()
  const busy = shown.current.scope === scope && now - moved.current < QUIET && now - (since.current ?? now) < AT_MOST
  if (same || !busy) {
    shown.current = { scope, ids }
    since.current = undefined
  } else since.current ??= now

  useEffect(() => {
    if (since.current === undefined) return
    const wait = Math.min(QUIET, AT_MOST - (performance.now() - since.current))
    const timer = setTimeout(() => draw((n) => n + 1), Math.max(16, wait))
    return () => clearTimeout(timer)
  })

  const byId = new Map(wanted.map((w) => [w.id, w]))
  const items = shown.current.ids.map((id) => byId.get(id)).filter((w) => w !== undefined)
  return { items, onPointerMove: () => void (moved.current = performance.now()) }
}
