import type { Project, Row } from '../../../shared/api.gen.ts'

const CRITICAL = 10

const queueOf = (row: Row) => row.session.department?.id ?? ''
const untaken = (row: Row) => !row.session.assignee && !row.session.closed_at && !row.blocked_ip

/**
 * When this dialog gets the backlog's form: at its long wait, in a queue of ten or more untaken ones (R-034, D-30, D-31).
 * Undefined where that is not certain: rows that are not loaded are not counted.
 */
export function formAt(project: Project, rows: readonly Row[], row: Row): string | undefined {
  if (!project.backlog || !project.form_enabled || !untaken(row) || row.next?.kind !== 'unclaimed') return undefined
  const queue = rows.filter((x) => untaken(x) && queueOf(x) === queueOf(row))
  return queue.length >= CRITICAL ? row.next.at : undefined
}

/** The next form of any of them. */
export function nextForm(project: Project, rows: readonly Row[], now: number): number | undefined {
  if (!project.backlog || !project.form_enabled) return undefined
  const queues = new Map<string, { waiting: number; next: number }>()
  for (const row of rows) {
    if (!untaken(row)) continue
    const key = queueOf(row)
    const queue = queues.get(key) ?? queues.set(key, { waiting: 0, next: Infinity }).get(key)!
    queue.waiting++
    const at = row.next?.kind === 'unclaimed' ? Date.parse(row.next.at) : 0
    if (at > now) queue.next = Math.min(queue.next, at)
  }
  const next = Math.min(...[...queues.values()].map((q) => (q.waiting >= CRITICAL ? q.next : Infinity)))
  return next === Infinity ? undefined : next
}
