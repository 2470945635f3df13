import { useEffect, useRef, useState } from 'react'
import type { Feed } from '../live/feed.ts'
import { spoken } from '../text/spoken.ts'
import { useText } from '../text/text.tsx'

const AT_MOST = 5 // of what came at once, after a lost connection for instance
const STAYS = 5_000

/** Reads out what is new in the log. The stream itself is silent: its rows come and go as one scrolls. */
export function NewMessages({ feed }: { feed: Feed }) {
  const r = useText()
  const told = useRef(feed.log.last())
  const [said, setSaid] = useState<{ seq: number; text: string }[]>([])
  const last = feed.log.last()

  useEffect(() => {
    const fresh = last > told.current ? feed.log.tail().filter((e) => e.seq > told.current && e.audience !== 'visitor') : []
    told.current = Math.max(told.current, last)
    const lines = fresh.map((e) => ({ seq: e.seq, text: spoken(r, e) ?? '' })).filter((l) => l.text)
    if (lines.length) setSaid((before) => [...before, ...lines].slice(-AT_MOST))
  }, [feed, last, r])

  useEffect(() => {
    if (!said.length) return
    const timer = setTimeout(() => setSaid([]), STAYS)
    return () => clearTimeout(timer)
  }, [said])

  return (
    <div className="vh" role="log" aria-live="polite" aria-relevant="additions">
      {said.map((l) => (
        <p key={l.seq}>{l.text}</p>
      ))}
    </div>
  )
}
