// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import ru from '../../../../texts/ru.json'
import { useShortcuts } from '../app/shortcuts.ts'
import { Rows } from '../list/Rows.tsx'
import { row } from '../live/fixtures.ts'
import { meOf, projectOf, setMe, stage } from '../window/harness.tsx'
import { $, button, click, dialogOf, press, type, until, World } from './harness.tsx'

let world: World
let beside: Awaited<ReturnType<typeof stage>>
const onClose = vi.fn()

function Beside() {
  useShortcuts()
  return (
    <>
      <Rows project={projectOf()} meId="o" />
      <button id="elsewhere">elsewhere</button>
      <main data-pane="window">
        <button id="below">below</button>
      </main>
    </>
  )
}

beforeEach(async () => {
  world = new World()
  setMe(world, meOf())
  world.workspace.rows.takePage(world.workspace.rows.startRead('all', 'priority', true), [row('d')])
  beside = await stage(world, () => <Beside />)
  onClose.mockReset()
})
afterEach(async () => {
  await beside.end()
  await world.end()
})

const drawer = () => world.has(dialogOf('d')).draw('d', { drawer: true, open: true, onClose })
const field = () => $<HTMLInputElement>('.search-line input')!
const pressOn = (el: HTMLElement) => act(async () => void el.dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1 })))

it('Esc leads from the card back to the list; a search that is written is emptied first (R-003, D-47)', async () => {
  await world.has(dialogOf('d')).draw()
  await until(() => $('[data-row=d]'))
  await type(field(), 'чай')
  field().focus()
  await press('Escape')
  expect(field().value).toBe('')
  expect(document.activeElement).toBe(field())
  await press('Escape')
  expect(document.activeElement).toBe($('[data-row=d]'))
})

it('Esc closes the drawer wherever one is, the topmost layer first', async () => {
  await drawer()
  await click(button(ru['label.attach']))
  await until(() => $('.pop'))
  await press('Escape')
  await until(() => !$('.pop'))
  expect(onClose).not.toHaveBeenCalled()
  await press('Escape')
  expect(onClose).toHaveBeenCalledTimes(1)
  $('#elsewhere')!.focus()
  await press('Escape')
  expect(onClose).toHaveBeenCalledTimes(2)
})

it('a press outside closes the drawer, one inside or in a layer of it does not', async () => {
  await drawer()
  await pressOn(field())
  await click(button(ru['label.attach']))
  await pressOn(await until(() => $('.pop')))
  expect(onClose).not.toHaveBeenCalled()
  await pressOn($('#elsewhere')!)
  expect(onClose).toHaveBeenCalledTimes(1)
})

it('the focus that goes to what the drawer covers closes it (WCAG 2.4.11)', async () => {
  await drawer()
  act(() => $('#elsewhere')!.focus())
  expect(onClose).not.toHaveBeenCalled()
  act(() => $('#below')!.focus())
  expect(onClose).toHaveBeenCalledTimes(1)
})

it('a card beside the window is no drawer: it stays', async () => {
  await world.has(dialogOf('d')).draw('d', { open: true, onClose })
  act(() => $('#below')!.focus())
  await pressOn($('#elsewhere')!)
  await press('Escape')
  expect(onClose).not.toHaveBeenCalled()
})
