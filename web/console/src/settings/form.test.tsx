// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import main from '../../../../texts/ru.json'
import settingsRu from '../../../../texts/settings/ru.json'
import type { Me, ProjectSettings } from '../../../shared/api.gen.ts'
import type { Wire } from '../live/socket.ts'
import { Workspace } from '../live/workspace.ts'
import { eventually } from '../testing.ts'
import { TextProvider } from '../text/text.tsx'
import { WorkspaceContext } from '../ui/hooks.ts'
import { PlaceContext } from './data.ts'
import { rebase, same } from './form.ts'
import { guard } from './guard.ts'
import { Priority } from './screens/Widget.tsx'

describe('what is typed against what others saved', () => {
  it('is equal by value, whatever the order of keys', () => {
    expect(same({ a: [1, { b: 2, c: undefined }] }, { a: [1, { b: 2 }] })).toBe(true)
    expect(same({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
    expect(same([], {})).toBe(false)
  })
  it('keeps what is typed, takes the rest, and names fields changed on both sides', () => {
    const base = { name: 'a', side: 'left', rating: true }
    expect(rebase(base, { ...base, name: 'mine' }, { ...base, name: 'theirs', side: 'right' })).toEqual({ value: { name: 'mine', side: 'right', rating: true }, conflicts: ['name'] })
    expect(rebase(base, { ...base, name: 'same' }, { ...base, name: 'same' }).conflicts).toEqual([])
  })
})

describe('a form of the settings (D-07)', () => {
  let root: Root
  let server: Partial<ProjectSettings>
  let answers: { status: number; body: unknown }[]
  let sent: { method: string; body: Record<string, unknown> }[]

  beforeEach(async () => {
    server = { id: 'p', rev: 1, long_wait_seconds: 180 }
    answers = []
    sent = []
    vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
      if (init.method === 'GET') return Promise.resolve(Response.json(server))
      sent.push({ method: init.method!, body: JSON.parse(String(init.body)) })
      const a = answers.shift()
      if (a) return Promise.resolve(Response.json(a.body, { status: a.status }))
      server = { ...server, ...sent.at(-1)!.body, rev: server.rev! + 1 }
      return Promise.resolve(Response.json(server))
    })
    const query = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: 'always' } } })
    const workspace = new Workspace({ query, connect: () => ({}) as Wire, onSignedOut: () => {} })
    document.body.innerHTML = '<div id="app" class="set"></div>'
    root = createRoot(document.getElementById('app')!)
    await act(async () =>
      root.render(
        <QueryClientProvider client={query}>
          <WorkspaceContext value={workspace}>
            <TextProvider locale="ru" texts={{ ...main, ...settingsRu }}>
              <PlaceContext value={{ me: {} as Me, project: { id: 'p', name: 'П' }, admin: true }}>
                <Priority />
              </PlaceContext>
            </TextProvider>
          </WorkspaceContext>
        </QueryClientProvider>,
      ),
    )
    await eventually(() => expect(field()).toBeTruthy())
  })
  afterEach(async () => {
    await act(() => root.unmount())
    vi.unstubAllGlobals()
    expect(guard.holding).toBe(false) // a form that is gone holds nothing
  })

  const field = () => document.querySelector<HTMLInputElement>('input')!
  const button = (text: string) => [...document.querySelectorAll<HTMLButtonElement>('button')].find((b) => b.textContent === text)!
  const type = (text: string) =>
    act(() => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!.call(field(), text)
      field().dispatchEvent(new Event('input', { bubbles: true }))
    })
  const save = () => act(async () => document.querySelector('form')!.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })))
  const shown = () => document.body.textContent!

  it('says that it is changed, holds those who leave, and lets go when saved', async () => {
    expect(button('Сохранить').getAttribute('aria-disabled')).toBe('true')
    await type('240')
    expect(shown()).toContain('Есть несохранённые изменения')
    expect(guard.holding).toBe(true)
    await save()
    expect(sent).toEqual([{ method: 'PATCH', body: { rev: 1, long_wait_seconds: 240 } }])
    expect(shown()).toContain('Сохранено')
    expect(guard.holding).toBe(false)
    expect(field().value).toBe('240')
  })

  it('does not send what cannot be right: 30 to 3600 (D-07)', async () => {
    for (const wrong of ['29', '3601', '1.5', '', 'x']) {
      await type(wrong)
      await save()
      expect(shown()).toContain('Целое число от 30 до 3600')
      expect(field().getAttribute('aria-invalid')).toBe('true')
    }
    expect(sent).toEqual([])
  })

  it('is put back by «Отмена»', async () => {
    await type('999')
    await act(() => button('Отмена').click())
    expect(field().value).toBe('180')
    expect(guard.holding).toBe(false)
  })

  it('shows a refusal at its field, by its code', async () => {
    await type('240')
    answers = [{ status: 422, body: { code: 'invalid', message: '', field: 'long_wait_seconds' } }]
    await save()
    expect(document.getElementById(field().getAttribute('aria-describedby')!.split(' ')[0]!)!.textContent).toBe('Значение не подходит')
  })

  it('after a conflict shows the newer value, keeps the typed one, and saves it against the new rev', async () => {
    await type('240')
    server = { ...server, rev: 7, long_wait_seconds: 600 }
    answers = [{ status: 409, body: { code: 'conflict', message: '', field: 'rev' } }]
    await save()
    await eventually(() => expect(shown()).toContain('Новое значение: 600'))
    expect(field().value).toBe('240')
    expect(shown()).toContain('изменил другой администратор')
    await save()
    expect(sent.at(-1)!.body).toEqual({ rev: 7, long_wait_seconds: 240 })
    expect(shown()).not.toContain('Новое значение')
  })

  it('saves again by itself when only other things of the project were changed', async () => {
    await type('240')
    server = { ...server, rev: 7 }
    answers = [{ status: 409, body: { code: 'conflict', message: '', field: 'rev' } }]
    await save()
    await eventually(() => expect(sent.at(-1)!.body).toEqual({ rev: 7, long_wait_seconds: 240 }))
    expect(shown()).toContain('Сохранено')
  })

  it('takes the newer value when asked to', async () => {
    await type('240')
    server = { ...server, rev: 7, long_wait_seconds: 600 }
    answers = [{ status: 409, body: { code: 'conflict', message: '', field: 'rev' } }]
    await save()
    await eventually(() => expect(button('Взять новое')).toBeTruthy())
    await act(() => button('Взять новое').click())
    expect(field().value).toBe('600')
    expect(guard.holding).toBe(false)
  })
})
