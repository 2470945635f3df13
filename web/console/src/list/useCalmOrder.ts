import { useEffect, useRef, useState } from 'react'

const QUIET = 300 // the pointer counts as moving this long after its last move
const AT_MOST = 1500

/**
 * The list does not move under the hand: while the pointer moves over it, a new order waits, at most 1.5 s.
 * What the rows say does not wait; only where they stand.
 */
export function useCalmOrder<T extends { id: string }>(wanted: readonly T[], scope: string) {
  const [, draw] = useState(0)
  const shown = useRef<{ scope: string; items: readonly T[] }>({ scope, items: [] })
  const moved = useRef(-Infinity)
  const since = useRef<number>(undefined)

  const now = performance.now()
  const busy = shown.current.scope === scope && now - moved.current < QUIET && now - (since.current ?? now) < AT_MOST
  if (!busy || sameOrder(shown.current.items, wanted)) {
    shown.current = { scope, items: wanted }
    since.current = undefined
  } else {
    since.current ??= now
    const byId = new Map(wanted.map((w) => [w.id, w]))
    shown.current = { scope, items: shown.current.items.map((s) => byId.get(s.id)).filter((w) => w !== undefined) }
  }
  useEffect(() => {
    if (since.current === undefined) return
    const wait = Math.min(QUIET, AT_MOST - (performance.now() - since.current))
    const timer = setTimeout(() => draw((n) => n + 1), Math.max(16, wait))
    return () => clearTimeout(timer)
  })
  return { items: shown.current.items, onPointerMove: () => void (moved.current = performance.now()) }
}

function sameOrder(a: readonly { id: string }[], b: readonly { id: string }[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i] || x.id === b[i]!.id)
}
