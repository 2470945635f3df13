import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { LogPage, LogRow } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { useTabVisible } from '../ui/hooks.ts'

export const FILTERS = ['q', 'from', 'to', 'operator', 'department', 'tag', 'label'] as const
export type FilterName = (typeof FILTERS)[number]
export type Filters = Partial<Record<FilterName, string>>

const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** What the server would refuse: it is left out, trying again could not help. */
function readable(name: FilterName, value: string): boolean {
  if (name === 'q') return [...value].length <= 200
  return name === 'from' || name === 'to' ? !!dayStart(value) : ID.test(value)
}

/** Filters stand in the address, so that a view can be kept as a bookmark (D-63). */
export function readFilters(text = ''): Filters {
  const all = new URLSearchParams(text)
  const out: Filters = {}
  for (const name of FILTERS) {
    const value = all.get(name)
    if (value && readable(name, value)) out[name] = value
  }
  return out
}

export function writeFilters(filters: Filters): string {
  const out = new URLSearchParams()
  for (const name of FILTERS) if (filters[name]) out.set(name, filters[name])
  return out.toString()
}

/** Names of one project mean nothing in another; days and the client do. */
export function acrossProjects({ q, from, to }: Filters): string {
  return writeFilters({ q, from, to })
}

/** Beginning of a day `2026-11-25` where the reader is; nothing is older than 2000. */
export function dayStart(day: string, plus = 0): Date | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day)
  if (!parts || +parts[1]! < 2000) return undefined
  const at = new Date(+parts[1]!, +parts[2]! - 1, +parts[3]! + plus)
  return Number.isNaN(at.getTime()) ? undefined : at
}

export function dayOf(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

export function logQuery(f: Filters) {
  return {
    q: f.q,
    from: f.from && dayStart(f.from)?.toISOString(),
    to: f.to && dayStart(f.to, 1)?.toISOString(), // the last day whole
    operator_id: f.operator,
    department_id: f.department,
    tag_id: f.tag,
    label_id: f.label,
  }
}

const PAGE = 50
const RENEW = 5_000
const RENEW_ALL = 60_000

type Pages = InfiniteData<LogPage, string | undefined>

/**
 * Finished sessions, newest end first; further pages as one scrolls. No push tells of them to who only reads: while the
 * log is looked at, its beginning is read again every few seconds, and all that was read every minute (I-08, R-058).
 */
export function useLog(projectId: string | undefined, filters: Filters) {
  const client = useQueryClient()
  const written = writeFilters(filters)
  const queryKey = ['log', projectId, written]
  const read = (cursor: string | undefined, signal: AbortSignal) =>
    call('get', '/operator/projects/{project_id}/log', { path: { project_id: projectId! }, query: { ...logQuery(filters), cursor, limit: PAGE }, signal })
  const log = useInfiniteQuery({
    queryKey,
    enabled: !!projectId,
    staleTime: 10_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (before, query) => (query?.queryKey[1] === projectId ? before : undefined),
  })

  const visible = useTabVisible()
  const readAll = useRef({ of: '', at: 0 })
  const { isFetching, isPlaceholderData, dataUpdatedAt } = log
  useEffect(() => {
    if (!visible || isFetching || isPlaceholderData || !dataUpdatedAt) return
    const of = `${projectId}?${written}`
    if (readAll.current.of !== of) readAll.current = { of, at: dataUpdatedAt }
    const stop = new AbortController()
    const renew = async () => {
      if (Date.now() - readAll.current.at >= RENEW_ALL) {
        readAll.current.at = Date.now()
        return void log.refetch()
      }
      try {
        const first = await read(undefined, stop.signal)
        if (!stop.signal.aborted) client.setQueryData<Pages>(queryKey, (known) => known && renewed(known, first))
      } catch {
        if (!stop.signal.aborted) timer = setTimeout(renew, RENEW) // what was read stays
      }
    }
    let timer = setTimeout(renew, Math.max(0, dataUpdatedAt + RENEW - Date.now()))
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [projectId, written, visible, isFetching, isPlaceholderData, dataUpdatedAt])
  return log
}

/** The first page as it is now, and behind it what was read further down. */
export function renewed(known: Pages, first: LogPage): Pages {
  const last = first.rows.at(-1)
  const there = new Set(first.rows.map((r) => r.session_id))
  const rows = known.pages.flatMap((p) => p.rows)
  // Nothing of it is known: more than a page has ended since, and what stands between is not here.
  if (!last || !first.next_cursor || !rows.some((r) => there.has(r.session_id))) return { pages: [first], pageParams: [undefined] }
  const rest = rows.filter((r) => !there.has(r.session_id) && follows(r, last))
  const next_cursor = rest.length ? known.pages.at(-1)!.next_cursor : first.next_cursor
  const pages = [{ ...first, next_cursor }]
  for (let i = 0; i < rest.length; i += PAGE) pages.push({ ...first, next_cursor, rows: rest.slice(i, i + PAGE) })
  return { pages, pageParams: pages.map(() => undefined) }
}

const follows = (row: LogRow, last: LogRow) => (row.closed_at === last.closed_at ? row.session_id > last.session_id : earlier(row.closed_at, last.closed_at))

/** Of two times as they are sent: .12Z is before .123Z, finer than a Date can tell. */
export const earlier = (a: string, b: string) => a.slice(0, -1) < b.slice(0, -1)

export function useLogNames(projectId: string | undefined) {
  return useQuery({
    queryKey: ['log-filters', projectId],
    enabled: !!projectId,
    staleTime: 60_000,
    queryFn: () => call('get', '/operator/projects/{project_id}/log/filters', { path: { project_id: projectId! } }),
  })
}
