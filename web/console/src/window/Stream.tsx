import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Row, SessionSummary } from '../../../shared/api.gen.ts'
import type { Feed } from '../live/feed.ts'
import { clockTime, dayName } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { useNow, useStore, useTabVisible, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { type Line, linesOf } from './lines.ts'
import { EventLine, OutgoingBubble } from './Message.tsx'

const NEAR_END = 48
const NEAR_START = 240

export function Stream({ feed, row, sessions, typing }: { feed: Feed; row: Row; sessions: SessionSummary[]; typing: ReactNode }) {
  const r = useText()
  const workspace = useWorkspace()
  const sends = useStore(workspace.sends)
  const search = useStore(workspace.search(row.id))
  useStore(feed)
  const shown = feed.shown()
  const lines = linesOf(shown, !feed.moreBefore)
  const outgoing = feed.atEnd ? sends.of(row.id) : []
  const box = useRef<HTMLDivElement>(null)
  const { away, unseen, toEnd } = useScroll(box, feed, outgoing.length)
  const departments = new Map(sessions.map((s) => [s.id, s.department?.name]))
  if (row.session.department) departments.set(row.session.id, row.session.department.name)
  const me = workspace.me()?.operator
  const lastShown = shown.at(-1)
  const ownBefore = lastShown?.author === 'operator' && lastShown.operator?.id === me?.id

  return (
    <div className="stream-box">
      <div className="stream" ref={box} tabIndex={0} role="region" aria-label={r.t('win.messages')}>
        {feed.loadingBefore ? <div className="more">{r.t('win.more')}</div> : null}
        {feed.error ? (
          <div className="more" role="alert">
            {r.t('win.failed')}{' '}
            <button className="link" onClick={() => void (feed.atEnd ? feed.older() : feed.newer())}>
              {r.t('btn.retry')}
            </button>
          </div>
        ) : null}
        <div className="log" role="log" aria-live="polite" aria-relevant="additions" aria-busy={feed.loadingBefore || feed.loadingAfter} aria-label={r.t('win.messages')}>
          {lines.map((line) =>
            line.kind === 'event' ? (
              <EventLine
                key={line.key}
                event={line.event}
                follows={line.follows}
                mark={feed.target?.seq === line.event.seq && !feed.target.quiet}
                query={search.query || undefined}
                now={search.current === line.event.seq}
                openForm={row.form?.seq}
              />
            ) : (
              <Separator key={line.key} line={line} department={line.kind === 'session' ? departments.get(line.sessionId) : undefined} />
            ),
          )}
          {outgoing.map((m, i) => (
            <OutgoingBubble
              key={m.clientId}
              message={m}
              author={i > 0 || ownBefore ? undefined : me?.name}
              onRetry={() => sends.retry(m.clientId)}
              onDelete={() => sends.remove(m.clientId)}
            />
          ))}
        </div>
        {feed.loadingAfter ? <div className="more">{r.t('win.more')}</div> : null}
        <div className="typing" role="status">
          {feed.atEnd ? typing : null}
        </div>
      </div>
      {away ? (
        <button className="to-end" onClick={toEnd}>
          <Icon name="down" size={14} />
          {r.t('win.toEnd')}
          {unseen ? (
            <span className="pill" title={r.plural('messages', unseen)}>
              {unseen}
            </span>
          ) : null}
        </button>
      ) : null}
    </div>
  )
}

function Separator({ line, department }: { line: Exclude<Line, { kind: 'event' }>; department?: string }) {
  const r = useText()
  const now = useNow(60_000)
  if (line.kind === 'day')
    return (
      <div className="day" role="separator">
        {dayName(r, line.at, now)}
      </div>
    )
  return (
    <div className="sess" role="separator">
      <span>
        <b>{r.t('session.new')}</b>
        {` · ${dayName(r, line.at, now)} ${clockTime(r.locale, line.at)}`}
        {department ? ` · ${r.t('dept.one')}: ${department}` : null}
      </span>
    </div>
  )
}

/** Stays at the end while the reader is there, keeps his place when older pages come above, goes where a jump leads. */
function useScroll(box: React.RefObject<HTMLDivElement | null>, feed: Feed, outgoing: number) {
  const stick = useRef(true)
  const before = useRef({ first: 0, height: 0, outgoing: 0, target: feed.target, endWish: feed.endWish })
  const [away, setAway] = useState(false)
  const shown = feed.shown()
  const first = shown[0]?.seq ?? 0
  useTabVisible() // what came while the tab was hidden is seen when it is shown

  useLayoutEffect(() => {
    const el = box.current
    if (!el) return
    const b = before.current
    if (feed.target && feed.target !== b.target) {
      stick.current = false
      const line = el.querySelector(`[data-seq="${feed.target.seq}"]`)
      const mark = feed.target.quiet && line?.querySelector('mark')
      // A session that was opened begins at the top; what was jumped to or found stands in the middle.
      if (feed.target.quiet && !mark) line?.scrollIntoView({ block: 'start' })
      else (mark || line)?.scrollIntoView({ block: 'center' })
    } else if (outgoing > b.outgoing || feed.endWish !== b.endWish || (stick.current && feed.atEnd)) {
      stick.current = true
      el.scrollTop = el.scrollHeight
    } else if (first && b.first && first < b.first) el.scrollTop += el.scrollHeight - b.height
    before.current = { first, height: el.scrollHeight, outgoing, target: feed.target, endWish: feed.endWish }
    update()
  })

  function update() {
    const el = box.current
    if (!el) return
    const atBottom = el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_END
    stick.current = atBottom && feed.atEnd
    if (stick.current && document.visibilityState === 'visible') feed.seenSeq = feed.log.last()
    setAway(!stick.current && feed.ready)
  }

  useEffect(() => {
    const el = box.current!
    const more = () => {
      if (el.scrollTop < NEAR_START && feed.moreBefore && !feed.error) void feed.older()
      if (!feed.atEnd && el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_START && !feed.error) void feed.newer()
    }
    const onScroll = () => {
      update()
      more()
    }
    // The composer grows, a line appears, the window is resized: the end stays the end.
    const sized = new ResizeObserver(() => {
      if (stick.current) el.scrollTop = el.scrollHeight
      more()
    })
    sized.observe(el)
    const log = el.querySelector('.log')
    if (log) sized.observe(log)
    el.addEventListener('scroll', onScroll, { passive: true })
    more()
    return () => {
      sized.disconnect()
      el.removeEventListener('scroll', onScroll)
    }
  }, [feed, feed.ready, first])

  const unseen = away ? feed.log.tail().filter((e) => e.seq > feed.seenSeq && e.author === 'visitor').length : 0
  return { away, unseen, toEnd: () => feed.toEnd() }
}
