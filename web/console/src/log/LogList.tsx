import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { LogRow } from '../../../shared/api.gen.ts'
import { useWish } from '../app/shortcuts.ts'
import { clockTime, dateTime, sameDay, shortDate } from '../text/format.ts'
import { dirOf, lastText, visitorName } from '../text/system.ts'
import { type Reader, useText } from '../text/text.tsx'
import { Avatar } from '../ui/marks.tsx'

const HEIGHT = 80

/** Finished sessions; one stop of the focus, arrows move in it, Enter opens. */
export function LogList(props: { rows: LogRow[]; sessionId?: string; more: boolean; onMore: () => void; onOpen: (row: LogRow) => void }) {
  const { rows, sessionId, more, onMore, onOpen } = props
  const { t } = useText()
  const scroller = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<string>()
  const wantFocus = useRef(false)
  const at = Math.max(0, rows.findIndex((r) => r.session_id === (active ?? sessionId)))
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    getItemKey: (i) => rows[i]!.session_id,
    overscan: 8,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (more && last >= rows.length - 10) onMore()
  }, [more, last, rows.length])

  // What was chosen is shown once its page is there: after a reload it may stand far down.
  const shown = useRef<string>(undefined)
  useEffect(() => {
    const index = rows.findIndex((r) => r.session_id === sessionId)
    if (index < 0 || shown.current === sessionId) return
    shown.current = sessionId
    virtual.scrollToIndex(index)
  }, [rows, sessionId])

  // What ends meanwhile comes in above: what is being read stays where it is, but at the very top it shows itself.
  const top = useRef<{ id: string; index: number }>(undefined)
  useLayoutEffect(() => {
    const el = scroller.current!
    const was = top.current
    const index = was && el.scrollTop > 0 ? rows.findIndex((r) => r.session_id === was.id) : -1
    if (was && index >= 0 && index !== was.index) el.scrollTop += (index - was.index) * HEIGHT
    const first = Math.floor(el.scrollTop / HEIGHT)
    top.current = rows[first] && { id: rows[first].session_id, index: first }
  })

  const takeFocus = () => {
    const el = scroller.current?.querySelector<HTMLElement>('[data-session][tabindex="0"]')
    el?.focus({ preventScroll: true })
    return !!el
  }
  const focusAt = (index: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, index))
    if (!rows[next]) return
    setActive(rows[next].session_id)
    virtual.scrollToIndex(next)
    wantFocus.current = true
  }
  useEffect(() => {
    if (wantFocus.current && takeFocus()) wantFocus.current = false
  })
  useWish(['prev', 'next', 'rows'], (w) => {
    if (w === 'rows') return focusAt(at)
    const here = rows.findIndex((r) => r.session_id === sessionId)
    const next = rows[here < 0 ? 0 : here + (w === 'next' ? 1 : -1)]
    if (next) onOpen(next)
  })

  const onKeyDown = (e: KeyboardEvent) => {
    if (e.altKey || e.ctrlKey || e.metaKey) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / HEIGHT) - 1)
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity, PageDown: page, PageUp: -page }
    if (steps[e.key] !== undefined) focusAt(at + steps[e.key]!)
    else if ((e.key === 'Enter' || e.key === ' ') && rows[at]) onOpen(rows[at])
    else return
    e.preventDefault()
  }
  return (
    <div className="rows" ref={scroller} tabIndex={-1}>
      <div role="listbox" aria-label={t('nav.log')} className="rows-in" style={{ height: virtual.getTotalSize() }} onKeyDown={onKeyDown} onFocus={(e) => setActive(e.target.dataset.session)}>
        {items.map((item) => {
          const row = rows[item.index]
          return row ? (
            <LogLine key={item.key} row={row} top={item.start} selected={row.session_id === sessionId} focusable={item.index === at} place={item.index + 1} of={more ? -1 : rows.length} onOpen={() => {
              setActive(row.session_id)
              onOpen(row)
            }} />
          ) : null
        })}
      </div>
    </div>
  )
}

/** From when to when; the day is named once. */
export function period(r: Reader, from: string, to: string): string {
  const same = sameDay(new Date(from), new Date(to))
  return `${dateTime(r.locale, from)} — ${same ? clockTime(r.locale, to) : dateTime(r.locale, to)}`
}

const LogLine = memo(function LogLine(props: { row: LogRow; top: number; selected: boolean; focusable: boolean; place: number; of: number; onOpen: () => void }) {
  const { row } = props
  const r = useText()
  const name = visitorName(r, row.visitor)
  const said = lastText(r, row.last)
  const text = said.by ? `${said.by}: ${said.text}` : said.text
  const when = period(r, row.started_at, row.closed_at)
  const who = `${row.operator?.name ?? '—'} · ${row.department?.name ?? r.t('dept.general')}`
  const tags = row.tags.map((t) => t.name)
  const label = [name, when, text, `${r.t('who.operator')}: ${who}`, tags.length ? `${r.t('tag.many')}: ${tags.join(', ')}` : '']
  return (
    <div className={props.selected ? 'row log-row sel' : 'row log-row'} style={{ transform: `translateY(${props.top}px)` }} title={text} onClick={props.onOpen}>
      <div
        className="row-hit"
        role="option"
        data-session={row.session_id}
        data-dialog={row.dialog_id}
        aria-selected={props.selected}
        aria-label={label.filter(Boolean).join('. ')}
        aria-posinset={props.place}
        aria-setsize={props.of}
        tabIndex={props.focusable ? 0 : -1}
      />
      <Avatar id={row.visitor.id} name={row.visitor.name} />
      <span className="row-in" aria-hidden="true">
        <span className="l1">
          <span className="nm ell" dir={dirOf(name)} title={name.length > 24 ? name : undefined}>
            {name}
          </span>
          <time className="tm" dateTime={row.closed_at} title={when}>
            <span className="only-w">{when}</span>
            <span className="only-n">{shortDate(r.locale, row.closed_at)}</span>
          </time>
        </span>
        <span className="l2">
          <span className={said.system ? 'tx ell sys' : 'tx ell'} dir={dirOf(text)}>{text}</span>
        </span>
        <span className="l3 mut">
          <span className="ell sp" title={who}>
            {who}
          </span>
          {row.tags.slice(0, 2).map((tag) => (
            <span className="chip tagc small" key={tag.id}>
              {tag.name}
            </span>
          ))}
          {row.tags.length > 2 ? <span className="fix">+{row.tags.length - 2}</span> : null}
        </span>
      </span>
    </div>
  )
})
