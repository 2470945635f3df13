import { type ReactNode, useState } from 'react'
import type { Row } from '../../../shared/api.gen.ts'
import { remaining, share } from '../live/clock.ts'
import { clockTime, duration, LONG_WAIT } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { useNow, useStore, useWorkspace } from '../ui/hooks.ts'
import { firstReason, Icon, REASON_TEXT, ReasonBadge, Ring } from '../ui/marks.tsx'
import { PopButton } from '../ui/PopButton.tsx'
import { Plan } from './Plan.tsx'

/** Says what happens next to this dialog and when, if nobody acts. */
export function NextBar({ row, foreign }: { row: Row; foreign: boolean }) {
  const r = useText()
  const now = useNow()
  const { delayed } = useStore(useWorkspace())
  const since = row.session.waiting_since
  const sinceText = since ? clockTime(r.locale, since, true) : ''
  const reason = row.important ? firstReason(row.reasons) : undefined
  const waiting = since ? now - Date.parse(since) : 0
  const waited = since ? duration(r, waiting) : ''

  if (row.session.closed_at)
    return (
      <Bar kind="calm" icon={<Icon name="clock" />} plan={<Plan row={row} foreign={foreign} />}>
        {r.t('win.closed')}
      </Bar>
    )
  if (row.blocked_ip)
    return (
      <Bar kind="calm" icon={<Icon name="block" />} meta={`IP ${row.blocked_ip}`} plan={<Plan row={row} foreign={foreign} />}>
        {r.t('clock.barBlocked')}
      </Bar>
    )
  if (reason) {
    const redSince = row.red_since ? clockTime(r.locale, row.red_since, true) : ''
    const meta = reason === 'transferred' ? r.t('clock.barTransferred') : redSince ? r.t(reason === 'unclaimed' ? 'clock.barRedAll' : 'clock.barRed', { t: redSince }) : ''
    return (
      <Bar kind="red" icon={<ReasonBadge reason={reason} size={18} />} meta={meta} plan={<Plan row={row} foreign={foreign} />}>
        <b>{r.t(REASON_TEXT[reason])}</b>
        {since ? ` · ${waiting < LONG_WAIT ? r.t('clock.rowWaiting', { t: waited }) : waited}` : null}
      </Bar>
    )
  }
  if (row.next) {
    const until = Date.parse(row.next.at)
    const p = share(Date.parse(row.next.from), until, now)
    const [before, after] = r.t('clock.barIn').split('{t}')
    return (
      <Bar
        kind="next"
        icon={<Ring share={p} size={18} dashed={delayed} />}
        meta={since ? r.t(row.session.assignee ? 'clock.barSince' : 'clock.barUnclaimed', { t: sinceText }) : ''}
        track={p}
        plan={<Plan row={row} foreign={foreign} />}
      >
        {before}
        <b>{duration(r, remaining(until, now))}</b>
        {after}
      </Bar>
    )
  }
  const text =
    foreign && since ? r.t('clock.barForeign', { t: waited }) : since ? r.t('clock.barSince', { t: sinceText }) : foreign ? r.t('dialog.foreign', { name: row.session.assignee!.name }) : r.t('clock.barAnswered')
  // Of a colleague's dialog one sees how it goes: when he answered, or how long nobody has.
  const last = row.last?.kind === 'message' ? clockTime(r.locale, row.last.at, true) : ''
  const meta = foreign && last ? r.t(since ? 'clock.barLast' : 'clock.barReplied', { t: last }) : ''
  return (
    <Bar kind="calm" icon={<Icon name="clock" />} meta={meta} plan={<Plan row={row} foreign={foreign} />}>
      {text}
    </Bar>
  )
}

function Bar(props: { kind: 'next' | 'red' | 'calm'; icon: ReactNode; children: ReactNode; meta?: string; track?: number; plan?: ReactNode }) {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  return (
    <div className={`nextbar ${props.kind}`} role="timer" aria-live="off">
      {props.icon}
      <span className={props.kind === 'next' ? 'what fix' : 'what ell'} title={typeof props.children === 'string' ? props.children : undefined}>
        {props.children}
      </span>
      {props.track === undefined ? null : (
        <span className="track" aria-hidden="true">
          <i style={{ width: `${props.track * 100}%` }} />
          <u />
        </span>
      )}
      <span className="sp" />
      {props.meta ? (
        <span className="t12 ell only-w" title={props.meta}>
          {props.meta}
        </span>
      ) : null}
      {props.plan ? (
        <PopButton className="b gh sm" open={open} onOpenChange={setOpen} gap={8} popClass="plan-pop" popLabel={t('plan.title')} layer={props.plan}>
          {t('plan.title')}
          <Icon name="down" size={14} />
        </PopButton>
      ) : null}
    </div>
  )
}
