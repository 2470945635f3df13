// @vitest-environment happy-dom
import { act, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { QueryClientProvider } from '@tanstack/react-query'
import ru from '../../../../texts/ru.json'
import type { LogRow, Me } from '../../../shared/api.gen.ts'
import { parse, pathOf, useRoute } from '../app/route.ts'
import { $, type Asked, button, click, dialogOf, sessionOf, shown, type, until, World } from '../card/harness.tsx'
import { event } from '../live/fixtures.ts'
import { TextProvider } from '../text/text.tsx'
import { WorkspaceContext } from '../ui/hooks.ts'
import LogPage from './LogPage.tsx'
import { logQuery, readFilters, renewed, writeFilters } from './useLog.ts'

const [OLEG, LEAD, TEAPOT] = ['a', 'b', 'c'].map((end) => `00000000-0000-4000-8000-00000000000${end}`) as [string, string, string]
const LOG = '/operator/projects/p/log'
const BASE = import.meta.env.BASE_URL
const me = {
  operator: { id: 'o', name: 'Анна Иванова', login: 'anna', locale: 'ru', open_dialogs: 0, away: false, prefs: {}, admin: false },
  csrf: '',
  projects: [],
  log_projects: [{ id: 'p', name: 'Лавка' }, { id: 'q', name: 'Сад' }],
  now: '2026-11-25T10:00:00Z',
  temporal_delayed: false,
} as unknown as Me
const entry = (n: number, change: Partial<LogRow> = {}): LogRow => ({
  dialog_id: `d${n}`,
  session_id: `x${n}`,
  session_no: 1,
  visitor: { id: `v${n}`, number: '7C41', name: `Гость ${n}` },
  started_at: '2026-11-18T13:20:00Z',
  closed_at: '2026-11-18T13:31:00Z',
  last: { kind: 'message', author: 'visitor', text: '<b>Спасибо</b>', at: '2026-11-18T13:31:00Z' },
  operator: { id: 'o', name: 'Олег Петров' },
  department: { id: 'dep', name: 'Продажи' },
  tags: [{ id: LEAD, name: 'Лид' }],
  labels: [],
  messages: 3,
  ...change,
})
let world: World
let unmount = async () => {}

beforeEach(() => {
  world = new World()
  // Nothing is laid out here: the list is as high as it says, so that its rows are drawn.
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(800)
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(440)
  world
    .on(`GET ${LOG}`, { rows: [entry(1), entry(2)], now: me.now })
    .on(`GET ${LOG}/filters`, { operators: [{ id: OLEG, name: 'Олег Петров' }], departments: [{ id: 'dep', name: 'Продажи' }], tags: [{ id: LEAD, name: 'Лид' }], labels: [{ id: TEAPOT, text: 'Самовары', color: 8, active: false }] })
})
afterEach(async () => {
  await unmount()
  await world.end()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

let meIs: (me: Me) => void
function Page() {
  const [now, setNow] = useState(me)
  meIs = setNow
  return <LogPage me={now} route={useRoute()} />
}

async function open(path: string) {
  history.replaceState(null, '', BASE + path)
  const root = createRoot(document.body.appendChild(document.createElement('div')))
  unmount = () => act(async () => root.unmount())
  await act(async () =>
    root.render(
      <QueryClientProvider client={world.query}>
        <TextProvider locale="ru" texts={ru}>
          <WorkspaceContext value={world.workspace}>
            <Page />
          </WorkspaceContext>
        </TextProvider>
      </QueryClientProvider>,
    ),
  )
}
const rows = () => [...document.querySelectorAll('[data-session]')]
const asked = () => world.sent(`GET ${LOG}`)

it('a filter nobody can read is left out: the server would refuse it again and again (D-63)', () => {
  expect(readFilters(`operator=abc&label=${TEAPOT}x&tag=&to=abc&q=${'ы'.repeat(201)}`)).toEqual({})
})

it('an address that is no text leads to what is not found, not to a white page (R-003)', () => {
  expect(parse(`${BASE}dialogs/%E0%A4%A/%D0%B0`)).toEqual({ project: '%E0%A4%A', dialog: 'а' })
})

it('lists finished sessions: visitor, last message as text, operator, department, tags, dates (I-07, D-63, I-11)', async () => {
  await open('log/p')
  await until(() => rows().length === 2)
  const name = rows()[0]!.getAttribute('aria-label')!
  for (const part of ['Гость 1', '18.11.2026', '<b>Спасибо</b>', 'Олег Петров · Продажи', 'Теги: Лид']) expect(name).toContain(part)
  expect($('.log-row b')).toBeNull()
  expect($('.log-bar [role=status]')!.textContent).toBe('2 сеанса')
})

it('filters stand in the address, and a bookmark brings them back (D-63)', async () => {
  await open(`log/p?operator=${OLEG}&label=${TEAPOT}&from=2026-11-18`)
  await until(() => rows().length && shown().includes('Самовары'))
  const query = asked().at(-1)!.query
  expect(query.get('operator_id')).toBe(OLEG)
  expect(query.get('label_id')).toBe(TEAPOT)
  expect(query.get('from')).toBe(new Date(2026, 10, 18).toISOString())
  expect(shown()).toContain('Оператор: Олег Петров')
  await click(button(ru['log.remove'].replace('{name}', ru['label.one'])))
  await until(() => !asked().at(-1)!.query.has('label_id'))
  expect(location.search).toBe(`?from=2026-11-18&operator=${OLEG}`)
})

it('a filter is picked from a list by name', async () => {
  await open('log/p')
  await until(() => rows().length)
  await click(button(ru['log.tag']))
  await until(() => $('.filter-pop [role=option]'))
  await click($('.filter-pop [role=option]'))
  await until(() => asked().at(-1)!.query.get('tag_id') === LEAD)
  expect(location.search).toBe(`?tag=${LEAD}`)
})

it('the client is looked for by name, phone or e-mail after a pause', async () => {
  await open('log/p')
  await until(() => rows().length)
  const before = asked().length
  await type($('.log-find input'), 'тим')
  await type($('.log-find input'), 'тимур')
  await until(() => asked().at(-1)!.query.get('q') === 'тимур')
  expect(asked()).toHaveLength(before + 1)
})

it('reads the next page as one comes to the end of the list', async () => {
  world.on(`GET ${LOG}`, (a: Asked) => [200, a.query.get('cursor') ? { rows: [entry(3)], now: me.now } : { rows: [entry(1), entry(2)], next_cursor: 'more', now: me.now }])
  await open('log/p')
  await until(() => rows().length === 3)
  expect(asked().at(-1)!.query.get('cursor')).toBe('more')
})

it('nothing found says so and offers to reset (M-40)', async () => {
  world.on(`GET ${LOG}`, { rows: [], now: me.now })
  await open(`log/p?tag=${LEAD}`)
  await until(() => shown().includes(ru['search.none']))
  // The way past the bar leads somewhere also when there is no list (I-12).
  expect($($('.skip')!.getAttribute('href')!)).toBe($('.list'))
  await click(button(ru['log.reset']))
  expect(location.search).toBe('')
  expect(document.activeElement).toBe($('.log-find input'))
  await until(() => shown().includes(ru['list.empty']))
})

it('a row opens the conversation for reading only, with search, history, download and card (D-63, R-079)', async () => {
  const session = sessionOf(1, { id: 'x1', first_seq: 1, last_seq: 2, first_message_seq: 1, last_message_seq: 2, rating: 5, tags: [{ id: LEAD, name: 'Лид' }] })
  world.has(dialogOf('d1', { read_only: true, sessions: [session] }), [session])
  world.on('GET /operator/dialogs/d1/events', { events: [event(1), event(2)], head_seq: 2, more_before: false, more_after: false })
  await open('log/p')
  await until(() => rows().length)
  await click(rows()[0]!.parentElement)
  expect(location.pathname).toBe(`${BASE}log/p/d1/x1`)
  await until(() => $('.read-only') && $('.card section'))
  expect($('.read-only')!.textContent).toContain(ru['log.readOnly'])
  expect($('textarea')).toBeNull()
  expect(shown()).toContain('5, Отлично')
  for (const text of [ru['search.title'], ru['hist.title'], ru['tag.session'], ru['det.title']]) expect($('.card')!.innerHTML).toContain(text)
  expect(button(ru['act.download'])).toBeTruthy()
  expect(() => button(ru['act.block'])).toThrow()
  expect($('.card [data-field]')).toBeNull()
  // Reading in the log is not reading as an operator: no mark moves.
  expect(world.sent()).toEqual([])
})

it('addresses and filters go there and back', () => {
  const route = { area: 'log', project: 'p', dialog: 'd', session: 's', filters: 'q=%D0%B0' } as const
  expect(parse(pathOf(route))).toEqual(route)
  expect(writeFilters(readFilters(`tag=${LEAD}&from=nonsense&other=2`))).toBe(`tag=${LEAD}`)
  expect(logQuery({ to: '2026-11-18' }).to).toBe(new Date(2026, 10, 19).toISOString())
})

/** The log with the conversation of its first row open. */
async function openFirst(change: Partial<LogRow> = {}) {
  const session = sessionOf(1, { id: 'x1', first_seq: 1, last_seq: 2, first_message_seq: 1, last_message_seq: 2, first_reply_seconds: 90 })
  world.has(dialogOf('d1', { read_only: true, sessions: [session] }), [session])
  world.on('GET /operator/dialogs/d1/events', { events: [1, 2].map((n) => event(n, { session_id: 'x1' })), head_seq: 2, more_before: false, more_after: false })
  world.on(`GET ${LOG}`, { rows: [entry(1, change), entry(2)], now: me.now })
  await open('log/p/d1/x1')
  await until(() => rows().length === 2 && $('.read-only') && world.workspace.feed('d1').ready)
}

it('an erased client leaves the list and the search at once; the row says what happened (D-64)', async () => {
  await openFirst({ last: { kind: 'message', author: 'operator', operator: 'Олег Петров', text: 'Тимур, ждём', at: '2026-11-18T13:31:00Z' } })
  world.on('GET /operator/dialogs/d1/search', { total: 1, matches: [{ seq: 1 }] })
  await type($('.card input'), 'text')
  await until(() => world.workspace.search('d1').total === 1)
  world.on('GET /operator/dialogs/d1/search', { total: 0, matches: [] })
  world.on(`GET ${LOG}`, { rows: [entry(1, { visitor: { id: 'v1', number: '7C41' }, last: { kind: 'message', author: 'operator', operator: 'Олег Петров', at: '2026-11-18T13:31:00Z' } }), entry(2)], now: me.now })
  const before = asked().length
  const gone = until(() => asked().length > before && !shown().includes('Гость 1'))
  world.workspace.take('d1', event(3, { kind: 'erased', author: 'system', text: undefined }))
  await gone
  const text = rows()[0]!.parentElement!.querySelector('.l2')!.textContent
  expect(text).toBe(ru['msg.erased'])
  await until(() => world.workspace.search('d1').total === 0)
})

it('who only reads is told by no push: the row that was erased takes the conversation and the search along (D-64)', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true })
  await openFirst()
  world.on('GET /operator/dialogs/d1/search', { total: 1, matches: [{ seq: 1 }] })
  await type($('.card input'), 'text')
  await until(() => world.workspace.search('d1').total === 1 && $('.stream')!.textContent!.includes('text 2'))
  world.on('GET /operator/dialogs/d1/search', { total: 0, matches: [] })
  world.on('GET /operator/dialogs/d1/events', { events: [1, 2].map((n) => event(n, { session_id: 'x1', text: undefined })), head_seq: 2, more_before: false, more_after: false })
  world.on('GET /operator/dialogs/d1', dialogOf('d1', { read_only: true, sessions: [], card: { rev: 4 } }))
  world.on(`GET ${LOG}`, { rows: [entry(1, { last: { kind: 'message', author: 'visitor', at: me.now } }), entry(2)], now: me.now })
  await until(() => $('.stream') && !$('.stream')!.textContent!.includes('text 2'))
  await until(() => world.workspace.search('d1').total === 0 && !$('.card')!.textContent!.includes('Тимур'))
})

it('access that ends takes list, conversation and card away; access that comes offers the project (R-008, I-03)', async () => {
  world.on('GET /operator/projects/q/log', { rows: [], now: me.now }).on('GET /operator/projects/q/log/filters', { operators: [], departments: [], tags: [], labels: [] })
  await openFirst()
  const project = (id: string) => me.log_projects!.filter((p) => p.id === id)
  await act(async () => meIs({ ...me, log_projects: project('q') }))
  await until(() => location.pathname === `${BASE}log/q` && !rows().length)
  expect(shown()).not.toContain('Гость 1')
  expect($('.card section')).toBeNull()
  await act(async () => meIs({ ...me, log_projects: [] }))
  await until(() => shown().includes(ru['project.none']))
  await act(async () => meIs({ ...me, log_projects: project('p') }))
  await until(() => location.pathname === `${BASE}log/p` && rows().length === 2)
})

it('names of a project whose access ended do not filter the next one (D-63)', async () => {
  world.on('GET /operator/projects/q/log', { rows: [entry(5)], now: me.now })
  await open(`log/p?q=%D0%B0&operator=${OLEG}`)
  await until(() => rows().length)
  await act(async () => meIs({ ...me, log_projects: me.log_projects!.slice(1) }))
  await until(() => location.pathname === `${BASE}log/q` && rows().length === 1)
  expect(location.search).toBe('?q=%D0%B0')
})

it('what ends while the log is open comes in by itself; choice, focus and place stay (I-08, R-058)', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true })
  await openFirst()
  await act(async () => (rows()[1] as HTMLElement).focus())
  world.on(`GET ${LOG}`, { rows: [entry(3), entry(1), entry(2)], now: me.now })
  await until(() => rows().length === 3)
  expect(rows()[0]!.getAttribute('data-session')).toBe('x3')
  expect(document.activeElement!.getAttribute('data-session')).toBe('x2')
  expect(document.activeElement!.getAttribute('tabindex')).toBe('0')
  expect($('[aria-selected=true]')!.getAttribute('data-session')).toBe('x1')
  // A tab that is not looked at asks for nothing, and at once when it is looked at again.
  const visible = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  const look = () => act(async () => void document.dispatchEvent(new Event('visibilitychange')))
  await look()
  const before = asked().length
  await act(() => vi.advanceTimersByTimeAsync(60_000))
  expect(asked()).toHaveLength(before)
  world.on(`GET ${LOG}`, { rows: [entry(4), entry(3), entry(1), entry(2)], now: me.now })
  visible.mockReturnValue('visible')
  await look()
  await act(() => vi.advanceTimersByTimeAsync(100))
  await until(() => rows().length === 4)
})

it('a list that is read further down does not move under what ends meanwhile (I-08)', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true })
  const many = Array.from({ length: 40 }, (_, i) => entry(i + 1))
  world.on(`GET ${LOG}`, { rows: many, now: me.now })
  await open('log/p')
  await until(() => rows().length)
  const el = $('.log-frame .rows')!
  await act(async () => {
    el.scrollTop = 805
    el.dispatchEvent(new Event('scroll'))
  })
  world.on(`GET ${LOG}`, { rows: [entry(41), entry(42), ...many], now: me.now })
  await until(() => el.scrollTop === 805 + 2 * 80)
})

it('the first page read again stands before what was read further down (D-63)', () => {
  const at = (n: number, minute: number) => entry(n, { closed_at: `2026-11-18T13:${minute}:00Z` })
  const known = { pages: [{ rows: [at(1, 50), at(2, 40)], next_cursor: 'a', now: '' }, { rows: [at(3, 30), at(4, 20)], next_cursor: 'b', now: '' }], pageParams: [undefined, 'a'] }
  const ids = (d: typeof known | ReturnType<typeof renewed>) => d.pages.flatMap((p) => p.rows.map((r) => r.session_id)).join()
  const some = renewed(known, { rows: [at(5, 55), at(1, 50)], next_cursor: 'c', now: '' })
  expect(ids(some)).toBe('x5,x1,x2,x3,x4')
  expect(some.pages.at(-1)!.next_cursor).toBe('b')
  expect(some.pageParams).toHaveLength(some.pages.length)
  // One that is gone from between is gone, and a rest nobody knows is read anew.
  expect(ids(renewed(known, { rows: [at(1, 50), at(3, 30)], next_cursor: 'c', now: '' }))).toBe('x1,x3,x4')
  expect(ids(renewed(known, { rows: [at(8, 59), at(7, 58)], next_cursor: 'c', now: '' }))).toBe('x8,x7')
  expect(ids(renewed(known, { rows: [at(1, 50)], now: '' }))).toBe('x1')
  // Times are sent as fine as they need be.
  const fine = (n: number, fraction: string) => entry(n, { closed_at: `2026-11-18T13:30:00${fraction}Z` })
  const close = { pages: [{ rows: [fine(1, '.123'), fine(2, '.12'), fine(3, '')], next_cursor: 'a', now: '' }], pageParams: [undefined] }
  expect(ids(renewed(close, { rows: [fine(4, '.5'), fine(1, '.123')], next_cursor: 'c', now: '' }))).toBe('x4,x1,x2,x3')
})

it('after a reload the bar has its figures without the row, and the list comes to the row it has (I-07)', async () => {
  await openFirst()
  world.on(`GET ${LOG}`, { rows: [entry(2)], now: me.now })
  await until(() => $('.nextbar'))
  await unmount()
  world.query.removeQueries({ queryKey: ['log'] })
  await open('log/p/d1/x1')
  await until(() => $('.nextbar') && rows().length === 1)
  expect($('.nextbar')!.textContent).toContain('Первый ответ через')
  await unmount()
  world.query.removeQueries({ queryKey: ['log'] })
  vi.spyOn(Element.prototype, 'scrollHeight', 'get').mockReturnValue(41 * 80)
  world.on(`GET ${LOG}`, { rows: [...Array.from({ length: 40 }, (_, i) => entry(i + 2)), entry(1)], now: me.now })
  await open('log/p/d1/x1')
  await until(() => $('.log-frame .rows')!.scrollTop === 41 * 80 - 800)
  await act(async () => void $('.log-frame .rows')!.dispatchEvent(new Event('scroll')))
  await until(() => $('[aria-selected=true]'))
})

it('the pages up to the session of the address are read, and not further (I-07)', async () => {
  await openFirst()
  await unmount()
  world.query.clear()
  const at = (n: number, day: number) => entry(n, { closed_at: `2026-11-${day}T10:00:00Z` })
  const pages: Record<string, object> = {
    '': { rows: Array.from({ length: 30 }, (_, i) => at(i + 10, 28)), next_cursor: 'a' },
    a: { rows: Array.from({ length: 30 }, (_, i) => at(i + 50, 27)), next_cursor: 'b' },
    b: { rows: [...Array.from({ length: 30 }, (_, i) => at(i + 90, 26)), at(1, 25)], next_cursor: 'c' },
  }
  world.on(`GET ${LOG}`, (a: Asked) => [200, { ...pages[a.query.get('cursor') ?? ''], now: me.now }])
  const before = asked().length
  await open('log/p/d1/x1')
  await until(() => asked().length === before + 3 && $('.nextbar'))
  await act(() => new Promise((go) => setTimeout(go)))
  expect(asked().slice(before).map((a) => a.query.get('cursor'))).toEqual([null, 'a', 'b'])
})

it('a year that is being typed is not asked for (D-63)', async () => {
  await open('log/p')
  await until(() => rows().length)
  await click(button(ru['log.dates']))
  const from = await until(() => $('.date-pop input'))
  const before = asked().length
  for (const year of ['0002', '0020', '0202']) {
    await type(from, `${year}-11-25`)
    expect(location.search).toBe('')
    expect((from as HTMLInputElement).value).toBe(`${year}-11-25`)
  }
  await type(from, '2025-11-25')
  await until(() => asked().length > before)
  expect(location.search).toBe('?from=2025-11-25')
  expect(asked()).toHaveLength(before + 1)
  expect(readFilters('from=0002-11-25')).toEqual({})
})
