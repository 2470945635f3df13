// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from 'vitest'
import { button, click, until, World } from '../card/harness.tsx'
import { savedLocale } from '../text/text.tsx'
import { meOf, setMe, stage } from '../window/harness.tsx'
import { LanguageSwitch } from './LanguageSwitch.tsx'

let world: World
let drawn: Awaited<ReturnType<typeof stage>>
beforeEach(() => {
  world = new World()
  setMe(world, meOf())
  world.on('PATCH /operator/me', () => [200, world.workspace.me()])
})
afterEach(async () => {
  localStorage.clear()
  await drawn?.end()
  await world.end()
})

it('RU, EN, KZ in this order; a choice is in the document, in this browser and with the operator (R-001, D-56)', async () => {
  drawn = await stage(world, () => <LanguageSwitch />)
  expect([...drawn.el.querySelectorAll('button')].map((b) => b.textContent)).toEqual(['RU', 'EN', 'KZ'])
  expect([document.documentElement.lang, button('RU').getAttribute('aria-pressed')]).toEqual(['ru', 'true'])
  await click(button('KZ'))
  await until(() => document.documentElement.lang === 'kk')
  expect(button('KZ').getAttribute('aria-pressed')).toBe('true')
  expect(savedLocale()).toBe('kk')
  expect(world.sent('PATCH /operator/me').map((a) => a.body)).toEqual([{ locale: 'kk' }])
})
