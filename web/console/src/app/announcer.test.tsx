// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { World } from '../card/harness.tsx'
import { row } from '../live/fixtures.ts'
import { type Reader, useText } from '../text/text.tsx'
import { meOf, projectOf, setMe, stage } from '../window/harness.tsx'
import { Announcer } from './Announcer.tsx'

let world: World
let reader: Reader
function Part() {
  reader = useText()
  return <Announcer />
}
let drawn: Awaited<ReturnType<typeof stage>>
beforeEach(async () => {
  vi.useFakeTimers()
  world = new World()
  setMe(world, meOf([projectOf({ backlog: 0 })]))
  world.on('GET /operator/projects/p/dialogs', { rows: [row('a'), row('b')], counts: { mine: 0, important: 0, unassigned: 2, all: 2 }, now: new Date().toISOString() })
  world.workspace.watchProject('p')
  await vi.advanceTimersByTimeAsync(0)
  drawn = await stage(world, () => <Part />)
  await pass(0)
})
afterEach(async () => {
  await drawn.end()
  vi.useRealTimers()
  await world.end()
})

const pass = (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)))
const said = () => drawn.el.querySelector('[role=status]')!.textContent
const frame = (f: object) => act(async () => (world.workspace as unknown as { receive: (f: object) => void }).receive(f))

it('says what turned important, with its reason, at most one sentence in 5 s (I-12, R-057)', async () => {
  expect(said()).toBe('')
  const of = (id: string, name: string, reason: string) =>
    frame({ type: 'row', row: row(id, { rev: 2, important: true, reasons: [reason as never], visitor: { id, number: '1', name } }) })
  await of('a', 'Ирина Белова', 'transferred')
  await of('b', 'Сергей Махов', 'overdue')
  await pass(0)
  expect(said()).toBe('Важный диалог: Ирина Белова, Переведён вам')
  await pass(4_900)
  expect(said()).toContain('Ирина')
  await pass(200)
  expect(said()).toBe('Важный диалог: Сергей Махов, Просрочен')
})

it('says a new number of untaken ones, the backlog and the end of working time (M-08, M-03)', async () => {
  await frame({ type: 'counts', project_id: 'p', counts: { mine: 0, important: 0, unassigned: 3, all: 3 } })
  await pass(0)
  expect(said()).toBe('Без оператора: 3')
  await frame({ type: 'counts', project_id: 'p', counts: { mine: 0, important: 0, unassigned: 1, all: 3 } })
  await frame({ type: 'backlog', project_id: 'p', backlog: 12 })
  await pass(5_000)
  expect(said()).toBe('Накопилась очередь. Ожидают ответа: 12')
  await frame({ type: 'hours', project_id: 'p', hours: { open: false } })
  await pass(5_000)
  expect(said()).toBe('Работа с новыми диалогами возможна только в рабочее время')
})

it('a sentence does not outlive its language; what waits is said in the new one (R-001)', async () => {
  const untaken = (n: number) => frame({ type: 'counts', project_id: 'p', counts: { mine: 0, important: 0, unassigned: n, all: 3 } })
  await untaken(3)
  await pass(0)
  await untaken(4)
  expect(said()).toBe('Без оператора: 3')
  await act(async () => {
    reader.setLocale('en')
    await vi.dynamicImportSettled() // its texts are there
  })
  await pass(0)
  expect(said()).toBe('')
  await pass(5_000)
  expect(said()).toBe('Unassigned: 4')
})

it('another tab is not news', async () => {
  await act(async () => world.workspace.showList('mine', 'priority'))
  await frame({ type: 'row', row: row('x', { rev: 2, important: true, reasons: ['overdue'], groups: ['all'] }) })
  await pass(6_000)
  expect(said()).toBe('')
})
