// @vitest-environment happy-dom
import { QueryClient } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import ru from '../../../../texts/ru.json'
import type { Row } from '../../../shared/api.gen.ts'
import { event, row } from '../live/fixtures.ts'
import type { Wire } from '../live/socket.ts'
import { Workspace } from '../live/workspace.ts'
import { eventually } from '../testing.ts'
import { TextProvider } from '../text/text.tsx'
import { WorkspaceContext } from '../ui/hooks.ts'
import { Composer } from './Composer.tsx'

const me = { id: 'o', name: 'Анна Иванова' }
const mine = row('d', { session: { ...row('d').session, assignee: me } })
const foreign = row('d', { session: { ...row('d').session, assignee: { id: 'x', name: 'Марк Лебедев' } }, can: { write: 'not_assignee', transfer: 'not_assignee', leave: 'not_assignee', block: 'ok', edit: 'ok' } })

let root: Root
let workspace: Workspace
let answer: () => Promise<Response>

beforeEach(() => {
  answer = () => new Promise(() => {})
  vi.stubGlobal('fetch', () => answer())
  const query = new QueryClient()
  query.setQueryData(['me'], { operator: me, projects: [] })
  workspace = new Workspace({ query, connect: () => ({}) as Wire, onSignedOut: () => {} })
  document.body.innerHTML = '<div id="app"></div>'
  root = createRoot(document.getElementById('app')!)
})
afterEach(async () => {
  await act(() => root.unmount())
  vi.unstubAllGlobals()
})

const draw = (r: Row, unavailable = false) =>
  act(() =>
    root.render(
      <TextProvider locale="ru" texts={ru}>
        <WorkspaceContext value={workspace}>
          <Composer row={r} unavailable={unavailable} />
        </WorkspaceContext>
      </TextProvider>,
    ),
  )
const field = () => document.querySelector('textarea')
const shown = () => document.body.textContent
const press = (key: string, more: KeyboardEventInit = {}) =>
  act(() => void field()!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })))

it('Enter sends an own dialog at once and empties the box', async () => {
  workspace.drafts.set('d', 'Здравствуйте')
  await draw(mine)
  await press('Enter')
  expect(field()!.value).toBe('')
  expect(workspace.sends.of('d').map((m) => m.text)).toEqual(['Здравствуйте'])
})

it('Shift+Enter and the Enter of an input method do not send', async () => {
  workspace.drafts.set('d', 'text')
  await draw(mine)
  await press('Enter', { shiftKey: true })
  await press('Enter', { isComposing: true })
  expect(workspace.sends.of('d')).toEqual([])
  expect(field()!.value).toBe('text')
})

it('sends nothing that is only white space, and nothing too long', async () => {
  workspace.drafts.set('d', ' \n ')
  await draw(mine)
  await press('Enter')
  await act(() => workspace.drafts.set('d', 'x'.repeat(4001)))
  await press('Enter')
  expect(workspace.sends.of('d')).toEqual([])
  expect(shown()).toContain('не более 4000 символов')
})

it('the first reply of an untaken dialog stays in the box until it is decided', async () => {
  workspace.drafts.set('d', 'Беру')
  await draw(row('d'))
  expect(shown()).toContain(ru['composer.claims'])
  await press('Enter')
  expect(field()!.value).toBe('Беру')
  expect(field()!.readOnly).toBe(true)
  expect(workspace.sends.of('d')).toEqual([])
})

it('whoever lost the race reads the winner’s name and keeps his text (M-09)', async () => {
  answer = () =>
    Promise.resolve(
      new Response(JSON.stringify({ code: 'already_claimed', message: '', operator: { id: 'x', name: 'Марк Лебедев' } }), {
        status: 409,
        headers: { 'Content-Type': 'application/json' },
      }),
    )
  workspace.drafts.set('d', 'Беру')
  await draw(row('d'))
  await press('Enter')
  await act(() => new Promise<void>((done) => queueMicrotask(done)))
  await draw(foreign)
  await eventually(() => expect(document.querySelector('[role=alert]')?.textContent).toContain('Диалог уже взял в работу оператор Марк Лебедев'))
  expect(field()!.value).toBe('Беру')
  expect(document.querySelector('.b.pri')?.getAttribute('aria-disabled')).toBe('true')
})

it('whoever lost may write when the dialog is transferred to him later', async () => {
  answer = () =>
    Promise.resolve(
      new Response(JSON.stringify({ code: 'already_claimed', message: '', operator: { id: 'x', name: 'Марк Лебедев' } }), {
        status: 409,
        headers: { 'Content-Type': 'application/json' },
      }),
    )
  workspace.drafts.set('d', 'Беру')
  await draw(row('d'))
  await press('Enter')
  await eventually(() => expect(document.querySelector('[role=alert]')).not.toBeNull())
  await draw(mine)
  expect(document.querySelector('[role=alert]')).toBeNull()
  expect(field()!.value).toBe('Беру')
  await press('Enter')
  expect(workspace.sends.of('d').map((m) => m.text)).toEqual(['Беру'])
})

it('a colleague’s dialog is read-only and says whose it is (M-11)', async () => {
  await draw(foreign)
  expect(field()).toBeNull()
  expect(shown()).toContain('Диалог ведёт оператор Марк Лебедев')
})

it('text that was being written stays when somebody else takes the dialog (M-09)', async () => {
  workspace.drafts.set('d', 'полсообщения')
  await draw(foreign)
  expect(field()!.value).toBe('полсообщения')
  expect(shown()).toContain('Диалог уже взял в работу оператор Марк Лебедев')
})

it('text that was being written stays when the dialog can no longer be seen', async () => {
  workspace.drafts.set('d', 'полсообщения')
  await draw(row('d'), true)
  expect(field()!.value).toBe('полсообщения')
  expect(shown()).toContain(ru['win.notFound'])
  await press('Enter')
  expect(field()!.value).toBe('полсообщения')
})

it('text that was being written stays when the own dialog is taken away (M-59)', async () => {
  workspace.drafts.set('d', 'полсообщения')
  workspace.feed('d').log.merge([event(1, { session_id: foreign.session.id, author: 'operator', operator: me })])
  await draw(foreign)
  expect(field()!.value).toBe('полсообщения')
  expect(shown()).toContain(ru['transfer.lost'])
})

it('at the limit it says so instead of an input (M-10)', async () => {
  await draw(row('d', { can: { write: 'limit_reached', transfer: 'not_claimed', leave: 'not_claimed', block: 'ok', edit: 'ok' } }))
  expect(field()).toBeNull()
  expect(shown()).toContain(ru['limit.reached'])
})
