// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import main from '../../../../texts/ru.json'
import settingsRu from '../../../../texts/settings/ru.json'
import type { AdminOperator, Me } from '../../../shared/api.gen.ts'
import type { Wire } from '../live/socket.ts'
import { Workspace } from '../live/workspace.ts'
import { eventually } from '../testing.ts'
import { TextProvider } from '../text/text.tsx'
import { WorkspaceContext } from '../ui/hooks.ts'
import { PlaceContext } from './data.ts'
import { Operators } from './screens/People.tsx'

const OPERATOR: AdminOperator = {
  id: 'x1', rev: 1, name: 'Виктор', login: 'vic@test', active: true, online: false, away: false, open_dialogs: 0, elsewhere: false,
  hours: { always: true, week: [[], [], [], [], [], [], []], exceptions: [] },
}

let root: Root
let now: AdminOperator

beforeEach(() => {
  document.body.innerHTML = '<div id="app" class="set"></div>'
  root = createRoot(document.getElementById('app')!)
})
afterEach(async () => {
  await act(() => root.unmount())
  vi.unstubAllGlobals()
})

async function show() {
  vi.stubGlobal('fetch', (input: string, init: RequestInit) => {
    const path = new URL(input, 'http://chat.test').pathname
    if (init.method === 'PUT') {
      now = { ...OPERATOR, elsewhere: true } // somebody gave him another project meanwhile
      return Promise.resolve(Response.json({ code: 'forbidden', field: 'active', message: '' }, { status: 403 }))
    }
    if (path.endsWith('/admin/operators')) return Promise.resolve(Response.json({ items: [now] }))
    return Promise.resolve(Response.json({ id: 'p', rev: 1, time_zone: 'Europe/Moscow', items: [] }))
  })
  const query = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: 'always' }, mutations: { networkMode: 'always' } } })
  const workspace = new Workspace({ query, connect: () => ({}) as Wire, onSignedOut: () => {} })
  await act(async () =>
    root.render(
      <QueryClientProvider client={query}>
        <WorkspaceContext value={workspace}>
          <TextProvider locale="ru" texts={{ ...main, ...settingsRu }}>
            <PlaceContext value={{ me: {} as Me, project: { id: 'p', name: 'П' }, admin: true, item: 'x1' }}>
              <Operators />
            </PlaceContext>
          </TextProvider>
        </WorkspaceContext>
      </QueryClientProvider>,
    ),
  )
  await eventually(() => expect(form()).toBeTruthy())
}

const form = () => document.querySelector('form.ed fieldset') as HTMLFieldSetElement
const active = () => [...document.querySelectorAll<HTMLElement>('form.ed .tgl')].at(-1)!
const said = () => document.querySelector('form.ed')!.textContent!

it('the account of an operator who also works elsewhere is shown and stands still, and says why (D-03, I-03)', async () => {
  now = { ...OPERATOR, elsewhere: true }
  await show()
  expect(form().disabled).toBe(true)
  expect(document.getElementById(form().getAttribute('aria-describedby')!)!.textContent).toContain('«Управление правами доступа»')
  await act(async () => active().parentElement!.querySelector<HTMLElement>('.med')!.click()) // the text of the switch
  expect(active().getAttribute('aria-checked')).toBe('true')
})

it('one’s own people are changed; what was not one’s own any more is said at the field, and why (D-03)', async () => {
  now = OPERATOR
  await show()
  expect(form().disabled).toBe(false)
  await act(async () => active().parentElement!.querySelector<HTMLElement>('.med')!.click())
  expect(active().getAttribute('aria-checked')).toBe('false')
  await act(async () => document.querySelector<HTMLButtonElement>('form.ed button[type=submit]')!.click())
  await eventually(() => expect(form().disabled).toBe(true))
  expect(active().closest('.fr')!.textContent).toContain('Недостаточно прав')
  expect(said()).toContain('которыми вы не управляете')
})
