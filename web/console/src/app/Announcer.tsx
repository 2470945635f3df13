import { useEffect, useRef, useState } from 'react'
import { type Reader, useText } from '../text/text.tsx'
import { visitorName } from '../text/system.ts'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import { firstReason, REASON_TEXT } from '../ui/marks.tsx'

const EVERY = 5000

/** Says at most one sentence in five seconds: a dialog that turned important, a new count of untaken ones. */
export function Announcer() {
  const r = useText()
  const workspace = useStore(useWorkspace())
  const rows = useStore(workspace.rows)
  const [said, setSaid] = useState({ locale: r.locale, text: '' })
  const untaken = useRef<number>(undefined)
  const scope = useRef('')
  // Put into words when it is said: the language may be another by then.
  const queue = useRef<((r: Reader) => string)[]>([])
  const free = useRef(0)

  const project = workspace.projectOf()
  const backlog = useRef(0)
  const closed = useRef(false)

  useEffect(() => {
    const place = `${workspace.project} ${workspace.group}`
    const reddened = rows.takeReddened()
    // Another tab or project is not news.
    if (place !== scope.current) {
      untaken.current = undefined
      reddened.length = 0
    }
    scope.current = place
    for (const row of reddened) {
      if (!row.groups.includes(workspace.group)) continue
      const reason = firstReason(row.reasons)
      queue.current.push((r) => `${r.t('list.important')}: ${visitorName(r, row.visitor)}${reason ? `, ${r.t(REASON_TEXT[reason])}` : ''}`)
    }
    const count = workspace.counts?.unassigned
    if (count !== undefined && untaken.current !== undefined && count > untaken.current)
      queue.current.push((r) => `${r.t('tab.unassigned')}: ${count}`)
    untaken.current = count
    if (project && project.backlog > backlog.current) queue.current.push((r) => r.t('backlog.operator', { n: project.backlog }))
    backlog.current = project?.backlog ?? 0
    if (project && !project.hours.open && !closed.current) queue.current.push((r) => r.t('hours.closed'))
    closed.current = project?.hours.open === false
    queue.current = queue.current.slice(-3)
    const timer = setTimeout(
      () => {
        const next = queue.current.shift()
        if (!next) return
        free.current = Date.now() + EVERY
        setSaid({ locale: r.locale, text: next(r) })
      },
      Math.max(0, free.current - Date.now()),
    )
    return () => clearTimeout(timer)
  }, [rows.version, workspace.version, said, project, r.locale])

  return (
    <div className="vh" role="status">
      {said.locale === r.locale ? said.text : null}
    </div>
  )
}
