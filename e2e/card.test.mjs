// The client card and the chat log in a real browser against a real Otklik: what is written here is looked for there.
// Then axe and pictures of every state, wide and narrow, light and dark, in three languages.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axe as check } from './axe.mjs'
import { misfits } from './fits.mjs'
import { openHouse } from './house.mjs'
import { focused, Operator, rawKeys, ru, savedFile, text, until } from './people.mjs'
import { as, command } from './requests.mjs'

const house = openHouse('card')
let page, anna
const axe = (name) => check(page, name)
const picture = (name) => house.picture(page, name)

const card = () => page.locator('[data-pane=card]')
const field = (name) => card().locator(`button[data-field=${name}]`)
const input = () => card().locator('.field-edit input, .field-edit textarea')
const button = (key, params) => card().getByRole('button', { name: ru(key, params), exact: true })
/** What is looked for stands in what can be seen of the stream. */
function inSight(selector) {
  return page.locator('.stream').evaluate((box, selector) => {
    const el = box.querySelector(selector)
    if (!el) return false
    const [a, b] = [box.getBoundingClientRect(), el.getBoundingClientRect()]
    return b.top >= a.top && b.bottom <= a.bottom
  }, selector)
}

test('the card and the chat log', { timeout: 10 * 60_000 }, async (t) => {
  const step = house.steps(t)
  let project, visitor, other, path, writes
  const number = String(Date.now()).slice(-7) // a phone nobody else has
  const open = async () => {
    await page.goto(`${house.url}/console/dialogs/${project.id}/${visitor.dialog}`)
    await card().getByText(ru('det.title')).waitFor()
    await page.locator('.stream [data-seq]').first().waitFor()
  }

  await step('a visitor of three sessions, the first a long one', async () => {
    page = await house.page('anna')
    writes = []
    page.on('request', (r) => r.method() !== 'GET' && !/\/(read|sign-in)$/.test(r.url()) && writes.push(`${r.method()} ${r.url().replace(/.*\/api\/v1/, '')}`))
    anna = new Operator(page, house.url, 'anna@demo.otklik', 'otklik-anna')
    await anna.signIn()
    project = anna.projects.find((p) => p.departments.length && p.tags.length)
    visitor = await house.guest({ visit: { page_url: 'https://shop.example/samovary/kupets-3l?utm_source=yandex&utm_medium=cpc' } })
    path = `/operator/dialogs/${visitor.dialog}`
    for (const [no, lines] of [[1, 60], [2, 1]]) {
      await visitor.say(no === 1 ? 'Есть ли чёрный САМОВАР на три литра? Всё сказал' : 'Это снова я, про самовар')
      for (let i = 0; i < lines; i++) {
        await command(page, 'POST', `${path}/messages`, { text: `Ответ ${no}.${i}`, seen_seq: 0 })
        await visitor.say(`Вопрос ${no}.${i} о доставке`)
      }
      const { head_seq } = await as(page, 'GET', path)
      await command(page, 'POST', `${path}/leave`, { last_seen_seq: head_seq, tags: [project.tags[0].id] })
    }
    await visitor.choose(project.departments[0].id)
    await visitor.say('Мне писали, что самовар приехал')
    await command(page, 'POST', `${path}/messages`, { text: 'Да, осталось четыре', seen_seq: 0 })
  })

  await step('right of the window, five things first and in order (R-062, R-063)', async () => {
    await open()
    const [c, w] = await Promise.all([card().boundingBox(), page.locator('[data-pane=window]').boundingBox()])
    assert.ok(c.x >= w.x + w.width - 1)
    const heads = await card().locator('section').first().locator('dt, h3').allInnerTexts()
    assert.deepEqual(heads.map((h) => h.split('\n')[0].trim()), ['card.name', 'card.email', 'card.phone', 'card.comment', 'label.many'].map((k) => ru(k)))
  })

  await step('without consent a click explains and nothing else (R-065, M-29)', async () => {
    writes.length = 0
    await field('name').click({ force: true }) // it says that it is off
    assert.equal(await input().count(), 0)
    await card().getByText(ru('card.noConsent')).first().waitFor()
    await axe('without consent')
    await picture('noConsent')
    assert.deepEqual(writes, [])
  })

  await step('consent given in the form opens the fields without a reload (R-065, C-05, I-08)', async () => {
    await visitor.fill({ name: 'Тимур Асланов', phone: '+7 900 000-18-42', email: 't.aslanov@example.com' })
    await until('the name is in the card', async () => (await field('name').innerText()).includes('Тимур Асланов'))
    await until('it can be edited', async () => (await field('name').getAttribute('aria-disabled')) === 'false')
    assert.match(await card().innerText(), new RegExp(ru('consent.given', { date: '' }).trim()))
  })

  await step('Enter saves with one request; Esc, Tab and a click aside cancel with none (R-066, R-067, D-43)', async () => {
    writes.length = 0
    await field('comment').click()
    await page.keyboard.type('Просил не звонить')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('на рабочий')
    await axe('editing')
    await picture('edit')
    await page.keyboard.press('Enter')
    await focused(field('comment'))
    assert.deepEqual(writes, [`PATCH ${path}/card`])
    for (const cancel of [() => page.keyboard.press('Escape'), () => page.keyboard.press('Tab'), () => page.mouse.click(600, 400)]) {
      await field('email').click()
      await page.keyboard.type('somebody@example.com')
      await cancel()
      await until('it is over', async () => !(await input().count()))
      assert.match(await field('email').innerText(), /t\.aslanov@example\.com/)
    }
    assert.equal(writes.length, 1)
    await open()
    assert.match(await field('comment').innerText(), /Просил не звонить\nна рабочий/)
  })

  await step('a wrong e-mail stays with its error (M-38)', async () => {
    await field('email').click()
    await page.keyboard.type('не почта')
    await page.keyboard.press('Enter')
    await card().getByRole('alert').getByText(ru('form.email')).waitFor()
    assert.equal(await input().inputValue(), 'не почта')
    await axe('a wrong value')
    await picture('editBad')
    await page.keyboard.press('Escape')
    await focused(field('email'))
  })

  await step('what somebody else saved meanwhile is shown, with M-45 (D-43)', async () => {
    await field('phone').click()
    await page.keyboard.type('+7 900 111-11-11')
    const { card: now } = await as(page, 'GET', path)
    await command(page, 'PATCH', `${path}/card`, { rev: now.rev, field: 'phone', value: `+7 900 ${number}` })
    await page.keyboard.press('Enter')
    await card().getByText(ru('card.conflict')).waitFor()
    await until('the new value', async () => (await field('phone').innerText()).includes(number))
  })

  await step('labels: made and attached by keyboard, five at most, taken off (R-068, R-071, R-072, R-073, R-074)', async () => {
    await page.locator('.stream').focus()
    for (const name of ['Юрлицо', 'Ждёт поставку', 'Самовары', 'Постоянный', 'Звонить после 19']) {
      await page.keyboard.press('l')
      await page.getByRole('combobox', { name: ru('label.attach') }).waitFor()
      await page.keyboard.insertText(name)
      await page.getByRole('button', { name: ru('label.createNamed', { text: name }) }).or(page.getByRole('option', { name, exact: true })).waitFor()
      if (name === 'Самовары') {
        await axe('the choice of labels')
        await picture('labels')
        assert.deepEqual(await misfits(page), [], 'all twelve colours are there')
      }
      await page.keyboard.press('Enter')
      await card().getByRole('button', { name: `${ru('label.detach')}: ${name}` }).waitFor()
    }
    assert.equal(await button('label.attach').getAttribute('aria-disabled'), 'true')
    await card().getByText(ru('label.limit')).first().waitFor()
    await axe('five labels')
    await card().getByRole('button', { name: `${ru('label.detach')}: Самовары` }).click()
    await until('four labels', async () => (await card().locator('.lab').count()) === 4)
    await until('room again', async () => (await button('label.attach').getAttribute('aria-disabled')) === 'false')
    await button('label.attach').click()
    await page.getByRole('option', { name: 'Самовары' }).click() // it still exists
    await until('five labels', async () => (await card().locator('.lab').count()) === 5)
  })

  await step('the search finds what is not loaded, and goes round (R-077, R-078, R-080, D-47)', async () => {
    await page.keyboard.press('Control+f')
    // In forced colours no field shows its shadow: the outline says where one is.
    await page.emulateMedia({ forcedColors: 'active' })
    for (const [field, box] of [[page.locator('.win textarea'), page.locator('.cbox')], [page.locator('.search-line input'), page.locator('.search-line input')]]) {
      await field.focus()
      assert.match(await box.evaluate((el) => getComputedStyle(el).outline), /^(?!rgba\(0, 0, 0, 0\)).* solid 2px$/)
    }
    await page.emulateMedia({ forcedColors: 'none' })
    await page.keyboard.insertText('самовар')
    const place = () => card().locator('.search-place').innerText()
    await until('the newest of three', async () => (await place()) === ru('search.count', { i: 1, n: 3 }))
    await until('the newest is in sight', () => inSight('mark.now'))
    await axe('the search')
    await picture('search')
    await page.keyboard.press('F3')
    await page.keyboard.press('F3')
    await until('the oldest of three', async () => (await place()) === ru('search.count', { i: 3, n: 3 }))
    await until('the oldest is in sight', () => inSight('mark.now'))
    assert.match(await page.locator('.m:has(mark.now)').innerText(), /САМОВАР на три литра/)
    await button('search.up').click()
    await until('round', async () => (await place()) === ru('search.count', { i: 1, n: 3 }))
    await card().getByRole('textbox', { name: ru('search.title') }).fill('такого нет')
    await card().getByText(ru('search.none')).waitFor()
    assert.equal(await button('search.up').getAttribute('aria-disabled'), 'true')
    await page.keyboard.press('Escape')
  })

  await step('«Начало» leads to the first message, by keyboard (R-094, R-097, R-098, R-099)', async () => {
    const rows = card().locator('.hrow')
    assert.equal(await rows.count(), 2)
    await rows.nth(1).getByRole('button').first().press('Enter')
    await until('the first message is in sight and marked', () => inSight('.marked'))
    assert.match(await page.locator('.marked').innerText(), /САМОВАР на три литра/)
    await rows.nth(0).getByRole('button').nth(1).press('Enter')
    await until('the last message of the second session', async () => (await page.locator('.marked').innerText()).includes('Вопрос 2.0'))
    assert.match(await rows.nth(0).innerText(), new RegExp(`${anna.name}[^]*${project.tags[0].name}`))
  })

  await step('details of the last visit (R-105, R-106)', async () => {
    const details = card().locator('[aria-labelledby=details-title]')
    for (const value of ['yandex', 'cpc', '/samovary/kupets-3l', 'Firefox 142', 'Windows', ru('device.desktop'), 'Europe/Moscow, UTC+3'])
      await until(value, async () => (await details.innerText()).includes(value))
    await details.scrollIntoViewIfNeeded()
    await picture('details')
  })

  await step('the file goes to the save window (R-091, R-092)', async () => {
    await button('act.download').click()
    const saved = await savedFile(page)
    assert.match(saved.name, /\.txt$/)
    assert.match(saved.text, /САМОВАР на три литра/)
    assert.ok(!saved.text.includes('Просил не звонить'))
  })

  await step('blocking names the address, is seen everywhere, and is taken back (R-084, R-085, R-089)', async () => {
    await button('act.block').click()
    const sure = page.getByRole('dialog', { name: ru('act.blockContact') })
    const { ip } = await as(page, 'GET', path)
    await sure.getByText(ru('block.confirm', { ip })).waitFor()
    await axe('the question')
    await picture('blockAsk')
    await sure.getByRole('button', { name: ru('act.block') }).click()
    await button('act.unblock').waitFor()
    await card().getByText(ru('card.blocked', { ip })).waitFor()
    await anna.sees(ru('block.done', { name: anna.name }))
    await anna.window().getByText(ru('clock.barBlocked')).waitFor()
    await anna.tab('mine').click()
    await anna.rowOf(visitor.dialog).and(page.getByRole('option', { name: new RegExp(ru('row.blocked', { ip })) })).waitFor()
    await axe('blocked')
    await picture('blocked')
    for (const lang of ['kk', 'en', 'ru']) {
      await page.getByRole('button', { name: { ru: 'RU', en: 'EN', kk: 'KZ' }[lang], exact: true }).click()
      await card().getByRole('button', { name: text(lang, 'act.unblock'), exact: true }).waitFor()
      assert.deepEqual(await misfits(page), [], lang)
    }
    await button('act.unblock').click()
    await button('act.block').waitFor()
    await anna.sees(ru('unblock.done', { name: anna.name }))
  })

  await step('a dialog begun by a department: no file yet, and M-25 says so (R-090, D-25)', async () => {
    other = await house.guest()
    await other.choose(project.departments[0].id)
    await page.goto(`${house.url}/console/dialogs/${project.id}/${other.dialog}`)
    await card().getByText(ru('download.off')).first().waitFor()
    assert.equal(await button('act.download').getAttribute('aria-disabled'), 'true')
    await other.say('Здравствуйте')
    await until('the file may be had without a reload', async () => (await button('act.download').getAttribute('aria-disabled')) === 'false')
  })

  await step('the chat log: filters, the three panes for reading, search, a bookmark (I-07, R-079, R-080, D-63)', async () => {
    const { head_seq } = await as(page, 'GET', path)
    await command(page, 'POST', `${path}/leave`, { last_seen_seq: head_seq, tags: [project.tags[0].id] })
    await page.getByRole('link', { name: ru('nav.log') }).click()
    const rows = page.getByRole('listbox', { name: ru('nav.log') }).getByRole('option')
    await rows.first().waitFor()
    await page.getByRole('textbox', { name: ru('log.find') }).fill(number)
    await until('three sessions', async () => (await rows.count()) === 3)
    await page.getByRole('button', { name: ru('label.one'), exact: true }).click()
    await page.getByRole('option', { name: 'Юрлицо' }).click()
    await page.getByRole('button', { name: new RegExp(`${ru('label.one')}: Юрлицо`) }).first().waitFor()
    await rows.last().focus()
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await anna.window().getByText(ru('log.readOnly')).waitFor()
    await until('it begins with the first message', () => inSight('[data-seq="1"]'))
    assert.equal(await field('name').count(), 0)
    assert.equal(await page.getByRole('textbox', { name: ru('win.placeholder') }).count(), 0)
    await axe('the log')
    await picture('log')
    await page.keyboard.press('/')
    await page.keyboard.insertText('приехал')
    await until('found in the log', async () => (await card().locator('.search-place').innerText()) === ru('search.count', { i: 1, n: 1 }))
    await until('in sight', () => inSight('mark.now'))
    for (const way of ['search.up', 'search.down']) assert.equal(await button(way).getAttribute('aria-disabled'), 'true', 'one match alone')
    await page.reload()
    await anna.window().getByText(ru('log.readOnly')).waitFor()
    await until('three sessions again', async () => (await rows.count()) === 3)
    await page.getByRole('button', { name: ru('log.dates'), exact: true }).click()
    await axe('the days')
    await picture('log-days')
    await page.keyboard.press('Escape')
    const find = page.getByRole('textbox', { name: ru('log.find') })
    await find.fill('никого такого')
    await page.getByText(ru('search.none')).waitFor()
    await axe('nothing in the log')
    await page.getByRole('button', { name: ru('log.reset') }).click()
    await focused(find)
    // What ends meanwhile comes in by itself, and what is read stays (I-08, R-058).
    await rows.first().waitFor()
    const ended = page.locator(`[data-dialog="${other.dialog}"]`)
    assert.equal(await ended.count(), 0)
    await command(page, 'POST', `/operator/dialogs/${other.dialog}/messages`, { text: 'Здравствуйте', seen_seq: 0 })
    await command(page, 'POST', `/operator/dialogs/${other.dialog}/leave`, { last_seen_seq: 99, tags: [project.tags[0].id] })
    await ended.waitFor()
    await anna.window().getByText(ru('log.readOnly')).waitFor()
  })

  /** A press outside, Esc from anywhere and Tab to what it covers close it (WCAG 2.4.11). */
  async function leaveTheDrawer() {
    const opener = page.getByRole('main').getByRole('button', { name: ru('card.title') })
    const closed = () => page.locator('.card:not(.open)').waitFor({ state: 'attached' })
    const drawn = async () => {
      await opener.click()
      await focused(page.locator('.card.open'))
    }
    await drawn()
    await page.locator('header.top').click({ position: { x: 500, y: 4 } })
    await closed()
    await focused(opener)
    await drawn()
    const inList = page.locator('.list').locator('[role=tab][aria-selected=true], [role=option][tabindex="0"]').first()
    await inList.focus()
    await page.keyboard.press('Escape')
    await closed()
    await focused(inList)
    await drawn()
    await inList.focus()
    for (let i = 0; i < 2; i++) await page.keyboard.press('Tab') // by way of a row, if there is one
    await closed()
    await page.locator('main :focus').waitFor()
  }

  await step('narrow, dark and in three languages: axe, pictures, no raw keys', async () => {
    const log = page.url()
    for (const where of [log, `${house.url}/console/dialogs/${project.id}/${visitor.dialog}`]) {
      const name = where === log ? 'log' : 'dialog'
      for (const lang of ['ru', 'en', 'kk']) {
        await page.evaluate(([l, theme]) => (localStorage.setItem('otklik.locale', l), localStorage.setItem('otklik.theme', theme)), [lang, lang === 'en' ? 'dark' : 'light'])
        for (const width of [1440, 768]) {
          await page.setViewportSize({ width, height: width === 768 ? 1024 : 900 })
          await page.goto(where)
          await page.locator('.stream [data-seq]').first().waitFor()
          if (width === 768) await page.getByRole('main').getByRole('button', { name: text(lang, 'card.title') }).click()
          await card().getByText(text(lang, 'det.title')).waitFor()
          await axe(`${name} ${lang} ${width}`)
          assert.deepEqual(await rawKeys(page), [])
          await picture(`${name}-${lang}-${width}`)
          if (width === 768) {
            await page.keyboard.press('Escape')
            await focused(page.getByRole('main').getByRole('button', { name: text(lang, 'card.title') }))
            // The closed drawer waits beside the page and is no part of it.
            assert.equal(await page.evaluate(() => document.body.scrollWidth), width)
            await page.locator('.stream').focus()
            await page.keyboard.press('Control+f')
            await focused(card().getByRole('textbox', { name: text(lang, 'search.title') }))
            await page.keyboard.press('Escape')
            await focused(page.locator('.stream'))
            if (lang === 'ru') await leaveTheDrawer()
          }
        }
      }
    }
  })
})
