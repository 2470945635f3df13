// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, type ReactElement } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import main from '../../../../texts/ru.json'
import settingsRu from '../../../../texts/settings/ru.json'
import type { Me } from '../../../shared/api.gen.ts'
import type { Wire } from '../live/socket.ts'
import { Workspace } from '../live/workspace.ts'
import { eventually } from '../testing.ts'
import { TextProvider } from '../text/text.tsx'
import { WorkspaceContext } from '../ui/hooks.ts'
import { PlaceContext } from './data.ts'
import { Labels } from './screens/Labels.tsx'
import { Departments } from './screens/People.tsx'
import { Tags } from './screens/Tags.tsx'

const ALWAYS = { always: true, week: [[], [], [], [], [], [], []], exceptions: [] }
const THINGS: [string, string, ReactElement, Record<string, unknown>][] = [
  ['departments', 'Отдел', <Departments />, { id: 'x1', name: 'Продажи', active: true, members: [], hours: ALWAYS, now: { open: true } }],
  ['labels', 'Ярлык', <Labels />, { id: 'x1', text: 'VIP', color: 1, active: true, used: 0 }],
  ['tags', 'Тег', <Tags />, { id: 'x1', name: 'Лид', active: true, used: 0, position: 1 }],
]

let root: Root
let deleted: string[]
let refusal: { code: string; message: string } | undefined

beforeEach(() => {
  deleted = []
  document.body.innerHTML = '<div id="app" class="set"></div>'
  root = createRoot(document.getElementById('app')!)
})
afterEach(async () => {
  await act(() => root.unmount())
  vi.unstubAllGlobals()
})

async function show(list: string, screen: ReactElement, item: Record<string, unknown>) {
  vi.stubGlobal('fetch', (input: string, init: RequestInit) => {
    const path = new URL(input, 'http://chat.test').pathname
    if (init.method === 'DELETE') {
      deleted.push(path)
      return Promise.resolve(refusal ? Response.json(refusal, { status: 409 }) : new Response(null, { status: 204 }))
    }
    if (path.endsWith(`/${list}`)) return Promise.resolve(Response.json({ items: [item] }))
    if (path.endsWith('/admin/projects/p')) return Promise.resolve(Response.json({ id: 'p', rev: 1, tagging: true, time_zone: 'Europe/Moscow', label_level: 'senior' }))
    return Promise.resolve(Response.json({ items: [], projects: [] }))
  })
  const query = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: 'always' }, mutations: { networkMode: 'always' } } })
  const workspace = new Workspace({ query, connect: () => ({}) as Wire, onSignedOut: () => {} })
  await act(async () =>
    root.render(
      <QueryClientProvider client={query}>
        <WorkspaceContext value={workspace}>
          <TextProvider locale="ru" texts={{ ...main, ...settingsRu }}>
            <PlaceContext value={{ me: {} as Me, project: { id: 'p', name: 'П' }, admin: true, item: 'x1' }}>{screen}</PlaceContext>
          </TextProvider>
        </WorkspaceContext>
      </QueryClientProvider>,
    ),
  )
  await eventually(() => expect(button('Удалить')).toBeTruthy())
}

const button = (text: string, within: ParentNode = document) => [...within.querySelectorAll<HTMLButtonElement>('button')].find((b) => b.textContent === text)!

it.each(THINGS)('%s: what is in use says so in its own form, and stays (I-05, D-45, D-54)', async (list, one, screen, item) => {
  refusal = { code: 'in_use', message: 'Something refers to it.' } // as the server answers
  await show(list, screen, item)
  await act(async () => button('Удалить').click())
  await act(async () => button('Удалить', document.querySelector('[role=alertdialog]')!).click())
  await eventually(() => expect(document.querySelector('form [role=alert]')?.textContent).toContain('Удалить нельзя: это ещё используется'))
  expect(deleted).toEqual([`/api/v1/admin/projects/p/${list}/x1`])
  expect(document.querySelector('form')!.getAttribute('aria-label')).toBe(one)
  expect(document.querySelector(`a.li[aria-current=true]`)).toBeTruthy()
})
