import { useEffect, useRef, useState } from 'react'
import type { Event } from '../../../shared/api.gen.ts'
import type { Feed } from '../live/feed.ts'
import { spoken } from '../text/spoken.ts'
import { useText } from '../text/text.tsx'
import { useLatest, useWorkspace } from '../ui/hooks.ts'

const AT_MOST = 5
const ONE_BY_ONE = 3 // messages read out within STAYS; further ones are counted
const STAYS = 5_000
const COUNTED_FOR = 2_000

/** Reads out what is new in the log, and not one's own. The stream itself is silent: its rows come and go as one scrolls. */
export function NewMessages({ feed }: { feed: Feed }) {
  const r = useText()
  const me = useWorkspace().me()?.operator.id
  const told = useRef(feed.log.last())
  const [said, setSaid] = useState<{ seq: number; text: string }[]>([])
  const counted = useRef(0)
  const reader = useLatest(r)
  const last = feed.log.last()

  useEffect(() => {
    const isNews = (e: Event) => e.seq > told.current && e.audience !== 'visitor' && !(e.author === 'operator' && e.operator?.id === me)
    const fresh = last > told.current ? feed.log.tail().filter(isNews) : []
    told.current = Math.max(told.current, last)
    const messages = fresh.filter((e) => e.kind === 'message').length
    const many = !!messages && (!!counted.current || said.length + messages > ONE_BY_ONE)
    if (many) count(messages)
    const lines = fresh.filter((e) => !many || e.kind !== 'message').map((e) => ({ seq: e.seq, text: spoken(r, e) ?? '' }))
    say(lines.filter((l) => l.text))
  }, [feed, last, r])

  useEffect(() => {
    if (!said.length) return
    const timer = setTimeout(() => setSaid([]), STAYS)
    return () => clearTimeout(timer)
  }, [said])

  /** One line for all that come within a moment. */
  function count(messages: number) {
    if (!counted.current)
      setTimeout(() => {
        say([{ seq: told.current + 0.5, text: reader.current.plural('messages', counted.current) }])
        counted.current = 0
      }, COUNTED_FOR)
    counted.current += messages
  }

  function say(lines: typeof said) {
    if (lines.length) setSaid((before) => [...before, ...lines].slice(-AT_MOST))
  }

  return (
    <div className="vh" role="log" aria-live="polite" aria-relevant="additions">
      {said.map((l) => (
        <p key={l.seq}>{l.text}</p>
      ))}
    </div>
  )
}
