// The composer, the notices over the list, presence and what is remembered, in a real browser against a real Otklik.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axe as check } from './axe.mjs'
import { misfits } from './fits.mjs'
import { openHouse } from './house.mjs'
import { focused, Operator, rawKeys, ru, text, until } from './people.mjs'
import { as } from './requests.mjs'

const house = openHouse('talk')
let page, anna
const axe = (name, options) => check(page, name, options)
const picture = (name) => house.picture(page, name)

test('talking to visitors, hours and presence', { timeout: 10 * 60_000 }, async (t) => {
  const step = house.steps(t)
  let project, visitor, path
  const messages = () => page.locator('.stream [data-seq]')
  const modal = () => page.getByRole('dialog', { name: ru('win.templates') })

  await step('signed in, a visitor has written', async () => {
    page = await house.page('anna')
    anna = new Operator(page, house.url, 'anna@demo.otklik', 'otklik-anna')
    await anna.signIn()
    project = anna.projects.find((p) => p.departments.length && p.tags.length)
    visitor = await house.guest({ visit: { page_url: 'https://shop.example/samovary/kupets-3l' } })
    path = `/operator/dialogs/${visitor.dialog}`
    await visitor.choose(project.departments[0].id)
    await visitor.say('Есть ли чёрный самовар на три литра?')
    await page.goto(`${house.url}/console/dialogs/${project.id}/${visitor.dialog}`)
    await messages().first().waitFor()
    await axe('the dialog')
    await picture('untaken')
  })

  await step('«Запросить контакты» takes the dialog, typed text stays, M-04 and the form stand in the stream (R-048, R-050, D-28)', async () => {
    await anna.input().fill('Сейчас узнаю')
    await page.getByRole('button', { name: ru('win.contacts') }).click()
    await anna.sees(ru('form.sent'))
    await anna.sees(ru('form.open'))
    assert.equal(await anna.input().inputValue(), 'Сейчас узнаю')
    const { row } = await as(page, 'GET', path)
    assert.equal(row.session.assignee.name, anna.name)
    await axe('the form')
    await picture('form')
  })

  await step('a second form makes the first one inactive (M-58, D-34)', async () => {
    await page.getByRole('button', { name: ru('win.contacts') }).click()
    await anna.sees(ru('form.pendingReplaced'))
    await until('both are said to be sent', async () => (await anna.log().innerText()).split(ru('form.sent')).length === 3)
  })

  await step('a template goes in at the cursor by keyboard, nothing is sent (R-052, D-35)', async () => {
    const before = await messages().count()
    await page.getByRole('button', { name: ru('win.template'), exact: true }).click()
    await modal().getByRole('option').first().waitFor()
    await focused(modal().getByRole('combobox'))
    await axe('the templates')
    await picture('template')
    for (let i = 0; i < 8; i++) await page.keyboard.press('Tab')
    assert.ok(await modal().evaluate((el) => el.contains(document.activeElement)), 'the focus stays in the modal')
    await modal().getByRole('combobox').focus()
    await page.keyboard.press('ArrowDown')
    const chosen = await modal().locator('.tpl-text').innerText()
    await page.keyboard.press('Enter')
    await focused(anna.input())
    assert.equal(await anna.input().inputValue(), `Сейчас узнаю${chosen}`)
    assert.equal(await messages().count(), before)
  })

  await step('«/» on an empty box looks by command; Esc gives the box back', async () => {
    await anna.input().fill('')
    await page.keyboard.press('/')
    await modal().getByRole('option').first().waitFor()
    assert.equal(await modal().getByRole('combobox').inputValue(), '/')
    await page.keyboard.press('Escape')
    await focused(anna.input())
    assert.equal(await anna.input().inputValue(), '')
  })

  await step('Enter on a row: what is typed next is text, not shortcuts, even before the log is read (R-003)', async () => {
    let read
    const held = new Promise((resolve) => (read = resolve))
    await page.route(/\/events(\?|$)/, (route) => held.then(() => route.continue()))
    await page.goto(`${house.url}/console/dialogs/${project.id}`)
    await page.getByRole('option').first().focus()
    await page.keyboard.press('Enter')
    await page.keyboard.type('px, t')
    assert.equal(await anna.input().inputValue(), 'px, t')
    read()
    await messages().first().waitFor()
    await focused(anna.input())
    assert.equal(await anna.input().inputValue(), 'px, t')
    await page.unroute(/\/events(\?|$)/)
    await anna.input().fill('')
  })

  await step('«Что дальше», the transfer list with loads', async () => {
    await visitor.say('Так есть или нет?')
    await page.getByRole('button', { name: ru('plan.title') }).click()
    await page.locator('.plan-pop').waitFor()
    await picture('next')
    await axe('what is next')
    await page.keyboard.press('Escape')
    const colleague = await house.page('oleg')
    await new Operator(colleague, house.url, 'oleg@demo.otklik', 'otklik-oleg').signIn()
    await anna.button('win.transfer').click()
    await page.locator('.transfer-pop').getByRole('option').first().waitFor()
    assert.match(await page.locator('.transfer-pop').getByRole('option').first().innerText(), /\d/)
    await picture('transfer')
    await axe('the transfer list')
    await page.keyboard.press('Escape')
    await house.leave('oleg')
  })

  await step('«Не в сети» by keyboard, kept by the server (D-04)', async () => {
    const presence = page.locator('.pres-button')
    await presence.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitemradio', { name: ru('status.offline') }).waitFor()
    await axe('presence', { menu: true })
    await picture('presence')
    await page.getByRole('menuitemradio', { name: ru('status.offline') }).press('Enter')
    await until('away', async () => (await presence.innerText()).includes(ru('status.offline')))
    await focused(presence)
    assert.equal((await as(page, 'GET', '/operator/me')).operator.away, true)
    await as(page, 'PATCH', '/operator/me', { away: false })
    await until('back', async () => !(await presence.innerText()).includes(ru('status.offline')))
  })

  await step('order and tab are there again after a reload, in another browser too (R-013, D-16)', async () => {
    await page.getByRole('button', { name: ru('sort.title') }).click()
    await page.getByRole('menuitemradio', { name: ru('sort.oldest') }).click()
    await anna.tab('all').click()
    await until('kept', async () => (await as(page, 'GET', '/operator/me')).operator.prefs.tab === 'all')
    await page.evaluate(() => localStorage.clear())
    await page.reload()
    await until('the order', async () => (await page.getByRole('button', { name: ru('sort.title') }).getAttribute('aria-pressed')) === 'true')
    assert.equal(await anna.tab('all').getAttribute('aria-selected'), 'true')
    await as(page, 'PATCH', '/operator/me', { prefs: { sort: 'priority', theme: 'dark' } })
    await until('dark', () => page.evaluate(() => document.documentElement.dataset.theme === 'dark'))
    await page.locator('.me-button').click()
    await page.getByRole('menu').waitFor()
    await axe('the profile menu', { menu: true })
    await picture('profile-dark')
    await page.keyboard.press('Escape')
    await as(page, 'PATCH', '/operator/me', { prefs: { theme: 'light' } })
    await until('light', () => page.evaluate(() => document.documentElement.dataset.theme === 'light'))
  })

  await step('while it is read there are grey shapes of what will stand there, then the dialog itself', async () => {
    const asked = /\/operator\/(projects\/[^/]+\/)?dialogs/
    let read
    const held = new Promise((resolve) => (read = resolve))
    await page.route(asked, (route) => held.then(() => route.continue()))
    await page.goto(`${house.url}/console/dialogs/${project.id}/${visitor.dialog}`)
    for (const shapes of ['.sk-row', '.wh .sk-av', '.sk-stream .sk', '[data-pane=card] .sk-kv']) await page.locator(shapes).first().waitFor()
    assert.equal(await page.getByRole('progressbar').count(), 0)
    await axe('nothing is read yet')
    await picture('loading')
    read()
    await messages().first().waitFor()
    await page.locator('.sk').first().waitFor({ state: 'detached' })
    await page.unroute(asked)
  })

  await step('narrow, and in three languages: axe, no raw keys, nothing cut off, waits of minutes and of hours whole in their rows', async () => {
    const other = await house.guest()
    await other.say('Жду давно')
    const rows = page.locator('.row.red')
    for (const wait of [13 * 60, 2 * 3600]) {
      await house.later(wait)
      for (const lang of ['ru', 'en', 'kk'])
        for (const width of [1440, 1380, 1180, 768]) {
          await page.evaluate((l) => localStorage.setItem('otklik.locale', l), lang)
          await page.setViewportSize({ width, height: width === 768 ? 1024 : 900 })
          await page.goto(`${house.url}/console/dialogs/${project.id}/${visitor.dialog}`)
          await messages().first().waitFor()
          await page.getByRole('button', { name: text(lang, 'win.contacts') }).waitFor()
          const unclaimed = rows.filter({ hasText: text(lang, 'list.unclaimed') }).first()
          await unclaimed.waitFor()
          assert.deepEqual(await misfits(page), [], `${lang} ${width}`)
          assert.equal(await unclaimed.locator('.l3 > *').evaluateAll((all) => all.filter((el) => el.getBoundingClientRect().right > el.closest('.row-in').getBoundingClientRect().right + 1).length), 0, `${lang} ${width}`)
          if (wait > 3600) continue
          assert.ok(await unclaimed.locator('.l3 b').evaluate((el) => el.scrollWidth <= el.clientWidth), `${lang} ${width}: the word of the state is whole`)
          await axe(`${lang} ${width}`)
          assert.deepEqual(await rawKeys(page), [])
          await picture(`${lang}-${width}`)
        }
    }
  })
})
