// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import ru from '../../../../texts/ru.json'
import type { SearchPage } from '../../../shared/api.gen.ts'
import { wish } from '../app/shortcuts.ts'
import { DialogSearch } from '../live/search.ts'
import { matchParts } from '../text/match.ts'
import { $, type Asked, button, dialogOf, press, shown, type, until, World } from './harness.tsx'

const SEARCH = 'GET /operator/dialogs/d/search'
let world: World

beforeEach(() => {
  world = new World()
})
afterEach(() => world.end())

const page = (total: number, seqs: number[], next_cursor?: string): SearchPage => ({
  total,
  matches: seqs.map((seq) => ({ seq, session_no: 1, at: '2026-11-25T10:00:00Z' })),
  next_cursor,
})
const field = () => $<HTMLInputElement>('.search-line input')!
const place = () => $('.search-place')!.textContent
const shownSeqs = () => vi.mocked(world.workspace.feed('d').show).mock.calls.map((c) => c[0])
const watch = () => vi.spyOn(world.workspace.feed('d'), 'show').mockResolvedValue()

it('searches from the first character on, after a pause, and shows the newest match first (R-077, R-078, D-47)', async () => {
  await world.has(dialogOf('d')).on(SEARCH, page(3, [90, 40, 7])).draw()
  watch()
  await type(field(), 'сам')
  await type(field(), 'самовар')
  expect(world.sent(SEARCH)).toEqual([])
  await until(() => place() === '1 из 3')
  expect(world.sent(SEARCH).map((a) => a.query.get('q'))).toEqual(['самовар'])
  expect(shownSeqs()).toEqual([90])
})

it('«вверх» is older, «вниз» newer, round and round; F3 and Shift+F3 do the same (R-080)', async () => {
  await world.has(dialogOf('d')).on(SEARCH, page(3, [90, 40, 7])).draw()
  watch()
  await type(field(), 'с')
  await until(() => place() === '1 из 3')
  const up = () => act(async () => button(ru['search.up']).click())
  const down = () => act(async () => button(ru['search.down']).click())
  await up()
  expect(place()).toBe('2 из 3')
  await up()
  await up()
  expect(place()).toBe('1 из 3')
  await down()
  expect(place()).toBe('3 из 3')
  await act(async () => void wish('searchNewer'))
  await act(async () => void wish('searchOlder'))
  field().focus()
  await press('Enter')
  expect(shownSeqs()).toEqual([90, 40, 7, 90, 7, 40, 7, 90])
})

it('with none or one match both buttons are off, and none is said (R-080, M-40)', async () => {
  world.has(dialogOf('d')).on(SEARCH, (a: Asked) => [200, a.query.get('q') === 'один' ? page(1, [5]) : page(0, [])])
  await world.draw()
  watch()
  for (const [text, said] of [['один', '1 из 1'], ['ничего', '']]) {
    await type(field(), text!)
    await until(() => (said ? place() === said : shown().includes(ru['search.none'])))
    for (const name of [ru['search.up'], ru['search.down']]) expect(button(name).getAttribute('aria-disabled')).toBe('true')
    await act(async () => button(ru['search.up']).click())
  }
  expect(shownSeqs()).toEqual([5])
})

it('reads further matches when one steps to them (R-078)', async () => {
  world.has(dialogOf('d')).on(SEARCH, (a: Asked) => [200, a.query.get('cursor') ? page(4, [3, 2]) : page(4, [9, 8], 'more')])
  await world.draw()
  watch()
  await type(field(), 'с')
  await until(() => place() === '1 из 4')
  await act(async () => button(ru['search.down']).click())
  await until(() => place() === '4 из 4')
  expect(shownSeqs()).toEqual([9, 2])
})

it('an answer to what was typed before does not count', async () => {
  let answer = (_: SearchPage) => {}
  const show = vi.fn()
  const search = new DialogSearch({ fetchPage: () => new Promise((done) => (answer = done)), show })
  vi.useFakeTimers()
  search.type('а')
  await vi.advanceTimersByTimeAsync(300)
  search.type('')
  answer(page(7, [1]))
  await vi.advanceTimersByTimeAsync(1)
  vi.useRealTimers()
  expect(search.total).toBe(0)
  expect(show).not.toHaveBeenCalled()
})

it('Ctrl+F and / come to the field, Esc empties it (D-47)', async () => {
  await world.has(dialogOf('d')).draw('d', { readOnly: true })
  await act(async () => void wish('search'))
  expect(document.activeElement).toBe(field())
  await type(field(), 'слово')
  await press('Escape')
  expect(field().value).toBe('')
})

it('marks what matches without regard to case and ё, as text (R-077, I-11)', () => {
  expect(matchParts('Ёлка и ёлки, <b>елка</b>', 'ЕЛК').map((p) => (p.hit ? `[${p.text}]` : p.text)).join('')).toBe('[Ёлк]а и [ёлк]и, <b>[елк]а</b>')
  expect(matchParts('İstanbul 😀 Қазақ', 'қазақ').at(-1)).toEqual({ text: 'Қазақ', hit: true })
  expect(matchParts('a.c abc', '.').filter((p) => p.hit)).toHaveLength(1)
})
