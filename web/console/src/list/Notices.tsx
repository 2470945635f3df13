import { useEffect, useState } from 'react'
import type { Project } from '../../../shared/api.gen.ts'
import { remaining } from '../live/clock.ts'
import { hoursAt } from '../live/hours.ts'
import { clockTime, dayName, duration, sameDay } from '../text/format.ts'
import { type Reader, useText } from '../text/text.tsx'
import { useNow, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'

/** Over the list: new dialogs are closed to this operator (M-03), a backlog has built up (M-08). */
export function Notices({ project }: { project: Project }) {
  return (
    <>
      <Hours project={project} />
      {project.backlog > 0 ? <Backlog key={project.id} project={project} /> : null}
    </>
  )
}

function Hours({ project }: { project: Project }) {
  const r = useText()
  const workspace = useWorkspace()
  const now = useNow()
  const hours = hoursAt(project.hours, now)
  const passed = hours !== project.hours
  // The clock has turned it; when it turns next only the server knows.
  useEffect(() => {
    if (passed) void workspace.refreshMe()
  }, [passed, workspace])
  if (hours.open) return null
  return (
    <div className="ban off">
      <Icon name="moon" />
      <span className="sp">
        <b>{r.t('hours.closed')}</b>
        {hours.changes_at ? <span className="ban-sub">{shiftStart(r, hours.changes_at, now)}</span> : null}
      </span>
    </div>
  )
}

export function shiftStart(r: Reader, at: string, now: number): string {
  const day = new Date(at)
  const today = new Date(now)
  const t = clockTime(r.locale, at)
  if (sameDay(day, today)) return r.t('hours.nextToday', { t })
  if (sameDay(day, new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1))) return r.t('hours.nextShift', { t })
  return r.t('hours.nextOn', { date: dayName(r, at, now), t })
}

/** Collapsed, not dismissed: it is back when the number grows (D-32). */
function Backlog({ project }: { project: Project }) {
  const r = useText()
  const now = useNow()
  const n = project.backlog
  const [hidden, setHidden] = useState(0)
  const open = n > hidden
  useEffect(() => {
    if (n < hidden) setHidden(n)
  }, [n, hidden])
  const form = Date.parse(project.offer_at!)
  const text = r.t('backlog.operator', { n })
  return (
    <div className={open ? 'ban w backlog' : 'ban w backlog slim'}>
      <Icon name="warn" />
      <span className="sp">
        {open ? <b>{text}</b> : <span className="t12">{text}</span>}
        {open && form > now ? (
          <span className="ban-sub">
            <Icon name="form" size={13} /> {r.t('backlog.next', { t: duration(r, remaining(form, now)) })}
          </span>
        ) : null}
      </span>
      <button className="b gh sm ic" aria-expanded={open} aria-label={r.t(open ? 'btn.collapse' : 'btn.expand')} title={r.t(open ? 'btn.collapse' : 'btn.expand')} onClick={() => setHidden(open ? n : 0)}>
        <Icon name={open ? 'up' : 'down'} size={14} />
      </button>
    </div>
  )
}
