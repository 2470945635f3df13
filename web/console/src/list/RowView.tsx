import { memo, useMemo } from 'react'
import type { Row } from '../../../shared/api.gen.ts'
import { remaining, share } from '../live/clock.ts'
import { clockTime, dateTime, duration, elapsed, LONG_WAIT } from '../text/format.ts'
import { dirOf, lastText, visitorName } from '../text/system.ts'
import { type Reader, useText } from '../text/text.tsx'
import { useNow, useStore, useWorkspace } from '../ui/hooks.ts'
import { Avatar, firstReason, Icon, REASON_TEXT, ReasonBadge, Ring } from '../ui/marks.tsx'

const SOON = 30_000

export const TALL = 75
const SHORT = 55

/** A row that needs somebody is taller: red, counting, or a colleague's. */
export function heightOf(row: Row): number {
  return row.important || row.next || row.blocked_ip || row.can.write === 'not_assignee' ? TALL : SHORT
}

export const optionId = (row: Row) => `row-${row.id}`

export const RowView = memo(function RowView(props: {
  row: Row
  top: number
  selected: boolean
  focusable: boolean
  foreign: boolean
  place: number
  of: number
  onOpen: (row: Row) => void
}) {
  const { row, foreign } = props
  const r = useText()
  const label = useMemo(() => nameOf(r, row, foreign), [r, row, foreign])
  const classes = ['row']
  if (row.important) classes.push('red')
  if (row.unread) classes.push('new')
  if (foreign) classes.push('ro')
  if (props.selected) classes.push('sel')
  return (
    // The option lies under what is drawn: its name says moments, where the eye sees running figures.
    <div className={classes.join(' ')} style={{ transform: `translateY(${props.top}px)`, height: heightOf(row) }} title={saidLast(r, row)} onClick={() => props.onOpen(row)}>
      <div
        className="row-hit"
        role="option"
        id={optionId(row)}
        data-row={row.id}
        aria-selected={props.selected}
        aria-label={label}
        aria-posinset={props.place}
        aria-setsize={props.of}
        tabIndex={props.focusable ? 0 : -1}
      />
      <RowBody row={row} foreign={foreign} />
    </div>
  )
})

/** Countdowns are not part of the name: it says the moment instead. */
function nameOf(r: Reader, row: Row, foreign: boolean): string {
  return [
    visitorName(r, row.visitor),
    row.unread ? r.plural('messages', row.unread) : row.unanswered && !foreign ? r.t('list.readUnanswered') : '',
    row.important ? row.reasons.map((x) => r.t(REASON_TEXT[x])).join(', ') : '',
    row.next ? r.t('clock.rowAt', { t: clockTime(r.locale, row.next.at) }) : '',
    row.blocked_ip ? r.t('row.blocked', { ip: row.blocked_ip }) : '',
    foreign ? r.t('dialog.foreign', { name: row.session.assignee!.name }) : !row.session.assignee ? r.t('tab.unassigned') : '',
    saidLast(r, row),
    dateTime(r.locale, lastAt(row)),
  ]
    .filter(Boolean)
    .join('. ')
}

const lastAt = (row: Row) => row.last?.at ?? row.session.started_at

function saidLast(r: Reader, row: Row): string {
  const last = lastText(r, row.last)
  return last.by ? `${last.by}: ${last.text}` : last.text
}

/** What is seen in a row. It stays as it is when the row only moves: an answer in another dialog moves all that are seen. */
const RowBody = memo(function RowBody({ row, foreign }: { row: Row; foreign: boolean }) {
  const r = useText()
  const name = visitorName(r, row.visitor)
  const said = saidLast(r, row)
  return (
    <>
      <Avatar id={row.visitor.id} name={row.visitor.name} outlined={foreign} />
      <span className="row-in" aria-hidden="true">
        <span className="l1">
          <span className="nm ell" dir={dirOf(name)} title={name.length > 24 ? name : undefined}>
            {name}
          </span>
          <RowTime at={lastAt(row)} />
        </span>
        <span className="l2">
          <span className={lastText(r, row.last).system ? 'tx ell sys' : 'tx ell'} dir={dirOf(said)}>
            {said}
          </span>
          <Mark row={row} foreign={foreign} />
        </span>
        <StateLine row={row} foreign={foreign} />
      </span>
    </>
  )
})

function RowTime({ at }: { at: string }) {
  const r = useText()
  const now = useNow(10_000)
  return (
    <time className="tm" dateTime={at} title={dateTime(r.locale, at, true)}>
      {elapsed(r, at, now)}
    </time>
  )
}

/** Exclusive (D-11): the number of new ones; else a dot while nobody answered; else nothing. */
function Mark({ row, foreign }: { row: Row; foreign: boolean }) {
  const r = useText()
  if (foreign) return null
  if (row.unread)
    return (
      <span className="pill" title={`${r.t('list.newCount')}: ${row.unread}`}>
        {row.unread > 99 ? '99+' : row.unread}
      </span>
    )
  if (row.blocked_ip)
    return (
      <span className="mut" title={r.t('row.blocked', { ip: row.blocked_ip })}>
        <Icon name="block" />
      </span>
    )
  return row.unanswered ? <span className="dot" title={r.t('list.readUnanswered')} /> : null
}

function StateLine({ row, foreign }: { row: Row; foreign: boolean }) {
  const r = useText()
  const reason = row.important ? firstReason(row.reasons) : undefined
  if (reason)
    return (
      <span className="l3">
        <ReasonBadge reason={reason} />
        <b className="ell" title={r.t(REASON_TEXT[reason])}>
          {r.t(REASON_TEXT[reason])}
        </b>
        {row.session.waiting_since ? <Waiting since={row.session.waiting_since} /> : null}
      </span>
    )
  if (row.blocked_ip)
    return (
      <span className="l3 mut">
        <span className="ell">{r.t('row.blocked', { ip: row.blocked_ip })}</span>
      </span>
    )
  if (row.next) return <Counting row={row} />
  if (foreign)
    return (
      <span className="l3 mut" title={r.t('dialog.foreign', { name: row.session.assignee!.name })}>
        <Icon name="lock" size={13} />
        <span className="ell">{row.session.assignee!.name}</span>
      </span>
    )
  return null
}

/** The figure is never cut: where both do not fit the verb steps off the line. */
function Waiting({ since }: { since: string }) {
  const r = useText()
  const waited = useNow() - Date.parse(since)
  const figure = duration(r, waited)
  const [before, after] = r.t('clock.rowWaiting').split('{t}')
  return (
    <>
      <span className="fix waits-dot">·</span>
      <span className={waited >= LONG_WAIT ? 'fix' : before ? 'waits verb-first' : 'waits'} title={r.t('clock.rowWaiting', { t: figure })}>
        <span>{figure}</span>
        {waited >= LONG_WAIT ? null : <span>{before || after}</span>}
      </span>
    </>
  )
}

function Counting({ row }: { row: Row }) {
  const r = useText()
  const now = useNow()
  const { delayed } = useStore(useWorkspace())
  const until = Date.parse(row.next!.at)
  const left = remaining(until, now)
  const [before, after] = r.t('clock.rowIn').split('{t}')
  return (
    <span className={left <= SOON ? 'l3 next soon' : 'l3 next'}>
      <Ring share={share(Date.parse(row.next!.from), until, now)} dashed={delayed} />
      <span className="fix">
        {before}
        <b>{duration(r, left)}</b>
        {after}
      </span>
      {row.session.assignee ? null : (
        <span className="mut nobody ell">
          <span className="only-w">{r.t('tab.unassigned')}</span>
          <span className="only-n" title={r.t('tab.unassigned')}>
            <Icon name="nouser" size={14} />
          </span>
        </span>
      )}
    </span>
  )
}
