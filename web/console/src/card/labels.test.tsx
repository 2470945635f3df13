// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it } from 'vitest'
import ru from '../../../../texts/ru.json'
import type { LabelChip, LabelChoice } from '../../../shared/api.gen.ts'
import { wish } from '../app/shortcuts.ts'
import { $, button, can, click, dialogOf, press, shown, type, until, World } from './harness.tsx'

const LABELS = '/operator/dialogs/d/labels'
const label = (id: string, change: Partial<LabelChip> = {}): LabelChip => ({ id, text: `Ярлык ${id}`, color: 2, active: true, ...change })
const choice = (change: Partial<LabelChoice> = {}): LabelChoice => ({
  labels: [
    { ...label('a', { text: 'Оптовый покупатель' }), used: 0, department: { id: 'dep', name: 'Продажи' } },
    { ...label('b', { text: 'Тёплый' }), used: 0 },
  ],
  may_create: true,
  department: { id: 'dep', name: 'Продажи' },
  attached: 1,
  max: 5,
  ...change,
})
let world: World

beforeEach(() => {
  world = new World()
})
afterEach(() => world.end())

const find = () => $<HTMLInputElement>('.label-pop input[role=combobox]')
const options = () => [...document.querySelectorAll('[role=option]')].map((o) => o.textContent)
const open = async () => {
  await act(async () => void wish('labels'))
  await until(() => find() && !shown().includes(ru['win.more']))
}

it('labels are coloured chips with text; one that was switched off is muted and can be taken off (R-068, R-069, D-45)', async () => {
  await world.has(dialogOf('d', { labels: [label('1', { color: 11, text: '<i>Юрлицо</i>' }), label('2', { active: false })] })).draw()
  expect($('.lab.c11')!.textContent).toContain('<i>Юрлицо</i>')
  expect($('.lab.off')!.textContent).toContain(ru['label.inactive'])
  expect(button(`${ru['label.detach']}: Ярлык 2`)).toBeTruthy()
})

it('«+» offers labels of the department and common ones by search; the chosen one becomes a chip (R-071, R-076)', async () => {
  world.has(dialogOf('d')).on(`GET ${LABELS}`, choice()).on(`POST ${LABELS}`, { labels: [label('b', { text: 'Тёплый' })] })
  await world.draw()
  await open()
  expect(options()).toEqual(['Оптовый покупатель', 'Тёплый'])
  expect([...document.querySelectorAll('.label-pop .mh')].map((e) => e.textContent)).toEqual(['Продажи', ru['label.common']])
  await type(find(), 'тепл')
  expect(options()).toEqual(['Тёплый'])
  find()!.focus()
  await press('Enter')
  await until(() => $('.lab')?.textContent?.includes('Тёплый'))
  expect(world.sent(`POST ${LABELS}`)[0]!.body).toMatchObject({ label_id: 'b' })
  expect(find()).toBeNull()
})

it('a new label is made and attached in one step, with a colour (R-072)', async () => {
  world.has(dialogOf('d')).on(`GET ${LABELS}`, choice()).on(`POST ${LABELS}`, { labels: [label('n', { text: 'Самовары', color: 8 })] })
  await world.draw()
  await open()
  await type(find(), 'Самовары')
  await click($('.colors input[value="8"]'))
  await click(button('Создать ярлык «Самовары»'))
  await until(() => $('.lab.c8'))
  expect(world.sent(`POST ${LABELS}`)[0]!.body).toMatchObject({ text: 'Самовары', color: 8 })
})

it('without the right there is no way to create, and M-28 says so (R-072, M-28)', async () => {
  world.has(dialogOf('d')).on(`GET ${LABELS}`, choice({ may_create: false }))
  await world.draw()
  await open()
  await type(find(), 'Самовары')
  expect(shown()).toContain(ru['label.noRight'])
  expect($('.label-make')).toBeNull()
  find()!.focus()
  await press('Enter')
  expect(world.sent()).toEqual([])
})

it('the same text in the same scope is refused (M-27, D-45)', async () => {
  world.has(dialogOf('d')).on(`GET ${LABELS}`, choice()).on(`POST ${LABELS}`, { code: 'exists', field: 'text', message: '' }, 409)
  await world.draw()
  await open()
  await type(find(), 'Самовары')
  await click(button('Создать ярлык'))
  await until(() => shown().includes(ru['label.exists']))
})

it('five are the most: «+» is off and says why; four enable it again (R-073, R-074, M-26)', async () => {
  const five = ['1', '2', '3', '4', '5'].map((id) => label(id))
  world.has(dialogOf('d', { labels: five })).on(`DELETE ${LABELS}/3`, { labels: five.filter((l) => l.id !== '3') })
  await world.draw()
  expect(button(ru['label.attach']).getAttribute('aria-disabled')).toBe('true')
  expect(shown()).toContain(ru['label.limit'])
  await click(button(ru['label.attach']))
  expect(find()).toBeNull()
  const cross = button(`${ru['label.detach']}: Ярлык 3`)
  cross.focus()
  await click(cross)
  await until(() => document.querySelectorAll('.lab').length === 4)
  expect(button(ru['label.attach']).getAttribute('aria-disabled')).toBe('false')
  // The focus is not lost with the chip.
  expect(document.activeElement).toBe(button(`${ru['label.detach']}: Ярлык 4`))
})

it('in a colleague’s dialog labels are shown and not touched', async () => {
  await world.has(dialogOf('d', { labels: [label('1')] }, { can: can({ edit: 'not_assignee' }) })).draw()
  expect($('.lab')).not.toBeNull()
  expect($('.lab button')).toBeNull()
  expect($('.label-line .addb')).toBeNull()
})
