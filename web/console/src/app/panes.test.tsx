// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { $, button, click, press, until, World } from '../card/harness.tsx'
import { row } from '../live/fixtures.ts'
import { Rows } from '../list/Rows.tsx'
import { meOf, projectOf, setMe, stage } from '../window/harness.tsx'
import ProfileMenu from './ProfileMenu.tsx'
import { usePanes } from './Shell.tsx'
import { useShortcuts } from './shortcuts.ts'

let world: World
let drawn: Awaited<ReturnType<typeof stage>>
beforeEach(() => {
  world = new World()
  setMe(world, meOf())
})
afterEach(async () => {
  await drawn.end()
  await world.end()
})

function Page({ rows }: { rows: boolean }) {
  useShortcuts()
  usePanes(false, false)
  return (
    <>
      <section data-pane="list">
        <button>tab</button>
        {rows ? <Rows project={projectOf()} meId="o" /> : null}
      </section>
      <main data-pane="window" tabIndex={-1}>
        <textarea data-pane-focus="" />
      </main>
      <aside data-pane="card" tabIndex={-1} />
      <ProfileMenu me={meOf()} />
    </>
  )
}

const f6 = (shiftKey = false) => press('F6', { code: 'F6', shiftKey })
const at = () => {
  const el = document.activeElement as HTMLElement
  return el.dataset.row ?? el.dataset.pane ?? el.tagName.toLowerCase()
}

it('F6 and Shift+F6 go from list to window to card and round, from nothing too (R-003)', async () => {
  world.workspace.rows.takePage(world.workspace.rows.startRead('all', 'priority', true), [row('a'), row('b')])
  drawn = await stage(world, () => <Page rows />)
  await until(() => $('[data-row=a]'))
  const seen = []
  for (const back of [false, false, false, false, true, true, true]) {
    await f6(back)
    seen.push(at())
  }
  expect(seen).toEqual(['a', 'textarea', 'card', 'a', 'card', 'textarea', 'a'])
})

it('a list without rows takes the focus itself (R-003)', async () => {
  drawn = await stage(world, () => <Page rows={false} />)
  $('textarea')!.focus()
  await f6(true)
  expect(at()).toBe('list')
  expect($('[data-pane=list]')!.getAttribute('tabindex')).toBe('-1') // else no browser would
})

it('the map of keys gives the focus back to where one was, by «?» and by the menu (R-003)', async () => {
  drawn = await stage(world, () => <Page rows={false} />)
  const keysThenEsc = async () => {
    await until(() => $('.modal.keys')?.contains(document.activeElement))
    await press('Escape', { code: 'Escape' })
    await until(() => !$('.modal.keys'))
  }
  button('tab').focus()
  await press('?', { code: 'Slash', shiftKey: true })
  await keysThenEsc()
  await until(() => document.activeElement === button('tab'))

  const profile = $('.me-button')!
  profile.focus()
  await press('Enter')
  const item = await until(() => [...document.querySelectorAll<HTMLElement>('[role=menuitem]')].find((i) => i.textContent!.includes('?')))
  act(() => item.focus())
  await click(item)
  await keysThenEsc()
  await until(() => document.activeElement === profile)
})
