import type { ReactNode } from 'react'
import type { Row } from '../../../shared/api.gen.ts'
import { share } from '../live/clock.ts'
import { clockTime, duration } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { useNow } from '../ui/hooks.ts'
import { firstReason, REASON_TEXT, ReasonBadge, Ring } from '../ui/marks.tsx'

/** «Что дальше»: only what is certain to happen to this operator's dialog if nobody acts. */
export function Plan({ row, foreign }: { row: Row; foreign: boolean }) {
  const r = useText()
  const now = useNow()
  const since = row.session.waiting_since
  const time = (at: string | number) => clockTime(r.locale, at, true)
  const reason = row.important ? firstReason(row.reasons) : undefined
  const next = row.next

  return (
    <>
      <div className="semi plan-title">{r.t('plan.title')}</div>
      {since ? (
        <ol className="plan">
          <Step at={time(since)} mark={<span className="plan-dot" />}>
            {r.t('plan.started')}
          </Step>
          <Step at={time(now)} mark={<Ring share={next ? share(Date.parse(next.from), Date.parse(next.at), now) : 1} size={16} />} strong>
            {r.t('plan.now', { t: duration(r, now - Date.parse(since)) })}
          </Step>
          {next ? (
            <Step at={time(next.at)} mark={<ReasonBadge reason={next.kind} />}>
              {r.t(next.kind === 'unclaimed' ? 'plan.unclaimedAt' : 'plan.overdueAt', {
                t: duration(r, Date.parse(next.at) - Date.parse(next.from)),
              })}
            </Step>
          ) : null}
          {reason ? (
            <Step at="" mark={<ReasonBadge reason={reason} />}>
              {reason === 'transferred' ? r.t('plan.transferred') : r.t('plan.red', { reason: r.t(REASON_TEXT[reason]) })}
            </Step>
          ) : null}
        </ol>
      ) : (
        <p className="t13 plan-none">{reason === 'transferred' ? r.t('plan.transferred') : r.t('plan.nothing')}</p>
      )}
      {since && !foreign ? <div className="pop-foot flush">{r.t('plan.foot')}</div> : null}
    </>
  )
}

function Step(props: { at: string; mark: ReactNode; strong?: boolean; children: ReactNode }) {
  return (
    <li>
      <span className="mut plan-at">{props.at}</span>
      <span className="plan-mark">{props.mark}</span>
      <span className={props.strong ? 'semi' : undefined}>{props.children}</span>
    </li>
  )
}
