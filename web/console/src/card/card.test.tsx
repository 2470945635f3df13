// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import ru from '../../../../texts/ru.json'
import { $, type Asked, button, can, click, dialogOf, sessionOf, shown, until, World } from './harness.tsx'
import { shortUrl, zoneName } from './Details.tsx'

const BLOCK = '/operator/dialogs/d/block'
let world: World

beforeEach(() => {
  world = new World()
})
afterEach(() => world.end())

it('blocking asks once more and names the address (R-084, M-23)', async () => {
  world.has(dialogOf('d')).on(`POST ${BLOCK}`, { blocked: true, ip: '203.0.113.77' })
  await world.draw()
  await click(button(ru['act.block']))
  await until(() => $('.block-pop'))
  expect($('.block-pop')!.textContent).toContain('Заблокировать пользователя по IP 203.0.113.77?')
  expect(world.sent()).toEqual([])
  world.has(dialogOf('d', { block: { ip: '203.0.113.77', sources: ['operator'] } }))
  await click($('.block-pop .pri'))
  await until(() => button(ru['act.unblock']))
  expect(world.sent(`POST ${BLOCK}`)).toHaveLength(1)
  expect(shown()).toContain('IP 203.0.113.77 в списке «Блокировка из чата»')
})

it('«Разблокировать» stands instead; what the system list keeps is said (R-089, M-24, D-50)', async () => {
  world.has(dialogOf('d', { block: { ip: '203.0.113.77', sources: ['system', 'manual'] } })).on(`DELETE ${BLOCK}`, { blocked: true, ip: '203.0.113.77' })
  await world.draw()
  expect(() => button(ru['act.block'])).toThrow()
  world.has(dialogOf('d', { block: { ip: '203.0.113.77', sources: ['system'] } }))
  await click(button(ru['act.unblock']))
  await until(() => !shown().includes('в списке «Блокировка из чата»'))
  expect(world.sent(`DELETE ${BLOCK}`)).toHaveLength(1)
  expect(shown()).toContain('IP 203.0.113.77 остаётся в системном списке блокировок')
  expect(button(ru['act.unblock']).getAttribute('aria-disabled')).toBe('true')
})

it('in a colleague’s dialog and without an address blocking is off and says why (D-51)', async () => {
  await world.has(dialogOf('d', {}, { can: can({ block: 'no_address' }) })).draw()
  expect(button(ru['act.block']).getAttribute('aria-disabled')).toBe('true')
  expect(shown()).toContain(ru['block.noAddress'])
})

it('download is off until the visitor’s first message, and says so (R-090, M-25)', async () => {
  await world.has(dialogOf('d', { can_download: false })).draw()
  const link = button(ru['act.download'])
  expect(link.getAttribute('aria-disabled')).toBe('true')
  expect(document.getElementById(link.getAttribute('aria-describedby')!)!.textContent).toBe(ru['download.off'])
  await click(link)
  expect(world.asked.filter((a) => a.path.endsWith('/transcript'))).toEqual([])
})

it('the file goes to the system’s save window where there is one (R-091, R-092, D-52)', async () => {
  const written: string[] = []
  const picker = vi.fn(async (_: { suggestedName: string }) => ({
    createWritable: async () => ({ write: async (b: Blob) => void written.push(await b.text()), close: async () => {} }),
  }))
  vi.stubGlobal('showSaveFilePicker', picker)
  Object.assign(window, { showSaveFilePicker: picker })
  await world.has(dialogOf('d')).on('GET /operator/dialogs/d/transcript', 'Диалог').draw()
  await click(button(ru['act.download']))
  await until(() => written.length)
  expect(picker.mock.calls[0]![0].suggestedName).toMatch(/\.txt$/)
  delete (window as { showSaveFilePicker?: unknown }).showSaveFilePicker
})

it('previous sessions, newest first, with both times, last operator or a dash, and tags (R-094, R-095, R-096, R-097, R-098, D-53)', async () => {
  const past = [
    sessionOf(3, { operator: { id: 'o', name: 'Олег Петров' }, tags: [{ id: 't', name: 'Лид' }], started_at: '2026-11-18T13:20:00Z', last_message_at: '2026-11-18T13:31:00Z' }),
    sessionOf(2, { rating: 5, rating_comment: 'Быстро' }),
  ]
  const d = dialogOf('d')
  d.row.session.no = 4
  await world.has(d, past).draw()
  await until(() => document.querySelectorAll('.hrow').length === 2)
  const [first, second] = [...document.querySelectorAll('.hrow')].map((e) => e.textContent!)
  expect(first).toMatch(new RegExp(`${ru['hist.start']}.*:20.*${ru['hist.end']}.*:31`))
  expect(first).toContain('Олег Петров')
  expect(first).toContain('Лид')
  expect(second).toContain(`${ru['who.operator']}—`)
  expect(second).toContain('5, Отлично')
})

it('a first-time visitor has no history (R-094, M-47)', async () => {
  await world.has(dialogOf('d')).draw()
  await until(() => shown().includes(ru['hist.none']))
})

it('the history is read in pages', async () => {
  world.on('GET /operator/dialogs/d/sessions', (a: Asked) => [
    200,
    a.query.get('cursor') ? { sessions: [sessionOf(1)] } : { sessions: [sessionOf(3), sessionOf(2)], next_cursor: 'more' },
  ])
  const d = dialogOf('d')
  d.row.session.no = 4
  await world.has(d).draw()
  await until(() => document.querySelectorAll('.hrow').length === 2)
  await click(button(ru['hist.more']))
  await until(() => document.querySelectorAll('.hrow').length === 3)
  expect($('#hist-title')!.textContent).toContain('3')
})

it('«Начало» and «Конец» lead to the first and the last message (R-099)', async () => {
  const session = sessionOf(1, { first_message_seq: 12, last_message_seq: 18 })
  await world.has(dialogOf('d'), [session]).draw()
  await until(() => $('.hrow'))
  const show = vi.spyOn(world.workspace.feed('d'), 'show').mockResolvedValue()
  await click(button(`${ru['hist.startShort']}: `))
  await click(button(`${ru['hist.endShort']}: `))
  await act(async () => {})
  expect(show.mock.calls.map((c) => c[0])).toEqual([12, 18])
})

it('details of the last visit, as text; no source is «Не определён» (R-105, R-106, D-55, I-11)', async () => {
  await world.has(dialogOf('d', { visit: undefined })).draw()
  const details = () => new Map([...document.querySelectorAll('[aria-labelledby=details-title] .kv > div')].map((e) => [e.querySelector('dt')!.textContent, e.querySelector('dd')!]))
  expect(details().get(ru['det.source'])!.textContent).toBe(ru['det.unknown'])
  expect(details().get(ru['det.ip'])!.textContent).toBe('203.0.113.77')
  expect([...details().keys()]).toEqual([
    ru['det.source'], ru['det.medium'], ru['det.campaign'], ru['det.keyword'], ru['det.landing'], ru['det.page'], ru['det.referrer'],
    ru['det.ip'], ru['det.browser'], ru['det.os'], ru['det.device'], ru['det.language'], ru['set.timezone'], ru['det.visit'],
  ])
  const page_url = 'https://shop.example/samovary?utm_source=x'
  await world
    .has(dialogOf('e', { visit: { started_at: '2026-11-25T10:00:00Z', seen_at: '2026-11-25T10:00:00Z', utm_source: '<img src=x>', ip: '198.51.100.7', device: 'phone', page_url, language: 'kk', time_zone: 'Asia/Almaty' } }))
    .draw('e')
  expect(details().get(ru['det.source'])!.textContent).toBe('<img src=x>')
  expect($('.card img')).toBeNull()
  expect(details().get(ru['det.ip'])!.textContent).toBe('198.51.100.7') // of this visit, not of the session that stands
  expect(details().get(ru['det.device'])!.textContent).toBe(ru['device.phone'])
  expect(details().get(ru['det.page'])!.querySelector('.url')!.getAttribute('title')).toBe(page_url)
  expect($('.card a')).toBeNull()
  expect(details().get(ru['set.timezone'])!.textContent).toBe('Asia/Almaty, UTC+5')
})

it('addresses are cut to what tells them apart', () => {
  expect(shortUrl('https://shop.example/a/b?c=1')).toBe('/a/b?c=1')
  expect(shortUrl('https://ya.ru/search?q=1', true)).toBe('ya.ru/search?q=1')
  expect(shortUrl('javascript:alert(1)')).toBe('javascript:alert(1)')
  expect(zoneName('Nowhere/Land')).toBe('Nowhere/Land')
})
