import { describe, expect, it } from 'vitest'
import en from '../../../../texts/en.json'
import kk from '../../../../texts/kk.json'
import ru from '../../../../texts/ru.json'
import { fill, type Locale, pluralForm } from '../../../shared/i18n.ts'
import { event } from '../live/fixtures.ts'
import { dateTime, dayName, duration, elapsed } from './format.ts'
import { pieces } from './links.ts'
import { lastText, systemText, visitorName } from './system.ts'
import { makeReader } from './text.tsx'

const texts = { ru, en, kk }
const reader = (locale: Locale) => makeReader(locale, texts[locale], () => {})

describe('texts', () => {
  it('fills params and leaves a missing one visible', () => {
    expect(fill('Оператор {name} завершил', { name: 'Анна $& Иванова' })).toBe('Оператор Анна $& Иванова завершил')
    expect(fill('{a} {b}', { a: 1 })).toBe('1 {b}')
  })

  it('has the plural forms of each language', () => {
    expect([1, 2, 5, 11, 21, 22, 25].map((n) => pluralForm('ru', n))).toEqual(['one', 'few', 'many', 'many', 'one', 'few', 'many'])
    expect([0, 1, 2].map((n) => pluralForm('en', n))).toEqual(['other', 'one', 'other'])
    expect([1, 2, 5].map((n) => pluralForm('kk', n))).toEqual(['one', 'other', 'other'])
    expect(reader('ru').plural('messages', 3)).toBe('3 новых сообщения')
    expect(reader('ru').plural('messages', 21)).toBe('21 новое сообщение')
  })
})

describe('time', () => {
  const at = new Date(2026, 10, 18, 16, 5, 9)
  it('is written the way of each language', () => {
    expect(dateTime('ru', at)).toBe('18.11.2026 16:05')
    expect(dateTime('en', at)).toBe('18 Nov 2026, 16:05')
    expect(dateTime('kk', at, true)).toBe('18.11.2026 16:05:09')
  })
  it('counts in figures, then in words', () => {
    expect(duration(reader('ru'), 84_000)).toBe('1:24')
    expect(duration(reader('ru'), 80 * 60_000)).toBe('1 ч 20 мин')
    expect(duration(reader('en'), 2 * 3_600_000)).toBe('2 h')
  })
  it('names days', () => {
    const now = new Date(2026, 10, 19, 0, 30).getTime()
    expect(dayName(reader('ru'), new Date(2026, 10, 19, 0, 10), now)).toBe('Сегодня')
    expect(dayName(reader('ru'), at, now)).toBe('Вчера')
    expect(dayName(reader('ru'), new Date(2026, 9, 2), now)).toBe('2 октября')
    expect(dayName(reader('en'), new Date(2025, 9, 2), now)).toBe('2 October 2025')
  })
  it('says how long ago (D-17)', () => {
    expect(elapsed(reader('ru'), at, at.getTime() + 5 * 60_000)).toBe('5 мин')
    expect(elapsed(reader('ru'), at, at.getTime())).toBe('только что')
  })
})

describe('links', () => {
  it('finds addresses and leaves the punctuation outside', () => {
    expect(pieces('см. https://example.com/a?b=1, спасибо')).toEqual([
      { text: 'см. ' },
      { text: 'https://example.com/a?b=1', href: 'https://example.com/a?b=1' },
      { text: ', спасибо' },
    ])
    expect(pieces('(https://e.org/x_(y))')[1]).toEqual({ text: 'https://e.org/x_(y)', href: 'https://e.org/x_(y)' })
  })
  it('makes nothing else a link (I-11)', () => {
    for (const text of ['javascript:alert(1)', '<a href="x">y</a>', 'data:text/html,x', 'file:///etc/passwd', 'обычный текст'])
      expect(pieces(text)).toEqual([{ text }])
  })
})

describe('system messages', () => {
  it('are rendered in the reader’s language (D-56)', () => {
    const left = event(1, { kind: 'system', author: 'system', key: 'dialog.ended.operator', params: { name: 'Анна Иванова' } })
    expect(systemText(reader('ru'), left)).toBe('Оператор Анна Иванова завершил диалог')
    expect(systemText(reader('en'), left)).toBe('Operator Анна Иванова ended the dialog')
  })
  it('are left out when unknown', () => {
    expect(systemText(reader('ru'), event(1, { kind: 'system', key: 'nav.signOut' }))).toBeUndefined()
  })
  it('rows say what was done last (D-25, D-18)', () => {
    const at = '2026-01-01T00:00:00Z'
    expect(lastText(reader('ru'), { kind: 'department', author: 'visitor', department: 'Доставка', at }).text).toBe('Выбран отдел: Доставка')
    expect(lastText(reader('ru'), { kind: 'form', author: 'visitor', at }).text).toBe('Заполнена форма контактов')
    expect(visitorName(reader('kk'), { id: 'x', number: '7C41' })).toBe('Келуші 7C41')
  })
})
