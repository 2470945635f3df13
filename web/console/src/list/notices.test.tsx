// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it } from 'vitest'
import en from '../../../../texts/en.json'
import kk from '../../../../texts/kk.json'
import ru from '../../../../texts/ru.json'
import type { OperatorServerFrame, Project } from '../../../shared/api.gen.ts'
import { TopBar } from '../app/TopBar.tsx'
import { button, click, press, until, World } from '../card/harness.tsx'
import { hoursAt } from '../live/hours.ts'
import { row } from '../live/fixtures.ts'
import { makeReader } from '../text/text.tsx'
import { meOf, prefsOf, projectOf, setMe, stage } from '../window/harness.tsx'
import { certain, stepsLater } from '../window/Plan.tsx'
import { byDepartment, Transfer } from '../window/Transfer.tsx'
import { ListPane } from './ListPane.tsx'
import { Notices, shiftStart } from './Notices.tsx'
import { firstProject } from './ProjectSelect.tsx'

const r = makeReader('ru', ru, () => {})
const iso = (ms: number) => new Date(ms).toISOString()
let world: World
let drawn: Awaited<ReturnType<typeof stage>>
beforeEach(() => {
  world = new World()
  setMe(world, meOf())
  world.on('GET /operator/projects/p/dialogs', { rows: [], counts: { mine: 1, important: 0, unassigned: 0, all: 1 }, now: iso(Date.now()) })
})
afterEach(async () => {
  await drawn?.end()
  await world.end()
})
const frame = (f: OperatorServerFrame) => (world.workspace as unknown as { receive: (f: OperatorServerFrame) => void }).receive(f)
const project = () => world.workspace.projectOf('p')!
const notices = async (change: Partial<Project> = {}, locale: 'ru' | 'en' | 'kk' = 'ru') => {
  setMe(world, meOf([projectOf(change)]))
  drawn = await stage(world, () => <Notices project={project()} />, locale)
  return drawn.el
}

it('out of hours M-03 stands over the list on entry, in three languages (R-029, D-22)', async () => {
  for (const [locale, texts] of [['ru', ru], ['en', en], ['kk', kk]] as const) {
    const el = await notices({ hours: { open: false } }, locale)
    expect(el.querySelector('.ban b')?.textContent).toBe(texts['hours.closed'])
    await drawn.end()
  }
})

it('says when the shift begins: today, tomorrow, another day (D-22)', () => {
  const now = new Date(2026, 10, 25, 20, 0).getTime()
  expect(shiftStart(r, iso(new Date(2026, 10, 25, 21, 0).getTime()), now)).toBe('Ваша смена начнётся сегодня в 21:00')
  expect(shiftStart(r, iso(new Date(2026, 10, 26, 9, 0).getTime()), now)).toBe('Ваша смена начнётся завтра в 09:00')
  expect(shiftStart(r, iso(new Date(2026, 10, 30, 9, 0).getTime()), now)).toBe('Ваша смена начнётся 30 ноября в 09:00')
})

it('the notice comes and goes with the frame `hours` (D-22)', async () => {
  const el = await notices()
  expect(el.textContent).toBe('')
  await act(async () => frame({ type: 'hours', project_id: 'p', hours: { open: false } }))
  await drawn.draw()
  expect(el.textContent).toContain(ru['hours.closed'])
  await act(async () => frame({ type: 'hours', project_id: 'p', hours: { open: true } }))
  await drawn.draw()
  expect(el.textContent).toBe('')
})

it('the shift ends by time alone, at the instant itself, and the server is asked what is next (D-22)', async () => {
  const at = Date.parse('2026-11-25T15:00:00Z')
  const hours = { open: true, changes_at: iso(at) }
  expect(hoursAt(hours, at - 1).open).toBe(true)
  expect(hoursAt(hours, at).open).toBe(false)
  const el = await notices({ hours: { open: true, changes_at: iso(Date.now() - 1000) } })
  expect(el.textContent).toContain(ru['hours.closed'])
  await until(() => world.sent('GET /operator/me').length || world.query.getQueryState(['me'])?.isInvalidated)
})

it('a backlog is told with its number, collapses, and is back when the number grows (M-08, D-32, R-036)', async () => {
  const el = await notices({ backlog: 12 })
  expect(el.textContent).toContain('Накопилась очередь. Ожидают ответа: 12')
  await click(button(ru['btn.collapse']))
  expect(el.querySelector('.slim')).not.toBeNull()
  const backlog = async (n: number) => {
    await act(async () => frame({ type: 'backlog', project_id: 'p', backlog: n }))
    await drawn.draw()
  }
  await backlog(11)
  expect(el.querySelector('.slim')).not.toBeNull()
  await backlog(12)
  expect(el.querySelector('.slim')).toBeNull()
  expect(el.textContent).toContain('Ожидают ответа: 12')
  await backlog(0)
  expect(el.textContent).toBe('')
})

it('when the next form goes is what the server says, not when a row turns red (R-034, D-07, D-31)', async () => {
  const next = () => el.querySelector('.ban-sub')?.textContent ?? ''
  const el = await notices({ backlog: 10, backlog_queues: [''], offer_at: iso(Date.now() + 599_500) })
  expect(next()).toContain('через 10:00')
  const told = async (change: object) => {
    await act(async () => frame({ type: 'backlog', project_id: 'p', backlog: 10, ...change }))
    await drawn.draw()
  }
  await told({ backlog_queues: [''], offer_at: iso(Date.now() + 59_500) })
  expect(next()).toContain('через 1:00')
  await told({ backlog_queues: [''], offer_at: iso(Date.now() - 1000) }) // it is on its way
  expect(next()).toBe('')
  await told({})
  expect(next()).toBe('')
})

it('«Что дальше» has the end of the shift, the form of the backlog and automatic closing, by time (D-23, D-31, D-40)', () => {
  // The server says when, whatever the last entry is: a contact request is no entry of the list, and counts (D-08).
  const mine = row('d', { session: { ...row('d').session, assignee: { id: 'o', name: 'Анна' }, closes_at: iso(1_800_000) }, last: { kind: 'department', author: 'visitor', at: iso(0) } })
  const p = projectOf({ hours: { open: true, own_until: iso(3_600_000) }, auto_close_minutes: 30 })
  expect(stepsLater(p, mine, false, 1)).toEqual([{ at: 1_800_000, text: 'plan.autoClose' }, { at: 3_600_000, text: 'plan.shiftEnd' }])
  // A colleague's shift is not his; what the server does not say is not promised.
  expect(stepsLater(p, mine, true, 1).map((s) => s.text)).toEqual(['plan.autoClose'])
  const answered = { ...mine, last: { kind: 'message' as const, author: 'operator' as const, at: iso(0) } }
  expect(stepsLater(p, { ...answered, session: { ...mine.session, closes_at: undefined } }, false, 1).map((s) => s.text)).toEqual(['plan.shiftEnd'])
  // The form of its own queue, when the server says: here long before it turns red.
  const waits = { ...row('w'), next: { kind: 'unclaimed' as const, from: iso(0), at: iso(180_000) }, offer: { queue: 's', at: iso(63_000) } }
  expect(stepsLater(projectOf({ backlog: 10, backlog_queues: ['', 's'] }), waits, false, 1)).toEqual([{ at: 63_000, text: 'plan.backlogAt' }])
  expect(stepsLater(projectOf({ backlog: 10, backlog_queues: [''] }), waits, false, 1)).toEqual([])
  expect(stepsLater(projectOf({ backlog: 10, backlog_queues: ['s'] }), { ...waits, offer: undefined }, false, 1)).toEqual([])
})

it('«Что дальше» has the closing of the dialog\'s own queue; an untaken one is then out of sight, and nothing follows (D-22)', () => {
  const at = (minutes: number) => iso(minutes * 60_000)
  const sales = { id: 's', name: 'Продажи' }
  const base = row('d')
  const untaken = { ...base, session: { ...base.session, department: sales }, next: { kind: 'unclaimed' as const, from: at(0), at: at(3) } }
  const mine = { ...untaken, session: { ...untaken.session, assignee: { id: 'o', name: 'Анна' } } }
  const hours = { open: true, own_until: at(60), closings: [{ at: at(20) }, { department_id: 's', at: at(30) }, { department_id: 'x', at: at(1) }] }
  const p = projectOf({ hours })
  const texts = (r: typeof base, foreign = false) => stepsLater(p, r, foreign, 1).map((s) => [s.text, s.at / 60_000, s.name])
  expect(texts(mine)).toEqual([['plan.deptCloses', 30, 'Продажи'], ['plan.shiftEnd', 60, undefined]])
  expect(texts(mine, true)).toEqual([])
  expect(texts({ ...mine, session: { ...mine.session, department: undefined } })[0]).toEqual(['plan.commonCloses', 20, undefined])
  expect(certain(untaken, stepsLater(p, untaken, false, 1))).toMatchObject({ next: untaken.next, later: [{ text: 'plan.deptClosesUntaken' }] })
  const soon = projectOf({ hours: { ...hours, own_until: at(2) } })
  expect(certain(untaken, stepsLater(soon, untaken, false, 1))).toEqual({ next: undefined, later: [{ at: 120_000, text: 'plan.shiftEndUntaken' }] })
})

it('«Что дальше» of a finished session: until when the visitor is asked for a rating (D-68)', () => {
  const base = row('d')
  const closed = { ...base, session: { ...base.session, closed_at: iso(1000), rating_until: iso(86_400_000) } }
  const p = projectOf({ hours: { open: true, own_until: iso(3_600_000) }, auto_close_minutes: 30 })
  expect(stepsLater(p, closed, false, 2000)).toEqual([{ at: 86_400_000, text: 'plan.ratingEnd' }])
})

it('«Не в сети» is set by hand in the top bar (D-04)', async () => {
  const me = meOf([projectOf({ hours: { open: true, own_until: iso(Date.now() + 3_600_000) } })], { open_dialogs: 4, dialog_limit: 10 })
  setMe(world, me)
  world.on('PATCH /operator/me', () => [200, { ...me, operator: { ...me.operator, away: true } }])
  world.workspace.watchProject('p')
  world.workspace.socket.link = 'online'
  drawn = await stage(world, () => <TopBar me={world.workspace.me()!} />)
  const trigger = await until(() => drawn.el.querySelector<HTMLElement>('.pres-button'))
  expect(drawn.el.textContent).toContain('Диалоги: 4 из 10')
  expect(trigger.textContent).toMatch(/^В сети· Смена до \d\d:\d\d$/)
  trigger.focus()
  await act(async () => void trigger.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })))
  const items = await until(() => {
    const found = [...document.querySelectorAll<HTMLElement>('[role=menuitemradio]')]
    return found.length === 2 && found
  })
  await click(items[1]!)
  await until(() => world.sent('PATCH /operator/me').length === 1)
  expect(world.sent('PATCH /operator/me')[0]!.body).toEqual({ away: true })
  await drawn.draw()
  expect(drawn.el.querySelector('.pres-button')?.textContent).toContain('Не в сети')
})

it('order and tab are those of last time, kept on the server (R-013, D-16)', async () => {
  setMe(world, meOf(undefined, { prefs: prefsOf({ sort: 'oldest', tab: 'all' }) }))
  world.on('PATCH /operator/me', () => [200, world.workspace.me()])
  world.workspace.watchProject('p')
  drawn = await stage(world, () => <ListPane me={world.workspace.me()!} project={project()} />)
  expect([world.workspace.group, world.workspace.sort]).toEqual(['all', 'oldest'])
  await click(document.querySelector<HTMLElement>('[data-tab=mine]'))
  await until(() => world.sent('PATCH /operator/me').length === 1)
  expect(world.sent('PATCH /operator/me')[0]!.body).toEqual({ prefs: { tab: 'mine' } })
})

it('begins in the project of last time, else in the one with the strongest dot (D-12)', () => {
  const all = [projectOf({ id: 'a' }), projectOf({ id: 'b', dot: 'blue' }), projectOf({ id: 'c', dot: 'red' })]
  expect(firstProject(all, 'a')?.id).toBe('a')
  expect(firstProject(all, undefined)?.id).toBe('c')
  expect(firstProject(all, 'gone')?.id).toBe('c')
  expect(firstProject([all[0]!], undefined)?.id).toBe('a')
})

it('the open list of transfer is live: who comes online stands in it, the focus and the choice stay (D-36)', async () => {
  const target = (id: string, name: string) => ({ operator: { id, name }, available: true, open_dialogs: 0 })
  const there = (...targets: ReturnType<typeof target>[]) => world.on('GET /operator/dialogs/d/transfer-targets', { targets })
  const names = () => [...document.querySelectorAll('[role=option]')].map((o) => o.querySelector('.med')?.textContent).join()
  const active = () => document.getElementById(document.activeElement?.getAttribute('aria-activedescendant') ?? '')?.textContent
  there()
  drawn = await stage(world, () => <Transfer row={row('d', { can: { ...row('d').can, transfer: 'ok' } })} />)
  await click(drawn.el.querySelector('button'))
  await until(() => document.body.textContent?.includes(ru['transfer.nobody']))
  there(target('m', 'Марк'), target('v', 'Вера'))
  await until(() => names() === 'Марк,Вера')
  await press('ArrowDown')
  expect(active()).toContain('Вера')
  there(target('a', 'Анна'), target('m', 'Марк'), target('v', 'Вера'))
  await until(() => names() === 'Анна,Марк,Вера')
  expect(active()).toContain('Вера')
  there(target('a', 'Анна'), target('m', 'Марк'))
  await until(() => names() === 'Анна,Марк')
  expect(active()).toBeUndefined()
  await press('Enter') // she has left: nobody gets it in her place
  expect(world.sent('POST /operator/dialogs/d/transfer')).toEqual([])
  await press('ArrowUp')
  expect(active()).toContain('Марк')
})

it('transfer shows everybody’s load, by department, and why one cannot be chosen (R-055, M-55)', async () => {
  const mark = { operator: { id: 'm', name: 'Марк Лебедев' }, department: { id: 's', name: 'Продажи' } }
  const groups = byDepartment(r, [
    { operator: { id: 'd', name: 'Динара' }, department: { id: 's', name: 'Продажи' }, available: true, open_dialogs: 4, dialog_limit: 10 },
    { ...mark, available: false, reason: 'limit_reached', open_dialogs: 10, dialog_limit: 10 },
    { operator: { id: 'v', name: 'Вера' }, available: true, open_dialogs: 2 },
  ])
  expect(groups.map((g) => [g.title, g.items.map((i) => [i.text, !!i.disabled])])).toEqual([
    ['Продажи', [['Динара', false], ['Марк Лебедев', true]]],
    ['Общее обращение', [['Вера', false]]],
  ])
  drawn = await stage(world, () => <>{groups.flatMap((g) => g.items).map((i) => <p key={i.id}>{i.view as never}</p>)}</>)
  expect([...drawn.el.querySelectorAll('p')].map((p) => p.textContent)).toEqual(['Динара4 из 10', 'Марк ЛебедевДостигнут лимит диалогов10 из 10', 'Вера2'])
})
