// What the settings read and write, and how it is kept between screens.
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, use, useState } from 'react'
import type { Me, ProjectSettings, ProjectSettingsPatch } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { Refusal } from '../api/errors.ts'
import { useText } from '../text/text.tsx'
import { type Errors, type Form, same, useForm } from './form.ts'

export interface Place {
  me: Me
  project: { id: string; name: string }
  /** He administers this project. */
  admin: boolean
  item?: string
}

export const PlaceContext = createContext<Place | null>(null)

export function usePlace(): Place {
  const place = use(PlaceContext)
  if (!place) throw new Error('no place above')
  return place
}

export function useAdminProjects(enabled: boolean) {
  return useQuery({ queryKey: ['settings', 'projects'], queryFn: () => call('get', '/admin/projects'), enabled, staleTime: 0 })
}

export function useProjectSettings() {
  const { project } = usePlace()
  const path = { project_id: project.id }
  return useQuery({ queryKey: ['settings', project.id], queryFn: () => call('get', '/admin/projects/{project_id}', { path }), staleTime: 0 })
}

/** The draft of a part of the project's settings: saved as the difference, with the rev it was made from. */
export function useProjectForm<T extends object>(settings: ProjectSettings, options: { name: string; draft: (s: ProjectSettings) => T; patch: (draft: T) => Omit<ProjectSettingsPatch, 'rev'>; check?: (draft: T) => Errors }): Form<T> {
  const query = useQueryClient()
  const key = ['settings', settings.id]
  const base = options.draft(settings)
  return useForm<T>({
    id: `${settings.id} ${options.name}`,
    base,
    check: options.check,
    async save(value) {
      const before = options.patch(base) as Record<string, unknown>
      const changed = Object.fromEntries(Object.entries(options.patch(value)).filter(([k, v]) => !same(v, before[k])))
      const path = { project_id: settings.id }
      const patch = (rev: number) => call('patch', '/admin/projects/{project_id}', { path, body: { rev, ...changed } })
      const made = await patch(settings.rev).catch(async (e: unknown) => {
        if (!(e instanceof Refusal) || e.code !== 'conflict') throw e
        // Something else of the project was changed, a label or another screen: nobody has to decide anything.
        const newest = await call('get', '/admin/projects/{project_id}', { path })
        if (!same(options.draft(newest), base)) throw e
        return patch(newest.rev)
      })
      query.setQueryData(key, made)
      if (made.name !== settings.name || made.active !== settings.active) {
        void query.invalidateQueries({ queryKey: ['settings', 'projects'] })
        void query.invalidateQueries({ queryKey: ['me'] })
      }
      return options.draft(made)
    },
    onConflict: () => query.refetchQueries({ queryKey: key }),
  })
}

export interface Page<Item> {
  items: Item[]
  next_cursor?: string
}

export const PAGE = 100

/** A list read page by page, searched by the server. */
export function useList<Item>(key: readonly unknown[], read: (q: string | undefined, cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>, q = '', enabled = true) {
  const query = useInfiniteQuery({
    queryKey: [...key, q],
    queryFn: ({ pageParam, signal }) => read(q.trim() || undefined, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Page<Item>) => page.next_cursor,
    placeholderData: (before) => before,
    staleTime: 0,
    enabled,
  })
  return { ...query, items: query.data?.pages.flatMap((p) => p.items) }
}

/** All of a short list, for a choice: departments, people. Bounded, for a list that is not short after all. */
export async function readAll<Item>(read: (cursor: string | undefined) => Promise<Page<Item>>, pages = 10): Promise<Item[]> {
  const all: Item[] = []
  let cursor: string | undefined
  for (let i = 0; i < pages; i++) {
    const page = await read(cursor)
    all.push(...page.items)
    cursor = page.next_cursor
    if (!cursor) break
  }
  return all
}

export function useDepartments() {
  const { project, admin, me } = usePlace()
  const all = useQuery({
    queryKey: ['settings', project.id, 'departments', 'all'],
    queryFn: () => readAll((cursor) => call('get', '/admin/projects/{project_id}/departments', { path: { project_id: project.id }, query: { cursor, limit: 200 } })),
    enabled: admin,
    staleTime: 0,
  })
  return (admin ? all.data : me.projects.find((p) => p.id === project.id)?.departments) ?? []
}

/** The whole field is missing: what every form says of an empty one. */
export function useRequired() {
  const { t } = useText()
  return (errors: Errors, name: string, value: string) => {
    if (!value.trim()) errors[name] = t('form.required')
    return errors
  }
}

/** «search» that waits for the hand to rest. */
export function useSearch(): [string, string, (text: string) => void] {
  const [text, setText] = useState('')
  const [asked, setAsked] = useState('')
  const [timer, setTimer] = useState<ReturnType<typeof setTimeout>>()
  return [
    text,
    asked,
    (next) => {
      setText(next)
      clearTimeout(timer)
      setTimer(setTimeout(() => setAsked(next), 250))
    },
  ]
}
