import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { call } from '../api/client.ts'

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

/** Beginning of a day `2026-11-25` where the reader is. */
export function dayStart(day: string, plus = 0): Date | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day)
  if (!parts) return undefined
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

/** Finished sessions, newest end first; further pages as one scrolls. */
export function useLog(projectId: string | undefined, filters: Filters) {
  return useInfiniteQuery({
    queryKey: ['log', projectId, writeFilters(filters)],
    enabled: !!projectId,
    staleTime: 10_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      call('get', '/operator/projects/{project_id}/log', { path: { project_id: projectId! }, query: { ...logQuery(filters), cursor: pageParam, limit: PAGE }, signal }),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (before, query) => (query?.queryKey[1] === projectId ? before : undefined),
  })
}

export function useLogNames(projectId: string | undefined) {
  return useQuery({
    queryKey: ['log-filters', projectId],
    enabled: !!projectId,
    staleTime: 60_000,
    queryFn: () => call('get', '/operator/projects/{project_id}/log/filters', { path: { project_id: projectId! } }),
  })
}
