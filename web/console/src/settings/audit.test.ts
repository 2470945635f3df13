// @vitest-environment happy-dom
import { expect, it } from 'vitest'
import main from '../../../../texts/ru.json'
import settingsRu from '../../../../texts/settings/ru.json'
import { makeReader } from '../text/text.tsx'
import { actionText, changesOf, detailsOf } from './audit.ts'

const r = makeReader('ru', { ...main, ...settingsRu }, () => {})

it('says what was done and which values changed, in words (I-13)', () => {
  expect(actionText(r, 'access')).toBe('Изменил доступ')
  expect(actionText(r, 'something_new')).toBe('something_new')
  expect(changesOf(r, { before: { id: 'a', level: 'operator', name: 'x' }, after: { id: 'b', level: 'senior', name: 'x' } })).toEqual([{ field: 'Уровень доступа', before: 'Оператор', after: 'Старший оператор' }])
  expect(changesOf(r, { before: { rating: true, hours: null }, after: { rating: false, hours: { week: [[{ from: '09:00', to: '18:00' }], [], [], [], [], [], []], exceptions: [] } } })).toEqual([
    { field: 'Оценка качества', before: 'Да', after: 'Нет' },
    { field: 'Рабочее время', before: 'Круглосуточно', after: 'Пн 09:00–18:00' },
  ])
  expect(changesOf(r, { before: { form: { name: 'shown', consent_version: '1' } }, after: { form: { name: 'hidden', consent_version: '2' } } })).toEqual([{ field: 'Имя', before: 'Есть', after: 'Нет' }])
})

it('shows names instead of ids, and the id of what is deleted (I-13)', () => {
  const names = { 'id-anna': 'Анна', 'id-sales': 'Продажи', 'id-tag': 'Лид' }
  expect(detailsOf(r, { names, detail: { from: 'id-anna', to: 'id-gone', department: 'id-sales', late_us: 5 } })).toEqual([
    { field: 'От кого', value: 'Анна' },
    { field: 'Кому', value: 'id-gone' },
    { field: 'Отдел', value: 'Продажи' },
  ])
  expect(detailsOf(r, { names, detail: { tags: ['id-tag', 'id-old'] } })).toEqual([{ field: 'Теги', value: 'Лид, id-old' }])
  expect(detailsOf(r, { detail: { list: 'system', tags: [], department: '' } })).toEqual([{ field: 'Откуда', value: 'Системный' }])
  expect(changesOf(r, { names, before: { members: ['id-anna'], department: '' }, after: { members: [], department: 'id-sales' } })).toEqual([
    { field: 'Операторы', before: 'Анна', after: undefined },
    { field: 'Отдел', before: undefined, after: 'Продажи' },
  ])
  expect(actionText(r, 'blocks_replaced')).toBe('Сменился внешний список блокировок')
  expect(actionText(r, 'refused')).toBe('Команда отклонена')
})
