// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import ru from '../../../../texts/ru.json'
import { until, World } from '../card/harness.tsx'
import badge from '../icon-badge.svg'
import { row } from '../live/fixtures.ts'
import { meOf, prefsOf, projectOf, setMe, stage } from '../window/harness.tsx'
import { useBell, useIconBadge } from './bell.ts'
import { PageTitle } from './PageTitle.tsx'
import { usePrefs } from './prefs.ts'
import ProfileMenu from './ProfileMenu.tsx'
import { singleKeysOn } from './shortcuts.ts'
import { TransferToasts } from './TransferToasts.tsx'

let world: World
let drawn: Awaited<ReturnType<typeof stage>>
const asked: { title: string; body?: string; tag?: string }[] = []
let permission: NotificationPermission

class Note {
  static get permission() {
    return permission
  }
  static requestPermission = () => Promise.resolve(permission)
  onclick?: () => void
  constructor(title: string, options: NotificationOptions) {
    asked.push({ title, body: options.body, tag: options.tag })
  }
  close() {}
}

beforeEach(() => {
  asked.length = 0
  permission = 'granted'
  vi.stubGlobal('Notification', Note)
  world = new World()
  setMe(world, meOf())
  world.on('PATCH /operator/me', () => [200, world.workspace.me()])
})
afterEach(async () => {
  await drawn?.end()
  await world.end()
  localStorage.clear()
})

function Bell() {
  useBell()
  return null
}

it('a notification says who and why, the text of the message only when the operator allows it', async () => {
  drawn = await stage(world, () => <Bell />)
  const { bell } = world.workspace.attention
  const of = row('d', { visitor: { id: 'v', number: '7C41', name: 'Ирина Белова' }, last: { kind: 'message', author: 'visitor', text: 'секрет', at: '2026-11-25T10:00:00Z' } })
  bell.notify(of, 'transferred', false)
  bell.notify(of, undefined, true)
  expect(asked).toEqual([
    { title: 'Ирина Белова', body: 'Переведён вам', tag: 'd' },
    { title: 'Ирина Белова', body: 'Без оператора\nсекрет', tag: 'd' },
  ])
})

it('where a page may not notify, as in Chrome on a tablet, it stays silent and nothing else fails (D-62)', async () => {
  drawn = await stage(world, () => <Bell />)
  vi.stubGlobal('Notification', class {
    static permission = 'granted'
    constructor() {
      throw new TypeError("Failed to construct 'Notification': Illegal constructor")
    }
  })
  expect(() => world.workspace.attention.bell.notify(row('d'), 'transferred', false)).not.toThrow()
})

async function menu() {
  drawn = await stage(world, () => <ProfileMenu me={world.workspace.me()!} />)
  const trigger = drawn.el.querySelector<HTMLElement>('.me-button')!
  trigger.focus()
  await act(async () => void trigger.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })))
  await until(() => document.querySelector('[role=menu]'))
}
const item = (text: string) => [...document.querySelectorAll<HTMLElement>('[role^=menuitem]')].find((i) => i.textContent?.startsWith(text))!
const pick = async (text: string) => {
  await act(async () => item(text).click())
  await drawn.draw()
}

it('sound, notifications, sending by Enter, single keys and theme are kept on the server, from the profile menu', async () => {
  await menu()
  expect(item(ru['pref.sound']).getAttribute('aria-checked')).toBe('true')
  await pick(ru['pref.sound'])
  await pick(ru['pref.enter'])
  await pick(ru['keys.single'])
  await pick(ru['theme.dark'])
  await pick(ru['pref.notify'])
  await until(() => world.sent('PATCH /operator/me').length === 5)
  expect(world.sent('PATCH /operator/me').map((a) => a.body.prefs)).toEqual([{ sound: false }, { send_by_enter: false }, { single_keys: false }, { theme: 'dark' }, { notify: true }])
  expect(singleKeysOn()).toBe(false)
  expect(document.documentElement.dataset.theme).toBe('dark')
})

it('silence for 10 minutes is asked for in the menu and says until when', async () => {
  await menu()
  await pick(ru['pref.mute'])
  expect(world.workspace.attention.muted).toBe(true)
  expect(item('Без звука до').textContent).toMatch(/^Без звука до \d\d:\d\d$/)
})

it('a browser that forbids notifications says so at the switch, which stays off', async () => {
  permission = 'denied'
  await menu()
  await pick(ru['pref.notify'])
  await until(() => document.querySelector('[role=menu] [role=alert]')?.textContent?.includes(ru['pref.denied']))
  expect(world.sent('PATCH /operator/me')).toEqual([])
})

it('settings of the operator come with him to another browser', async () => {
  const Prefs = () => (usePrefs(prefsOf({ theme: 'dark', single_keys: false })), null)
  drawn = await stage(world, () => <Prefs />)
  expect(document.documentElement.dataset.theme).toBe('dark')
  expect(singleKeysOn()).toBe(false)
})

it('two dialogs transferred at once are two toasts; each is dismissed alone and leads to its dialog (M-16)', async () => {
  world.workspace.transferred = [row('a', { visitor: { id: 'v', number: '7C41', name: 'Ирина' } }), row('b', { project_id: 'q', visitor: { id: 'w', number: '1', name: 'Тимур' } })]
  drawn = await stage(world, () => <TransferToasts />)
  const toasts = () => [...drawn.el.querySelectorAll<HTMLElement>('.toast-text')]
  expect(toasts().map((x) => x.textContent)).toEqual([expect.stringContaining('Ирина'), expect.stringContaining('Тимур')])
  await act(async () => toasts()[1]!.click())
  expect(location.pathname).toContain('dialogs/q/b')
  expect(toasts().map((x) => x.textContent)).toEqual([expect.stringContaining('Ирина')])
})

it('the title counts what is red in all projects, on every page (D-09)', async () => {
  drawn = await stage(world, () => <PageTitle me={meOf([projectOf({ red: 1 }), projectOf({ id: 'q', red: 2 })])} text="Журнал чатов" />)
  expect(document.title).toBe('(3!) Журнал чатов · Otklik')
  await drawn.end()
  drawn = await stage(world, () => <PageTitle me={meOf()} text="Журнал чатов" />)
  expect(document.title).toBe('Журнал чатов · Otklik')
})

it('the icon of the tab is marked while a dialog is important', async () => {
  const link = document.head.appendChild(document.createElement('link'))
  link.rel = 'icon'
  let on = true
  const Icon = () => (useIconBadge(on), null)
  drawn = await stage(world, () => <Icon />)
  expect(link.getAttribute('href')).toBe(badge)
  on = false
  await drawn.draw()
  expect(link.getAttribute('href')).not.toBe(badge)
  link.remove()
})
