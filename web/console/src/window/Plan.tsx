import type { ReactNode } from 'react'
import type { Project, Row } from '../../../shared/api.gen.ts'
import { share } from '../live/clock.ts'
import { clockTime, duration, sameDay, shortDate } from '../text/format.ts'
import { type Reader, useText } from '../text/text.tsx'
import { useNow, useWorkspace } from '../ui/hooks.ts'
import { firstReason, Icon, REASON_TEXT, ReasonBadge, Ring } from '../ui/marks.tsx'

/** «Что дальше»: only what is certain to happen to this operator's dialog if nobody acts. */
export function Plan({ row, foreign }: { row: Row; foreign: boolean }) {
  const r = useText()
  const now = useNow()
  const workspace = useWorkspace()
  const project = workspace.projectOf(row.project_id)
  const since = row.session.waiting_since
  const reason = row.important ? firstReason(row.reasons) : undefined
  const { next, later } = certain(row, project ? stepsLater(project, row, foreign, now) : [])
  const title = <div className="semi plan-title">{r.t('plan.heading')}</div>
  const steps = later.map((step) => (
    <Step key={step.text} at={moment(r, step.at, now)} mark={step.text === 'plan.backlogAt' ? <Icon name="form" size={14} /> : <span className="plan-dot open" />}>
      {r.t(step.text, step.name === undefined ? undefined : { name: step.name })}
    </Step>
  ))

  if (row.session.closed_at)
    return (
      <>
        {title}
        {later.length ? <ol className="plan">{steps}</ol> : null}
        <p className="t13 plan-none">{r.t(project?.rating ? 'plan.rating' : 'win.closed')}</p>
      </>
    )
  return (
    <>
      {title}
      {since || later.length ? (
        <ol className="plan">
          {since ? (
            <>
              <Step at={moment(r, since, now)} mark={<span className="plan-dot" />}>
                {r.t('plan.started')}
              </Step>
              <Step at={moment(r, now, now)} mark={<Ring share={next ? share(Date.parse(next.from), Date.parse(next.at), now) : 1} size={16} />} strong>
                {r.t('plan.now', { t: duration(r, now - Date.parse(since)) })}
              </Step>
            </>
          ) : null}
          {next ? (
            <Step at={moment(r, next.at, now)} mark={<ReasonBadge reason={next.kind} />}>
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
          {steps}
        </ol>
      ) : (
        <p className="t13 plan-none">{reason === 'transferred' ? r.t('plan.transferred') : r.t('plan.nothing')}</p>
      )}
      {since && !foreign ? <div className="pop-foot flush">{r.t('plan.foot')}</div> : null}
    </>
  )
}

export interface Later {
  at: number
  text:
    | 'plan.backlogAt'
    | 'plan.shiftEnd'
    | 'plan.shiftEndUntaken'
    | 'plan.deptCloses'
    | 'plan.deptClosesUntaken'
    | 'plan.commonCloses'
    | 'plan.commonClosesUntaken'
    | 'plan.autoClose'
    | 'plan.ratingEnd'
  /** Of the department. */
  name?: string
}

/** After one of these an untaken dialog is out of the operator's sight: nothing that follows happens to him (D-22). */
const GOES: readonly string[] = ['plan.shiftEndUntaken', 'plan.deptClosesUntaken', 'plan.commonClosesUntaken']

/** What still happens before the dialog goes. */
export function certain(row: Row, later: Later[]): { next?: Row['next']; later: Later[] } {
  const goes = later.findIndex((s) => GOES.includes(s.text))
  if (goes < 0) return { next: row.next, later }
  return { next: row.next && Date.parse(row.next.at) < later[goes]!.at ? row.next : undefined, later: later.slice(0, goes + 1) }
}

/**
 * By time: the backlog's form (D-31), the end of the own shift (D-23), the closing of the dialog's queue (D-22), automatic
 * closing (D-40), the end of asking for a rating (D-68).
 */
export function stepsLater(project: Project, row: Row, foreign: boolean, now: number): Later[] {
  const steps: Later[] = []
  const { hours } = project
  const { session } = row
  const add = (at: string | number | undefined, text: Later['text'], name?: string) => at && steps.push({ at: Number(new Date(at)), text, name })
  if (session.closed_at) add(session.rating_until, 'plan.ratingEnd')
  else {
    const untaken = !session.assignee
    if (row.offer && project.backlog_queues?.includes(row.offer.queue)) add(row.offer.at, 'plan.backlogAt')
    if (!foreign) {
      add(hours.own_until, untaken ? 'plan.shiftEndUntaken' : 'plan.shiftEnd')
      const closing = hours.closings?.find((c) => c.department_id === session.department?.id)
      if (session.department) add(closing?.at, untaken ? 'plan.deptClosesUntaken' : 'plan.deptCloses', session.department.name)
      else add(closing?.at, untaken ? 'plan.commonClosesUntaken' : 'plan.commonCloses')
    }
    add(session.closes_at, 'plan.autoClose')
  }
  return steps.filter((s) => s.at > now).sort((a, b) => a.at - b.at)
}

/** The time of day; another day by its date. */
function moment(r: Reader, at: string | number, now: number): string {
  return sameDay(new Date(at), new Date(now)) ? clockTime(r.locale, at, true) : shortDate(r.locale, at)
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
