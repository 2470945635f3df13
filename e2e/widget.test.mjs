// The visitor's widget on pages of another site, against a real Otklik: each thing it does, and networks that fail.
// Pages that are hostile to it are in hostile.test.mjs, how it looks in looks.test.mjs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { query } from './database.mjs'
import { openHouse } from './house.mjs'
import { disorder, rawKeys, ru, text, until } from './people.mjs'
import { ALWAYS, CLOSED, launcher, Street, widgetsOf } from './street.mjs'

process.env.OTKLIK_TRUSTED_PROXIES ??= '127.0.0.1' // guests come from the address they name
const house = openHouse('widget')
let street, anna

/** A test of its own shop, beside others; `within` the street, so that a failure leaves its pictures. */
const test = (name, run, timeout = 60_000) => it(name, { timeout }, () => street.within(name, run))

const form = (visitor, lang = 'ru') => visitor.panel().getByRole('form', { name: text(lang, 'form.title') })
const field = (visitor, key) => form(visitor).getByPlaceholder(ru(key))
const hasForm = { enabled: true, before: true }

/** What the page asks for from now on. */
function requestsOf(page) {
  const urls = []
  page.on('request', (r) => urls.push(r.url()))
  page.on('websocket', (s) => urls.push(s.url()))
  return urls
}

/** All that the stream says, once and in this order. */
const shows = (visitor, wanted, within) =>
  until(`the stream shows ${wanted.join(', ')} once and in order`, async () => {
    const wrong = disorder(await visitor.log().innerText(), wanted)
    if (wrong) throw new Error(wrong)
    return true
  }, within)

describe('the widget on a page of another site', { concurrency: 4 }, () => {
  before(async () => {
    street = await Street.open(house)
    anna = street.anna
  }, { timeout: 60_000 })
  after(() => street?.close())

  test('three messages written in 60 s without network arrive once and in order (I-10)', async (s) => {
    const { visitor, page, dialog } = await s.talking()
    await page.context().setOffline(true)
    const began = Date.now()
    const mine = ['Первое без сети', 'Второе без сети', 'Третье без сети']
    for (const [i, message] of mine.entries()) {
      await until('time goes by', () => Date.now() - began > i * 20_000, 30_000)
      await visitor.say(message)
    }
    await until('the widget says that it has no connection', () => visitor.panel().getByRole('alert').filter({ hasText: ru('net.lost') }).isVisible(), 40_000)
    await anna.say(dialog, 'Пока вас не было')
    await until('60 s are over', () => Date.now() - began > 60_000, 60_000)
    assert.deepEqual(await anna.heard(dialog), ['Есть ли самовар на три литра?'], 'there was a network after all')
    await page.context().setOffline(false)
    await anna.hears(dialog, 'Третье без сети')
    assert.deepEqual(await anna.heard(dialog), ['Есть ли самовар на три литра?', ...mine])
    await shows(visitor, ['Есть ли самовар', 'Есть, на складе', 'Пока вас не было', ...mine])
    assert.ok(!(await visitor.log().innerText()).includes(ru('msg.failed')))
    await until('it has its connection again', async () => !(await visitor.panel().getByRole('alert').filter({ hasText: ru('net.lost') }).isVisible()))
  }, 120_000)

  test('stream, input, form, end, rating, download; without the tag nothing is left (I-01, R-021, R-059, R-061, R-093)', async (s) => {
    const { visitor, page, project, dialog } = await s.visit({ rating: true, form: hasForm })
    const start = await page.evaluate(() => performance.getEntriesByType('resource').map((r) => r.name).filter((n) => !n.startsWith('data:')))
    assert.deepEqual(start, [`${house.url}/widget.js`, `${house.url}/api/v1/widgets/${project.widget_key}`, `${house.url}/widget/ru.txt?key=${project.widget_key}`])
    const urls = requestsOf(page)
    await visitor.openChat()
    await page.keyboard.press('Escape')
    await visitor.openChat()
    assert.deepEqual([...new Set(urls)], [start[1]], 'opening asks for nothing but what is offered now (D-21)')
    assert.deepEqual(await anna.dialogs(project), [], 'and creates nothing (R-021)')

    await visitor.say('Есть ли самовар на три литра?')
    const id = await dialog()
    await anna.say(id, 'Есть, на складе четыре')
    await visitor.sees('Есть, на складе четыре')
    await visitor.sees(ru('operator.joined', { name: anna.name }))
    const download = page.waitForEvent('download')
    await visitor.panel().getByRole('button', { name: ru('act.download') }).first().click()
    const file = readFileSync(await (await download).path(), 'utf8')
    assert.equal(disorder(file, ['Есть ли самовар на три литра?', 'Есть, на складе четыре']), '')
    await anna.leaves(id)
    await visitor.sees(ru('dialog.ended.visitor'))
    const rating = visitor.panel().getByRole('form', { name: ru('rate.ask') })
    await rating.getByRole('radio', { name: new RegExp(ru('rate.4')) }).check({ force: true })
    assert.match(await rating.innerText(), new RegExp(ru('rate.4')))
    await rating.getByRole('textbox').fill('Быстро')
    await rating.getByRole('button', { name: ru('rate.send') }).click()
    await visitor.sees(ru('rate.thanks'))

    assert.deepEqual(await page.context().cookies(), [], 'no cookie')
    const ours = [house.url, house.url.replace('http', 'ws'), 'blob:']
    assert.deepEqual(urls.filter((u) => !ours.some((o) => u.startsWith(o))), [], 'nobody else is asked')
    const sockets = []
    page.on('websocket', (socket) => sockets.push(socket))
    await page.evaluate(() => document.querySelector('script[data-key]').remove())
    await until('nothing is left', async () => (await widgetsOf(page)) === 0)
    await page.evaluate(() => window.dispatchEvent(new Event('online')))
    assert.deepEqual(sockets, [], 'and it stays away')
    assert.deepEqual(visitor.errors, [])
  })

  test('when the time to rate is over, the request goes from the open page and stays away; departments are offered again (D-68, R-023)', async (s) => {
    const { visitor, page, project, dialog, at } = await s.talking({ rating: true, rating_prompt_seconds: 60, department_choice: true })
    await anna.api('POST', `/admin/projects/${project.id}/departments`, { name: 'Доставка', member_ids: [anna.id], hours: ALWAYS })
    await query(house.otklik.socket, `UPDATE projects SET rating_prompt_seconds = 4 WHERE id = '${project.id}'`)
    await anna.leaves(dialog)
    const rating = visitor.panel().getByRole('form', { name: ru('rate.ask') })
    const choice = visitor.panel().getByRole('group', { name: ru('dept.choose') })
    await rating.waitFor()
    await rating.waitFor({ state: 'detached', timeout: 15_000 })
    await page.goto(at())
    await visitor.openChat()
    await choice.getByRole('button', { name: 'Доставка' }).waitFor()
    assert.equal(await rating.count(), 0)
  })

  test('start by form: not without consent, seen by the operator as his first entry (R-022, R-051, R-065, D-41)', async (s) => {
    const { visitor, project, dialog } = await s.opened({ form: { ...hasForm, name: 'shown', phone: 'required', consent_url: 'https://shop.example/consent' } })
    await visitor.panel().getByRole('button', { name: ru('form.title') }).click()
    await until('the first field has the focus', () => field(visitor, 'card.name').evaluate((el) => el.getRootNode().activeElement === el))
    const box = form(visitor).getByRole('checkbox')
    assert.equal(await box.isChecked(), false, 'never ticked before')
    assert.equal(await form(visitor).getByRole('link').getAttribute('href'), 'https://shop.example/consent')
    await field(visitor, 'card.name').fill('Тимур')
    await form(visitor).getByRole('button', { name: ru('win.send') }).click()
    const says = (key) => until(ru(key), async () => (await form(visitor).innerText()).includes(ru(key)))
    await says('form.required')
    await says('form.needConsent')
    await field(visitor, 'card.phone').fill('12')
    await box.check()
    await form(visitor).getByRole('button', { name: ru('win.send') }).click()
    await says('form.phone')
    assert.deepEqual(await anna.dialogs(project).then((rows) => rows.filter((r) => r.session)), [], 'nothing was sent')
    await field(visitor, 'card.phone').fill('+7 900 000-18-42')
    await form(visitor).getByRole('button', { name: ru('win.send') }).click()
    await visitor.sees(ru('form.thanks'))
    const events = await anna.events(await dialog())
    assert.equal(events[0].kind, 'form')
    assert.equal(events[0].form?.name ?? events[0].params?.name, 'Тимур')
  })

  test('start by department, by one press (R-023, R-025)', async (s) => {
    const { project, visitor, page, dialog, at } = await s.visit({ department_choice: true })
    await anna.api('POST', `/admin/projects/${project.id}/departments`, { name: 'Доставка', member_ids: [anna.id], hours: ALWAYS })
    await page.goto(at())
    await visitor.openChat()
    assert.ok(await visitor.input().isEnabled())
    await visitor.panel().getByRole('group', { name: ru('dept.choose') }).getByRole('button', { name: 'Доставка' }).click()
    const id = await dialog()
    const [row] = await anna.dialogs(project)
    assert.equal(row.session.department.name, 'Доставка')
    await visitor.sees('Доставка')
    await anna.say(id, 'Доставка слушает')
    await visitor.sees('Доставка слушает')
    assert.equal(await visitor.panel().getByRole('group', { name: ru('dept.choose') }).count(), 0)
  })

  test('start by a message that passes both by (R-024)', async (s) => {
    const { project, visitor, page, at } = await s.visit({ department_choice: true, form: hasForm })
    await anna.api('POST', `/admin/projects/${project.id}/departments`, { name: 'Доставка', member_ids: [anna.id], hours: ALWAYS })
    await page.goto(at())
    await visitor.openChat()
    await visitor.panel().getByRole('group', { name: ru('dept.choose') }).waitFor()
    await visitor.panel().getByRole('button', { name: ru('form.title') }).waitFor()
    await until('the input has the focus', () => visitor.input().evaluate((el) => el.getRootNode().activeElement === el))
    await page.keyboard.type('Просто вопрос')
    await page.keyboard.press('Enter')
    await visitor.sees('Просто вопрос')
    await until('it is in the queue without a department', async () => {
      const [row] = await anna.dialogs(project)
      return row?.session && !row.session.department
    })
  })

  test('history across sessions, in one browser one dialog, in another another (I-02, D-01, D-24)', async (s) => {
    const { visitor, page, project, dialog, newVisitor, at } = await s.talking()
    await anna.leaves(dialog)
    await visitor.sees(ru('dialog.ended.visitor'))
    await visitor.say('У меня новый вопрос')
    await visitor.sees(ru('session.new'))
    await page.goto(at())
    await visitor.openChat()
    await shows(visitor, ['Есть ли самовар', 'Есть, на складе', ru('dialog.ended.visitor'), ru('session.new'), 'У меня новый вопрос'])
    assert.equal((await anna.dialogs(project)).length, 1)
    assert.equal((await anna.dialogs(project))[0].session.no, 2)
    const other = await newVisitor()
    await other.page.goto(at())
    await other.openChat()
    await other.say('Я в первый раз')
    await other.sees('Я в первый раз')
    assert.ok(!(await other.log().innerText()).includes('Есть ли самовар'))
    await until('two dialogs', async () => (await anna.dialogs(project)).length === 2)
  })

  test('out of hours and nobody online: what is said, and contacts are asked for; writing goes on (D-21, M-31, M-32)', async (s) => {
    const nobodyThere = async ({ visitor, page, at }, says) => {
      await visitor.sees(says)
      await form(visitor).waitFor()
      const answer = page.waitForResponse('**/visitor/messages')
      await visitor.say('Есть кто?')
      assert.equal((await answer).status(), 200)
      await page.goto(at())
      await visitor.openChat()
      await shows(visitor, ['Есть кто?'])
    }
    await nobodyThere(await s.opened({ hours: CLOSED }), ru('hours.visitor'))
    await nobodyThere(await s.opened({}, { desk: s.boris }), ru('offline.visitor'))
  })

  test('out of hours with the form switched off: what is said, no form, and writing goes on (D-34, D-21)', async (s) => {
    const { visitor, page, project } = await s.opened({ hours: CLOSED, form: { enabled: false, before: true } })
    await visitor.sees(ru('hours.visitor'))
    assert.equal(await form(visitor).count(), 0)
    const answer = page.waitForResponse('**/visitor/messages')
    await visitor.say('Есть кто?')
    assert.equal((await answer).status(), 200)
    await shows(visitor, ['Есть кто?', ru('hours.visitor')])
    assert.equal(await form(visitor).count(), 0)
    const config = await (await fetch(`${house.url}/api/v1/widgets/${project.widget_key}`)).json()
    assert.deepEqual([config.form.before, config.form.name, config.form.phone, config.form.email], [false, 'hidden', 'hidden', 'hidden'])
  })

  test('blocked: the input goes at once and comes back; on the next page, loaded or not, there is no widget (R-086, R-087, R-082, D-49)', async (s) => {
    const { visitor, page, dialog, at } = await s.talking({}, { page: 'spa.html' })
    const refusal = visitor.panel().getByText(ru('block.visitor'))
    await anna.block(dialog)
    await until('the input is gone', () => refusal.isVisible(), 3_000)
    assert.equal(await visitor.input().count(), 0)
    await visitor.sees('Есть, на складе четыре')
    await anna.unblock(dialog)
    await until('the input is back', () => visitor.input().isVisible(), 5_000)
    await anna.block(dialog)
    await until('the input is gone again', () => refusal.isVisible(), 3_000)
    await page.getByRole('link', { name: 'Чай' }).click()
    await until('there is no widget on the next page of a single-page site', async () => (await widgetsOf(page)) === 0)
    await page.goto(at('blank.html'), { waitUntil: 'networkidle' })
    assert.equal(await widgetsOf(page), 0)
    await anna.unblock(dialog)
    await page.goto(at('blank.html'))
    await visitor.openChat()
    await visitor.sees('Есть, на складе четыре')
    assert.deepEqual(visitor.errors, [])
  })

  test('unread badge, typing and read marks both ways, read in one place is read everywhere (D-72)', async (s) => {
    const { visitor, page, dialog, at } = await s.talking()
    await page.keyboard.press('Escape')
    await anna.say(dialog, 'Отложить один?')
    await anna.say(dialog, 'До завтра')
    const unread = (n) => page.getByRole('button', { name: `${ru('widget.open')}: ${n}` })
    await unread(2).waitFor()
    await page.goto(at())
    await unread(2).waitFor()
    await anna.watches(dialog)
    await until('she hears what he had read before', async () => (await anna.sawRead(dialog)) === 'Есть, на складе четыре')
    await visitor.openChat()
    await visitor.sees('До завтра')
    await until('she hears that he has read it all', async () => (await anna.sawRead(dialog)) === 'До завтра')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: ru('widget.open'), exact: true }).waitFor()
    await visitor.openChat()
    await until('it says who types', async () => {
      await anna.types(dialog)
      return (await visitor.log().innerText()).includes(ru('typing', { name: anna.name }))
    })
    await anna.say(dialog, 'Отложил')
    await visitor.sees('Отложил')
    assert.ok(!(await visitor.log().innerText()).includes(ru('typing', { name: anna.name })), 'who has answered does not type')
    await visitor.input().pressSequentially('Да')
    await until('the operator sees that he types', () => anna.sawTyping(dialog))
    await page.keyboard.press('Enter')
    await anna.hears(dialog, 'Да')
    assert.ok(!(await visitor.log().innerText()).includes(ru('msg.read')), 'nobody has read it')
    await anna.reads(dialog)
    await visitor.sees(ru('msg.read'))
    await anna.say(dialog, 'Ждём вас')
    await visitor.sees('Ждём вас')
    assert.ok(!(await visitor.log().innerText()).includes(ru('msg.read')), 'an answer says that it was read')
  })

  test('full screen on a phone, Tab does not go behind the panel; closed, the page is as it was (I-12)', async (s) => {
    const { visitor, page } = await s.opened({}, { viewport: { width: 390, height: 844 } })
    await page.evaluate(() => {
      const behind = document.createElement('button')
      behind.id = 'behind'
      document.body.append(behind)
    })
    const focused = () => page.evaluate(() => document.activeElement.id)
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab')
      assert.notEqual(await focused(), 'behind')
    }
    await visitor.input().focus()
    await page.keyboard.press('Escape')
    await page.evaluate(() => document.getElementById('behind').focus())
    assert.equal(await focused(), 'behind')
  })

  test('refused: it says so, and goes by a press; a lost answer does not double (I-10)', async (s) => {
    const { visitor, page, dialog } = await s.talking()
    await page.route('**/visitor/messages', (route) => route.fulfill({ status: 422, json: { code: 'invalid', message: '' }, headers: { 'Access-Control-Allow-Origin': '*' } }))
    await visitor.say('Не доходит')
    await visitor.sees(ru('msg.failed'))
    await visitor.panel().getByRole('button', { name: ru('btn.delete') }).waitFor()
    await page.unrouteAll()
    await visitor.panel().getByRole('button', { name: ru('btn.retry') }).click()
    await anna.hears(dialog, 'Не доходит')
    await until('it is a message like any other', async () => !(await visitor.log().innerText()).includes(ru('msg.failed')))
    let lost = 0
    await page.route('**/visitor/messages', async (route) => {
      await route.fetch()
      if (lost++) await route.continue()
      else await route.abort()
    })
    await visitor.say('Ответ потерян')
    await until('it was sent again', () => lost > 1)
    await until('it is shown once, and sent', async () => (await visitor.log().innerText()).split('Ответ потерян').length === 2 && !(await visitor.log().innerText()).includes(ru('msg.failed')))
    assert.deepEqual((await anna.heard(dialog)).filter((m) => m === 'Ответ потерян'), ['Ответ потерян'])
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })

  test('too many at once: it says so kindly, and sends by itself when it may', async (s) => {
    const { visitor, page, dialog } = await s.talking()
    await page.route('**/visitor/messages', (route) =>
      route.fulfill({ status: 429, json: { code: 'too_many_requests', message: '' }, headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Retry-After', 'Retry-After': '1' } }),
    )
    await visitor.say('Слишком быстро')
    await visitor.sees(ru('msg.tooMany'))
    await page.unrouteAll()
    await anna.hears(dialog, 'Слишком быстро')
    await until('it is a message like any other', async () => !(await visitor.log().innerText()).includes(ru('msg.tooMany')))
  })

  test('several tabs of one visitor are in step (I-08)', async (s) => {
    const { visitor, page, project, dialog, at } = await s.opened()
    const second = await page.context().newPage()
    const other = Object.assign(Object.create(Object.getPrototypeOf(visitor)), visitor, { page: second })
    await second.goto(at())
    await other.openChat()
    await visitor.say('Из первой вкладки')
    await other.sees('Из первой вкладки')
    await other.say('Из второй вкладки')
    await visitor.sees('Из второй вкладки')
    const id = await dialog()
    assert.equal((await anna.dialogs(project)).length, 1)
    assert.deepEqual(await anna.heard(id), ['Из первой вкладки', 'Из второй вкладки'])
    await page.bringToFront()
    for (const v of [visitor, other]) await v.panel().getByRole('button', { name: ru('btn.close') }).click()
    await anna.say(id, 'Вижу обе')
    const unread = (v) => v.page.getByRole('button', { name: `${ru('widget.open')}: 1` })
    for (const v of [visitor, other]) await unread(v).waitFor()
    await visitor.openChat()
    await unread(other).waitFor({ state: 'detached' })
  })

  test('a tone for an answer while the page is not looked at; the visitor can switch it off', async (s) => {
    const { visitor, page, dialog, at } = await s.talking()
    // a browser without a window is always looked at: hidden is said as a browser says it; tones are counted, not heard
    const listen = () =>
      page.evaluate(() => {
        window.tones = 0
        const start = OscillatorNode.prototype.start
        OscillatorNode.prototype.start = function (...when) {
          window.tones++
          return start.apply(this, when)
        }
      })
    const hide = (hidden) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    const tones = () => page.evaluate(() => window.tones)
    const answer = async (words) => {
      await anna.say(dialog, words)
      await visitor.sees(words)
    }
    await listen()
    await answer('Вы это видите')
    assert.equal(await tones(), 0)
    await hide(true)
    await answer('Этого вы не видите')
    await until('one tone', async () => (await tones()) === 1)
    await hide(false)
    const bell = visitor.panel().getByRole('button', { name: ru('pref.sound') })
    assert.equal(await bell.getAttribute('aria-pressed'), 'true')
    await bell.click()
    await page.goto(at())
    await visitor.openChat()
    assert.equal(await bell.getAttribute('aria-pressed'), 'false', 'it is remembered')
    await listen()
    await hide(true)
    await answer('Тихо')
    assert.equal(await tones(), 0)
  })

  test('what the page may use: open, close, contacts with consent, unread, remove', async (s) => {
    const { visitor, page, dialog } = await s.talking({ form: hasForm })
    await page.evaluate(() => {
      window.heard = []
      for (const type of ['open', 'close', 'unread']) window.Otklik.addEventListener(type, (e) => window.heard.push(`${type} ${e.detail}`))
      window.Otklik.close()
    })
    await launcher(visitor).waitFor()
    await anna.say(dialog, 'Отложить один?')
    await until('the page hears of it', () => page.evaluate(() => window.heard.includes('unread 1')))
    await page.evaluate(() => window.Otklik.open())
    await visitor.sees('Отложить один?')
    await until('and that it was read', () => page.evaluate(() => window.heard.includes('unread 0')))
    assert.deepEqual(await page.evaluate(() => window.heard.filter((h) => !h.startsWith('unread')).map((h) => h.split(' ')[0])), ['close', 'open'])
    await page.evaluate(() => window.Otklik.contacts({ name: 'Тимур', phone: '+7 900 000-18-42', consent_text: 'Согласен', consent_version: '7' }))
    await until('the operator has the contacts', async () => (await anna.events(dialog)).some((e) => e.kind === 'form'))
    await visitor.sees(ru('form.thanks'))
    await page.evaluate(() => window.Otklik.remove())
    await until('nothing is left', async () => (await widgetsOf(page)) === 0)
    assert.equal(await page.evaluate(() => 'Otklik' in window), false)
  })

  test('contacts without consent only fill in the form', async (s) => {
    const { visitor, page, project } = await s.visit({ form: hasForm })
    await page.evaluate(() => window.Otklik.contacts({ name: 'Тимур' }))
    await visitor.openChat()
    await visitor.panel().getByRole('button', { name: ru('form.title') }).click()
    assert.equal(await field(visitor, 'card.name').inputValue(), 'Тимур')
    assert.equal(await form(visitor).getByRole('checkbox').isChecked(), false)
    assert.deepEqual(await anna.dialogs(project), [])
  })

  test('erased: the texts are gone at once, and stay gone (D-64)', async (s) => {
    const { visitor, page, project, dialog, at } = await s.talking()
    await anna.leaves(dialog)
    await visitor.sees(ru('dialog.ended.visitor'))
    await anna.erase(project, dialog)
    const none = () => until('no text is left', async () => !/самовар|на складе/.test(await visitor.log().innerText()))
    await none()
    await page.goto(at())
    await visitor.openChat()
    await none()
    assert.ok(!(await page.evaluate(() => JSON.stringify(localStorage))).includes('самовар'))
  })

  test('greeting, colour and side by setting', async (s) => {
    const { visitor } = await s.opened({ greeting: 'Добрый день! Спросите о чае', accent: '#9A3E1B', side: 'left' })
    await visitor.sees('Добрый день! Спросите о чае')
    const box = await visitor.panel().boundingBox()
    assert.deepEqual([box.x, 900 - box.y - box.height], [20, 20])
    const fill = (v) => v.panel().getByRole('button', { name: ru('btn.close') }).evaluate((el) => getComputedStyle(el.parentElement).backgroundColor)
    assert.equal(await fill(visitor), 'rgb(154, 62, 27)')
    const usual = await s.opened()
    const right = await usual.visitor.panel().boundingBox()
    assert.equal(right.x + right.width, 1440 - 20)
    await usual.visitor.sees(ru('greeting'))
    assert.equal(await fill(usual.visitor), 'rgb(23, 57, 45)')
  })

  test('RU, EN, KZ by setting, by the page or by the tag (R-001, D-56)', async (s) => {
    const { page, at, visitor, project } = await s.visit()
    for (const [query, lang] of [[{ lang: 'en' }, 'en'], [{ lang: 'kk-KZ' }, 'kk'], [{ lang: 'ru-RU' }, 'ru'], [{ lang: 'de' }, 'ru'], [{ lang: 'en', attributes: 'data-lang="kz"' }, 'kk']]) {
      await page.goto(at('blank.html', query))
      await visitor.openChat(lang)
      await visitor.sees(text(lang, 'greeting'))
      assert.equal(await visitor.panel().evaluate((el) => el.closest('[lang]').lang), lang)
      assert.deepEqual(await rawKeys(page), [])
    }
    await anna.change(project, { language: 'kk' })
    await page.goto(at('blank.html', { lang: 'en' }))
    await visitor.openChat('kk') // the setting is stronger than the page
  })

  test('only on the sites that are listed, and nothing is broken elsewhere', async (s) => {
    const { project, newVisitor, at } = await s.shop({ origins: ['https://shop.example'] })
    const visitor = await newVisitor()
    await visitor.page.goto(at(), { waitUntil: 'networkidle' })
    assert.equal(await widgetsOf(visitor.page), 0)
    assert.deepEqual(visitor.errors, [])
    await anna.change(project, { origins: [s.host.url] })
    await visitor.page.goto(at())
    await launcher(visitor).waitFor()
  })

  test('where the visit began is told, also from a page after it (R-105, R-106, D-55)', async (s) => {
    const { visitor, page, at, dialog, project } = await s.visit({}, { query: { utm_source: 'yandex', utm_medium: 'cpc', utm_campaign: '<b>осень</b>', utm_term: 'самовар' } })
    const second = new URL(at())
    for (const name of [...second.searchParams.keys()]) if (name.startsWith('utm_')) second.searchParams.delete(name)
    await page.goto(second.href)
    await visitor.openChat()
    await visitor.say('Пришёл по рекламе')
    const id = await dialog()
    const { visit } = await anna.api('GET', `/operator/dialogs/${id}`)
    assert.deepEqual((({ utm_source, utm_medium, utm_campaign, utm_term }) => [utm_source, utm_medium, utm_campaign, utm_term])(visit), ['yandex', 'cpc', '<b>осень</b>', 'самовар'])
    assert.equal(visit.page_url, second.href)
    assert.match(visit.landing_url, /utm_source=yandex/)
    assert.equal(visit.page_title, 'Самовар «Купец», 3 л')
    assert.equal(project.id.length, 36)
  })

  test('a queue of ten: who has waited long gets the text and a form, once; one address does not make it (R-033, R-034, M-07, D-71)', async (s) => {
    const { visitor, project, dialog } = await s.opened({ long_wait_seconds: 30, form: { enabled: true, before: false } })
    await visitor.say('Долго ли ждать?')
    const began = Date.now()
    const id = await dialog()
    const from = async (address, n) => {
      for (let i = 0; i < n; i++) {
        const guest = await house.guest({ key: project.widget_key, headers: { 'X-Forwarded-For': address } })
        await guest.say(`Вопрос с ${address}`)
      }
    }
    const backlog = async () => (await visitor.log().innerText()).includes(ru('backlog.visitor'))
    await from('198.51.100.1', 12)
    await until('he has waited long, and the queue was looked at', () => Date.now() - began > 35_000, 40_000)
    assert.equal(await backlog(), false)
    await from('198.51.100.2', 3)
    await from('198.51.100.3', 3)
    await until('the text of the backlog', backlog, 20_000)
    await field(visitor, 'card.phone').fill('+7 900 000-18-42')
    await form(visitor).getByRole('checkbox').check()
    await form(visitor).getByRole('button', { name: ru('win.send') }).click()
    await visitor.sees(ru('form.thanks'))
    assert.equal((await anna.events(id)).filter((e) => e.key === 'backlog.visitor').length, 1)
  }, 90_000)
})
