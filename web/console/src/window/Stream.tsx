import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import type { Row, SessionSummary } from '../../../shared/api.gen.ts'
import type { Feed } from '../live/feed.ts'
import { clockTime, dayName } from '../text/format.ts'
import { spoken } from '../text/spoken.ts'
import { useText } from '../text/text.tsx'
import { useNow, useStore, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { type Block, blocksOf, type Line, linesOf, readMessage } from './lines.ts'
import { EventLine, OutgoingBubble } from './Message.tsx'
import { NewMessages } from './NewMessages.tsx'
import { useStreamScroll } from './useStreamScroll.ts'

/** `past`: it is read in the log, where no session is a new one. */
export function Stream({ feed, row, sessions, typing, past }: { feed: Feed; row: Row; sessions: SessionSummary[]; typing: ReactNode; past?: boolean }) {
  const r = useText()
  const workspace = useWorkspace()
  const sends = useStore(workspace.sends)
  const search = useStore(workspace.search(row.id))
  useStore(feed)
  const shown = feed.shown()
  const beginning = !feed.moreBefore
  const blocks = useMemo(() => blocksOf(linesOf(shown, beginning)), [shown, beginning])
  const outgoing = feed.atEnd ? sends.of(row.id) : []
  const [held, setHeld] = useState<string>()
  const heldAt = held ? blocks.findIndex((b) => b.key === held) : -1
  const { box, virtual, away } = useStreamScroll(feed, blocks, outgoing, held)
  const onKeyDown = useArrows(box, blocks, heldAt, (index) => virtual.scrollToIndex(index))
  const departments = new Map(sessions.map((s) => [s.id, s.department?.name]))
  if (row.session.department) departments.set(row.session.id, row.session.department.name)
  const tags = new Map(sessions.map((s) => [s.id, s.tags.map((tag) => tag.name).join(', ')]))
  const me = workspace.me()?.operator
  const lastShown = shown.at(-1)
  const ownBefore = lastShown?.author === 'operator' && lastShown.operator?.id === me?.id
  const read = feed.atEnd ? readMessage(shown, feed.readSeq) : undefined
  const unseen = away ? feed.log.tail().filter((e) => e.seq > feed.seenSeq && e.author === 'visitor').length : 0

  /** The button that was pressed goes away; the focus stays in the stream. */
  const leaveFocus = (act: () => void) => {
    act()
    box.current?.focus()
  }
  const drawn = (line: Line) =>
    line.kind === 'event' ? (
      <EventLine
        key={line.key}
        event={line.event}
        follows={line.follows}
        mark={feed.target?.seq === line.event.seq && !feed.target.quiet}
        query={search.query || undefined}
        now={search.current === line.event.seq}
        openForm={row.form?.seq}
        read={line.event === read}
        tags={past && line.event.key === 'dialog.ended.operator' ? tags.get(line.event.session_id) : undefined}
        entered={held !== undefined && blocks[heldAt]?.event === line.event}
      />
    ) : (
      <Separator key={line.key} line={line} past={past} department={line.kind === 'session' ? departments.get(line.sessionId) : undefined} />
    )

  return (
    <div className="stream-box">
      <div className="stream" ref={box} tabIndex={0} role="region" aria-label={r.t('win.messages')} onKeyDown={onKeyDown}>
        <div
          className="log"
          role="log"
          aria-live="off"
          aria-busy={feed.loadingBefore || feed.loadingAfter}
          aria-label={r.t('win.messages')}
          style={{ height: virtual.getTotalSize() }}
          onFocus={(e) => setHeld(e.target.closest<HTMLElement>('[data-block]')?.dataset.block)}
          onBlur={() => document.hasFocus() && setHeld(undefined)}
        >
          {virtual.getVirtualItems().map((item) => {
            const block = blocks[item.index]
            const sending = block ? undefined : outgoing[item.index - blocks.length]
            return (
              <div className="stream-row" key={item.key} data-index={item.index} data-block={item.key} ref={virtual.measureElement} style={{ transform: `translateY(${item.start}px)` }}>
                {block?.event ? (
                  <>
                    {block.lines.slice(0, -1).map(drawn)}
                    <div className="entry" role="article" tabIndex={-1} aria-label={`${spoken(r, block.event)}${block.event === read ? `. ${r.t('msg.read')}` : ''}`}>
                      {drawn(block.lines.at(-1)!)}
                    </div>
                  </>
                ) : (
                  block?.lines.map(drawn)
                )}
                {sending ? (
                  <OutgoingBubble
                    message={sending}
                    author={item.index > blocks.length || ownBefore ? undefined : me?.name}
                    onRetry={() => leaveFocus(() => sends.retry(sending.clientId))}
                    onDelete={() => leaveFocus(() => sends.remove(sending.clientId))}
                  />
                ) : null}
              </div>
            )
          })}
        </div>
        <div className="typing" role="status">
          {feed.atEnd ? typing : null}
        </div>
      </div>
      <NewMessages feed={feed} />
      {feed.error && feed.ready ? (
        <div className="stream-note" role="alert">
          {r.t('win.failed')}{' '}
          <button className="link" onClick={() => void (feed.atEnd ? feed.older() : feed.newer())}>
            {r.t('btn.retry')}
          </button>
        </div>
      ) : feed.loadingBefore || feed.loadingAfter ? (
        <div className={feed.loadingBefore ? 'stream-note' : 'stream-note after'}>{r.t('win.more')}</div>
      ) : null}
      {away ? (
        <button className="to-end" onClick={() => feed.toEnd()}>
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

/** The stream is one stop of Tab; within it the arrows go from entry to entry, Home and End to the first and last one. */
function useArrows(box: React.RefObject<HTMLDivElement | null>, blocks: readonly Block[], heldAt: number, bring: (index: number) => void) {
  const wanted = useRef<string>(undefined)
  const focus = () => {
    const el = wanted.current && box.current?.querySelector<HTMLElement>(`[data-block="${wanted.current}"] .entry`)
    if (!el) return
    wanted.current = undefined
    el.focus({ preventScroll: true })
    el.scrollIntoView({ block: 'nearest' })
  }
  useEffect(focus)

  return (e: KeyboardEvent) => {
    if (e.altKey || e.ctrlKey || e.metaKey || e.shiftKey) return
    const step = e.key === 'ArrowUp' || e.key === 'End' ? -1 : e.key === 'ArrowDown' || e.key === 'Home' ? 1 : 0
    if (!step) return
    e.preventDefault()
    const from = e.key === 'End' ? blocks.length : e.key === 'Home' ? -1 : heldAt >= 0 ? heldAt : edgeInSight(box.current!, step)
    for (let i = from + step; blocks[i]; i += step) {
      if (!blocks[i]!.event) continue
      wanted.current = blocks[i]!.key
      bring(i)
      return focus()
    }
  }
}

/** Index beside the first or last block in sight, so that a step leads to that one. */
function edgeInSight(box: HTMLElement, step: number): number {
  const { top, bottom } = box.getBoundingClientRect()
  const seen = [...box.querySelectorAll<HTMLElement>('[data-index]')].filter((el) => {
    const r = el.getBoundingClientRect()
    return r.bottom > top && r.top < bottom
  })
  const edge = step < 0 ? seen.at(-1) : seen[0]
  return edge ? Number(edge.dataset.index) - step : 0
}

function Separator({ line, past, department }: { line: Exclude<Line, { kind: 'event' }>; past?: boolean; department?: string }) {
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
        <b>{r.t(past ? 'hist.session' : 'session.new')}</b>
        {` · ${dayName(r, line.at, now)} ${clockTime(r.locale, line.at)}`}
        {department ? ` · ${r.t('dept.one')}: ${department}` : null}
      </span>
    </div>
  )
}
