// @vitest-environment happy-dom
// A dialog that changes under the operator's hands: ended, blocked or taken elsewhere, or not to be read for a while.
import { act } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import ru from '../../../../texts/ru.json'
import type { Dialog, OperatorServerFrame, Row } from '../../../shared/api.gen.ts'
import { CardPane } from '../card/CardPane.tsx'
import { $, button, can, click, dialogOf, focus, shown, type, until, World } from '../card/harness.tsx'
import { event, row } from '../live/fixtures.ts'
import { meOf, projectOf, setMe, stage } from './harness.tsx'
import { WindowPane } from './WindowPane.tsx'

const AT = '2026-11-25T10:05:00Z'
const me = { id: 'o', name: 'Анна Иванова' }
const other = { id: 'x', name: 'Марк Лебедев' }
const PATH = '/operator/dialogs/d'
const project = projectOf({ tagging: true, tags: [{ id: 't', name: 'Лид' }] })
const closed = can({ write: 'session_closed', transfer: 'session_closed', leave: 'session_closed', block: 'session_closed' })
const sessionOfRow = (change: Partial<Row['session']> = {}) => ({ ...row('d').session, ...change })
const mine = () => dialogOf('d', {}, { session: sessionOfRow({ assignee: me, waiting_since: AT }) })
const untaken = () => dialogOf('d', {}, { can: can({ transfer: 'not_claimed', leave: 'not_claimed' }) })
const ended = (change: Partial<Dialog> = {}, by: Partial<Row['session']> = { assignee: me }) =>
  dialogOf('d', { read_only: true, ...change }, { rev: 2, groups: [], can: closed, session: sessionOfRow({ ...by, closed_at: AT }) })

let world: World
let drawn: Awaited<ReturnType<typeof stage>>
beforeEach(() => {
  world = new World()
  setMe(world, meOf([project]))
  world.on('GET /operator/projects/p/dialogs', { rows: [], counts: { mine: 1, important: 0, unassigned: 0, all: 1 }, now: AT })
  world.on(`POST ${PATH}/read`, {})
})
afterEach(async () => {
  await drawn?.end()
  await world.end()
  vi.useRealTimers()
})

async function open(dialog: Dialog, log: unknown = [200, { events: [event(1)], head_seq: 1, more_before: false, more_after: false }]) {
  world.has(dialog).on(`GET ${PATH}/events`, () => log)
  const { workspace } = world
  workspace.watchProject('p')
  workspace.openDialog('d')
  workspace.rows.upsert(dialog.row)
  drawn = await stage(world, () => (
    <>
      <WindowPane project={project} dialogId="d" drawer={false} onCard={() => {}} />
      <CardPane project={project} dialogId="d" drawer={false} open={false} onClose={() => {}} />
    </>
  ))
  await until(() => $('.wh') && $('[aria-labelledby=details-title]'))
}
const receive = (frame: OperatorServerFrame) => act(async () => (world.workspace as unknown as { receive: (f: OperatorServerFrame) => void }).receive(frame))
const gone = () => receive({ type: 'gone', dialog_id: 'd', rev: 2 })
const named = (name: string) => [...document.querySelectorAll('button')].find((b) => b.getAttribute('aria-label') === name)
const field = () => $<HTMLTextAreaElement>('.win textarea')

it('a session that was ended elsewhere is ended in the open window: history, its end, nothing to press (I-08, R-058, D-40)', async () => {
  await open(mine())
  await focus(named(ru['win.leave']))
  world.has(ended())
  await gone()
  await until(() => !named(ru['win.leave']) && !named(ru['win.transfer']))
  expect(document.activeElement).toBe($('.lockbar'))
  expect(field()).toBeNull()
  expect($('.lockbar')!.textContent).toBe(ru['win.closed'])
  expect($('.nextbar')!.textContent).toContain(ru['win.closed'])
  expect($('.wh')).toBeTruthy()
})

it('text that was being written when the session ended stays, to be copied (I-08, R-047)', async () => {
  await open(mine())
  await act(async () => world.workspace.drafts.set('d', 'полсообщения'))
  world.has(ended())
  await gone()
  await until(() => shown().includes(ru['claim.copy']))
  expect(field()!.value).toBe('полсообщения')
  expect($('.win .b.pri')!.getAttribute('aria-disabled')).toBe('true')
  await focus(field())
  await type(field(), '')
  await until(() => document.activeElement === $('.lockbar'))
})

it('the next session makes the window live again (I-08, R-024)', async () => {
  await open(mine())
  world.has(ended())
  await gone()
  await until(() => !field())
  const next = dialogOf('d', {}, { rev: 3, session: sessionOfRow({ id: 's2', no: 2 }), can: can({ leave: 'not_claimed' }) })
  world.has(next)
  await receive({ type: 'row', row: next.row })
  await until(field)
})

it('an untaken dialog that was ended by its block can be unblocked in its card (R-089, D-67)', async () => {
  await open(untaken())
  const block = { ip: '203.0.113.77', sources: ['operator' as const] }
  world.has(ended({ block }, {})).on(`DELETE ${PATH}/block`, { blocked: false, ip: block.ip })
  await gone()
  await until(() => !field())
  const unblock = button(ru['act.unblock'])
  expect(unblock.getAttribute('aria-disabled')).toBe('false')
  await focus(unblock)
  world.has(ended({}, {}))
  await click(unblock)
  await until(() => !shown().includes(ru['act.unblock']))
  expect(world.sent(`DELETE ${PATH}/block`)).toHaveLength(1)
  expect(shown()).not.toContain(ru['act.block'])
  expect(document.activeElement).toBe(button(ru['act.download']))
})

it('a reading that fails in the background leaves window, card and draft as they are, and is tried again by itself (I-08)', async () => {
  await open(mine())
  await act(async () => world.workspace.drafts.set('d', 'полсообщения'))
  world.on(`GET ${PATH}`, { code: 'unavailable', message: '' }, 503)
  vi.useFakeTimers()
  await receive({ type: 'card', dialog_id: 'd' })
  await act(() => vi.advanceTimersByTimeAsync(0))
  expect(world.query.getQueryState(['dialog', 'd'])!.status).toBe('error')
  expect($('.wh')).toBeTruthy()
  expect($('.card dl')).toBeTruthy()
  expect(field()!.value).toBe('полсообщения')
  expect(shown()).not.toContain(ru['win.failed'])
  expect(shown()).not.toContain(ru['win.notFound'])
  world.has({ ...mine(), card: { rev: 4, name: 'Новое имя' } })
  await act(() => vi.advanceTimersByTimeAsync(6000))
  expect($('.card')!.textContent).toContain('Новое имя')
})

it('a dialog that may no longer be seen is hidden, whatever was known of it (I-03)', async () => {
  await open(mine())
  world.on(`GET ${PATH}`, { code: 'not_found', message: '' }, 404)
  await gone()
  await until(() => shown().includes(ru['win.notFound']))
  expect($('.card dl')).toBeNull()
  // What is pushed may be seen again.
  world.has(mine())
  await receive({ type: 'row', row: { ...mine().row, rev: 3 } })
  await until(() => $('.card dl') && field())
})

it('the focus goes to the reason when a colleague takes the dialog from under an empty field, and back (R-047)', async () => {
  await open(untaken())
  await focus(field())
  const theirs = dialogOf('d', {}, { rev: 2, session: sessionOfRow({ assignee: other }), can: can({ write: 'not_assignee', transfer: 'not_assignee', leave: 'not_assignee' }) })
  world.has(theirs)
  await receive({ type: 'row', row: theirs.row })
  await until(() => $('.lockbar'))
  expect(document.activeElement).toBe($('.lockbar'))
  const again = { ...theirs.row, rev: 3, session: sessionOfRow({ assignee: me }), can: can() }
  world.has({ ...theirs, row: again })
  await receive({ type: 'row', row: again })
  await until(field)
  expect(document.activeElement).toBe(field())
})

it('after a transfer the focus stays in the window, with the layer or the button gone (R-055)', async () => {
  await open(mine())
  world.on(`GET ${PATH}/transfer-targets`, { targets: [{ operator: other, available: true, open_dialogs: 0 }] }).on(`POST ${PATH}/transfer`, {})
  await click(named(ru['win.transfer'])!)
  const target = await until(() => $('.transfer-pop [role=option]'))
  const theirs = dialogOf('d', {}, { rev: 2, session: sessionOfRow({ assignee: other }), can: can({ write: 'not_assignee', transfer: 'not_assignee', leave: 'not_assignee' }) })
  world.has(theirs)
  await click(target)
  await until(() => $('.lockbar'))
  await until(() => document.activeElement === $('.lockbar'))
  expect($('.transfer-pop')).toBeNull()
})

it('a log that cannot be read says so once; drawing does not ask for it again (I-08)', async () => {
  await open(mine(), [404, {}])
  await until(() => shown().includes(ru['win.failed']))
  const asked = world.sent(`GET ${PATH}/events`).length
  for (let i = 0; i < 5; i++) await drawn.draw()
  expect(world.sent(`GET ${PATH}/events`)).toHaveLength(asked)
  expect(shown().split(ru['win.failed'])).toHaveLength(2)
  world.on(`GET ${PATH}/events`, { events: [event(1)], head_seq: 1, more_before: false, more_after: false })
  await click(button(ru['btn.retry']))
  await until(() => $('.stream') && !shown().includes(ru['win.failed']))
  expect(world.workspace.feed('d').ready).toBe(true)
})

it('the one who blocks stands at «Разблокировать», and at «Заблокировать» after that (R-084, R-089)', async () => {
  await open(mine())
  world.on(`POST ${PATH}/block`, { blocked: true, ip: '203.0.113.77' }).on(`DELETE ${PATH}/block`, { blocked: false, ip: '203.0.113.77' })
  await click(button(ru['act.block']))
  const yes = await until(() => $('.block-pop .pri'))
  await focus(yes)
  world.has({ ...mine(), block: { ip: '203.0.113.77', sources: ['operator'] } })
  await click(yes)
  await until(() => document.activeElement === button(ru['act.unblock']))
  world.has(mine())
  await click(button(ru['act.unblock']))
  await until(() => document.activeElement === button(ru['act.block']))
})
