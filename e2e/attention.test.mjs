// Two tabs of one operator in one browser: one of them calls him, again and again until the dialog is taken; a tab that is
// looked at does not shout.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHouse } from './house.mjs'
import { Operator, ru, until } from './people.mjs'
import { command } from './requests.mjs'

const REPEAT = 20_000

const house = openHouse('attention')
let anna, second, oleg

/** What a page would have let be heard and seen, and whether it is looked at, which a test says. */
function listen() {
  window.rung = []
  window.notes = []
  let hidden = false
  Object.defineProperty(document, 'visibilityState', { get: () => (hidden ? 'hidden' : 'visible') })
  window.look = (on) => {
    hidden = !on
    document.dispatchEvent(new Event('visibilitychange'))
  }
  const start = OscillatorNode.prototype.start
  OscillatorNode.prototype.start = function (...args) {
    window.rung.push({ at: Date.now(), frequency: this.frequency.value })
    return start.apply(this, args)
  }
  window.Notification = class {
    static permission = 'granted'
    static requestPermission = async () => 'granted'
    constructor(title, { body, tag }) {
      window.notes.push({ title, body, dialog: tag })
      window.noteOf = { ...window.noteOf, [tag]: this }
    }
    close() {}
  }
}

const heard = async () => (await Promise.all([anna.page, second.page].map((p) => p.evaluate(() => window.rung)))).flat()
const told = async () => (await Promise.all([anna.page, second.page].map((p) => p.evaluate(() => window.notes)))).flat()
const forget = () => Promise.all([anna.page, second.page].map((p) => p.evaluate(() => void ((window.rung = []), (window.notes = [])))))
const look = (who, on) => who.page.evaluate((on) => window.look(on), on)

test('two tabs of one operator', { timeout: 3 * 60_000 }, async () => {
  const page = await house.page('anna')
  await page.context().addInitScript(listen)
  anna = new Operator(page, house.url, 'anna@demo.otklik', 'otklik-anna')
  await anna.signIn()
  second = new Operator(await page.context().newPage(), house.url, 'anna@demo.otklik', 'otklik-anna')
  await second.page.goto(`${house.url}/console/`)
  await second.tab('unassigned').waitFor()
  await anna.page.getByRole('button', { name: new RegExp(`^${ru('nav.profile')}`) }).click()
  await anna.page.getByRole('menuitemcheckbox', { name: ru('pref.notify'), exact: true }).click()
  await anna.page.keyboard.press('Escape')
  for (const tab of [anna, second]) {
    await tab.project('Лавка «Заварка»')
    await tab.tab('unassigned').click()
  }
  oleg = await house.operator('oleg')
  await oleg.project('Лавка «Заварка»')
  await oleg.tab('unassigned').click()
})

test('both hidden: one calls for both, with a notification that names who and why, again after 20 s, until it is taken (R-021)', { timeout: 120_000 }, async () => {
  await Promise.all([look(anna, false), look(second, false)])
  await forget()
  const guest = await house.guest()
  await guest.say('Есть кто живой?')
  await until('two notes', async () => (await heard()).length === 2)
  assert.equal((await told()).length, 1)
  assert.match((await told())[0].title, new RegExp(`^${ru('who.visitor')}`))
  assert.ok(!(await told())[0].body.includes('живой'), 'the text of the message is not shown unless he allows it')
  await until('the two notes again', async () => (await heard()).length === 4, REPEAT + 5000)
  const [first, , again] = await heard()
  assert.ok(again.at - first.at > REPEAT - 1500, `again after ${again.at - first.at} ms`)
  await oleg.open(guest.dialog)
  await oleg.say('Мы здесь')
  await until('it is taken', async () => (await anna.rowOf(guest.dialog).count()) === 0)
  await forget()
  // Longer than the next repeat would have taken.
  const quiet = Date.now() + REPEAT + 2000
  await until('the time of the next repeat is over', () => Date.now() > quiet, REPEAT + 5000)
  assert.deepEqual(await heard(), [])
})

test('a tab that is looked at: once, softly, without a notification', { timeout: 60_000 }, async () => {
  await look(second, true)
  await forget()
  await (await house.guest()).say('Ещё вопрос')
  await until('two notes', async () => (await heard()).length === 2)
  assert.deepEqual(await told(), [])
})

test('the other tab goes on when the one that called is closed', { timeout: 60_000 }, async () => {
  await look(second, false)
  await anna.page.close()
  anna = second
  await forget()
  await (await house.guest()).say('И ещё вопрос')
  await until('a notification', async () => (await second.page.evaluate(() => window.notes)).length > 0)
})

test('title and icon say how many are important (D-09)', { timeout: 60_000 }, async () => {
  await look(second, true)
  const guest = await house.guest()
  await guest.say('Переведите меня')
  await oleg.open(guest.dialog)
  await oleg.say('Перевожу')
  await oleg.sees('Перевожу')
  const me = second.page.evaluate(() => fetch('/api/v1/operator/me').then((r) => r.json()))
  const head = { client_id: crypto.randomUUID(), operator_id: (await me).operator.id }
  await command(oleg.page, 'POST', `/operator/dialogs/${guest.dialog}/transfer`, head)
  await until('the title counts it', async () => /^\(1!\) Диалоги/.test(await second.page.title()))
  assert.match(await second.page.locator('link[rel=icon]').getAttribute('href'), /icon-badge/)
})

test('another project calls too: heard, red in the title of every page, and the notification leads there (R-021, R-043, D-09)', { timeout: 60_000 }, async () => {
  await second.page.getByRole('link', { name: ru('nav.settings') }).click()
  await until('the settings say it too', async () => /^\(1!\) .*Настройки/.test(await second.page.title()))
  await look(second, false)
  await forget()
  const me = () => second.page.evaluate(() => fetch('/api/v1/operator/me').then((r) => r.json()))
  const books = (await me()).projects.find((p) => p.name === 'Книги у дома')
  const reader = await house.guest({ key: 'knigi' })
  await reader.say('Есть «Чёрный обелиск»?')
  const ofReader = async () => (await told()).filter((note) => note.dialog === reader.dialog)
  await until('a notification', async () => (await ofReader()).length > 0)
  assert.ok((await heard()).length >= 2)
  await house.later(181)
  await until('it is red', async () => (await me()).projects.find((p) => p.id === books.id).red === 1)
  const red = (await me()).projects.reduce((n, p) => n + p.red, 0)
  assert.ok(red >= 2)
  await until('the title counts both projects', async () => (await second.page.title()).startsWith(`(${red}!)`))
  await second.page.evaluate((id) => window.noteOf[id].onclick(), reader.dialog)
  await second.sees('Есть «Чёрный обелиск»?')
  assert.ok(second.page.url().endsWith(`/dialogs/${books.id}/${reader.dialog}`))
})
