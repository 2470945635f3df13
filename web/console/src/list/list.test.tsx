// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Project } from '../../../shared/api.gen.ts'
import { wish } from '../app/shortcuts.ts'
import { $, click, type, until, World } from '../card/harness.tsx'
import { row } from '../live/fixtures.ts'
import { Avatar, tint } from '../ui/marks.tsx'
import { meOf, projectOf, setMe, stage } from '../window/harness.tsx'
import { ProjectSelect } from './ProjectSelect.tsx'
import { Rows } from './Rows.tsx'
import { RowView } from './RowView.tsx'
import SortMenu from './SortMenu.tsx'

let world: World
let drawn: Awaited<ReturnType<typeof stage>> | undefined
beforeEach(() => {
  world = new World()
  setMe(world, meOf())
})
afterEach(async () => {
  await drawn?.end()
  drawn = undefined
  await world.end()
})

const shop = projectOf({ id: 'a', name: 'Лавка «Заварка»' })
const books = projectOf({ id: 'b', name: 'Книги у дома', dot: 'red' })
const garden = projectOf({ id: 'c', name: 'Сад за окном', dot: 'blue' })
const select = async (projects: Project[]) => (drawn = await stage(world, () => <ProjectSelect projects={projects} project={projects[0]!} />)).el
const names = () => [...document.querySelectorAll('[role=option]')].map((o) => o.textContent)

it('a click on a row goes on to the box of the answer: what is typed next is text, not shortcuts (R-003, D-28)', async () => {
  const { workspace } = world
  workspace.rows.takePage(workspace.rows.startRead('all', 'priority', true), [row('d')])
  drawn = await stage(world, () => (
    <>
      <Rows project={shop} meId="o" />
      <div data-pane="window">
        <textarea data-pane-focus="" />
      </div>
    </>
  ))
  await click($('[role=option]')!.parentElement)
  expect(document.activeElement).toBe($('textarea'))
})

it('two projects: a list with a search in any case from the middle of a name (R-004)', async () => {
  const el = await select([shop, books, garden])
  await click(el.querySelector('button'))
  const field = await until(() => $('input'))
  expect(names()).toHaveLength(3)
  await type(field!, 'ЗАВ')
  expect(names()).toEqual([expect.stringContaining('Лавка «Заварка»')])
  await type(field!, '')
  expect(names()).toHaveLength(3)
})

it('one project: its name and nothing to press or to search in (R-005, D-12)', async () => {
  const el = await select([shop])
  expect(el.textContent).toBe('Лавка «Заварка»')
  expect(el.querySelector('button, input, [role=combobox], [role=listbox]')).toBeNull()
})

it('the closed row has the strongest dot of all, the open list each its own, with words (R-009, R-010, R-011, R-012, I-12)', async () => {
  const el = await select([shop, garden, books])
  expect([...el.querySelectorAll('button [role=img]')].map((dot) => dot.getAttribute('aria-label'))).toEqual(['Есть важные диалоги'])
  await click(el.querySelector('button'))
  await until(() => $('[role=option]'))
  expect(names()).toEqual([
    'Лавка «Заварка»',
    expect.stringContaining('Есть новые или неотвеченные сообщения'),
    expect.stringContaining('Есть важные диалоги'),
  ])
})

it('the sorting button is pressed and blue while the order is not the default (R-013, R-014, D-16)', async () => {
  for (const [sort, on] of [['priority', false], ['newest', true], ['oldest', true]] as const) {
    const { el, end } = await stage(world, () => <SortMenu sort={sort} onSort={() => {}} />)
    const b = el.querySelector('button')!
    expect(b.getAttribute('aria-label')).toBe('Сортировка диалогов')
    expect(b.getAttribute('aria-pressed')).toBe(String(on))
    expect(b.classList.contains('on-blue')).toBe(on)
    await end()
  }
})

it('each row has the avatar the visitor has everywhere, and his name in words (R-038, D-18)', async () => {
  const r = row('d', { visitor: { id: 'v1', name: 'Ирина Белова', number: '7C41' } })
  const view = (name?: string) => (
    <RowView row={{ ...r, visitor: { ...r.visitor, name } }} top={0} selected={false} focusable={false} foreign={false} place={1} of={1} onOpen={() => {}} />
  )
  const known = await stage(world, () => view('Ирина Белова'))
  const avatar = known.el.querySelector('.av')!
  expect(avatar.classList.contains(`a${tint('v1')}`)).toBe(true)
  expect(avatar.getAttribute('data-initials')).toBe('ИБ')
  expect(known.el.querySelector('[role=option]')!.getAttribute('aria-label')).toContain('Ирина Белова')
  const elsewhere = await stage(world, () => <Avatar id="v1" name="Ирина Белова" />)
  expect(elsewhere.el.querySelector('.av')!.outerHTML).toBe(avatar.outerHTML)
  await known.end()
  await elsewhere.end()
  const unknown = await stage(world, () => view())
  expect(unknown.el.querySelector('[role=option]')!.getAttribute('aria-label')).toContain('Посетитель 7C41')
  await unknown.end()
})

it('a row says when its last message was, as a moment: a running figure would be read out again and again (R-037, I-12)', async () => {
  const last = { author: 'visitor', text: 'Есть ли чай?', at: new Date(2026, 10, 25, 9, 41).toISOString() } as const
  drawn = await stage(world, () => <RowView row={row('d', { last: last as never })} top={0} selected={false} focusable={false} foreign={false} place={1} of={1} onOpen={() => {}} />)
  expect($('[role=option]')!.getAttribute('aria-label')).toMatch(/Есть ли чай\?\. 25\.11\.2026 09:41$/)
})

it('an element that is taken over takes no focus with it (R-003)', async () => {
  const rows = Array.from({ length: 30 }, (_, i) => row(`r${10 + i}`))
  world.on('GET /operator/projects/p/dialogs', { rows, counts: { mine: 0, important: 0, unassigned: 0, all: 30 }, now: '2026-11-25T10:00:00Z' })
  world.workspace.watchProject('p')
  drawn = await stage(world, () => <Rows project={projectOf()} meId="o" />)
  ;(await until(() => $('[data-row=r10]')))!.focus()
  const owned = () => $('[role=listbox]')!.getAttribute('aria-owns')!.split(' ')
  const last = await until(() => owned().length > 5 && owned().at(-1))
  await act(async () => world.workspace.rows.gone('r10', 2))
  await until(() => owned().length > 5 && owned().at(-1) !== last)
  await until(() => (document.activeElement as HTMLElement).dataset.row === 'r11')
  // An element from the middle stands at the end now; the options are told in the order of the list.
  await act(async () => world.workspace.rows.gone('r12', 2))
  await until(() => !owned().includes('row-r12'))
  const elements = [...document.querySelectorAll('[role=option]')].map((o) => o.id)
  expect(elements).not.toEqual([...elements].sort())
  expect(owned()).toEqual([...elements].sort())
  expect(owned().every((id) => document.getElementById(id)?.getAttribute('role') === 'option')).toBe(true)
})

it('the focus of a row that leaves the list goes to the next one, and of the last one to the list (R-003, R-058)', async () => {
  world.on('GET /operator/projects/p/dialogs', { rows: [row('a'), row('b')], counts: { mine: 0, important: 0, unassigned: 0, all: 2 }, now: '2026-11-25T10:00:00Z' })
  world.workspace.watchProject('p')
  drawn = await stage(world, () => <Rows project={projectOf()} meId="o" />)
  const option = (id: string) => $(`[data-row=${id}]`)
  ;(await until(() => option('a')))!.focus()
  await act(async () => world.workspace.rows.gone('a', 2))
  await until(() => document.activeElement === option('b'))
  await act(async () => world.workspace.rows.gone('b', 2))
  await until(() => document.activeElement === $('#rows'))
  // Who left the last dialog asks for the rows.
  $('#rows')!.blur()
  wish('rows')
  expect(document.activeElement).toBe($('#rows'))
})
