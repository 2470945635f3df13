// The source page in its order, sections 6 to 8: the backlog, what a row says and when it turns red, the central window.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHouse } from './house.mjs'
import { disorder, ru, until, Visitor } from './people.mjs'

const house = openHouse('page-2')
const WHOLE = 5 * 60_000
const SOON = 5_000

let anna, oleg, vera, admin, shop

const inDepartment = (name) => shop.departments.find((d) => d.name === name)
const isRed = async (op, g) => /\bred\b/.test(await op.face(g.dialog).getAttribute('class'))
const turns = (op, g, red) => until(`${op.name} has it ${red ? '' : 'not '}red`, async () => (await isRed(op, g)) === red)
const limit = async (login, dialog_limit) => {
  const him = (await admin('GET', `/admin/operators?q=${login}`)).items[0]
  await admin('PUT', `/admin/operators/${him.id}`, { rev: him.rev, name: him.name, login: him.login, hours: him.hours, ...(dialog_limit ? { dialog_limit } : {}) })
}
const settings = async (patch) => {
  const { rev } = await admin('GET', `/admin/projects/${shop.id}`)
  await admin('PATCH', `/admin/projects/${shop.id}`, { rev, ...patch })
}
/** At the top of nobody's mind: the next dialog is opened by a click. */
const idle = (op) => op.page.goto(`${house.url}/console/dialogs/${shop.id}`).then(() => op.tab('all').click())

test('section 6: the backlog', { timeout: WHOLE }, async (t) => {
  const step = house.steps(t)
  let queue, visitor, latest

  await step('at his limit an operator takes no more and is told why; one finished, he may (R-031, I-06, D-29)', async () => {
    ;[anna, oleg] = [await house.operator('anna'), await house.operator('oleg')]
    admin = await house.admin()
    shop = anna.projects.find((p) => p.name === 'Лавка «Заварка»')
    for (const op of [anna, oleg]) await op.project(shop.name)
    await limit('anna')
    await limit('oleg', 2)
    const [one, two, three] = [await house.guest(), await house.guest(), await house.guest()]
    for (const g of [one, two, three]) await g.say('Есть вопрос')
    for (const g of [one, two]) await oleg.answers(g.dialog, 'Слушаю')
    await oleg.tab('all').click()
    await oleg.open(three.dialog)
    await oleg.window().getByText(ru('limit.reached')).waitFor()
    assert.equal(await oleg.input().count(), 0)
    await house.state(oleg.page, 'section 6 limit')
    const refused = await oleg.request('POST', `/operator/dialogs/${three.dialog}/messages`, { client_id: crypto.randomUUID(), text: 'Беру', seen_seq: 9 })
    assert.deepEqual([refused.status, refused.said.code], [409, 'limit_reached'])
    await oleg.isIn(three.dialog, ['unassigned', 'all'])
    await oleg.leaves(one.dialog)
    await oleg.say('Теперь беру')
    await oleg.sees('Теперь беру')
    await oleg.isIn(three.dialog, ['mine', 'all'])
    await limit('oleg')
    for (const g of [two, three]) await oleg.leaves(g.dialog)
  })

  await step('nine wait long: nobody gets anything; the tenth makes it a backlog, counted by the server alone (R-030, R-032, R-033, R-034, D-30)', async () => {
    await settings({ long_wait_seconds: 60 })
    visitor = new Visitor(await house.page('visitor'), house.url)
    await visitor.come()
    await visitor.panel().getByRole('button', { name: 'Доставка' }).click()
    await visitor.say('Где мой заказ?')
    queue = []
    for (let i = 1; i < 9; i++) {
      queue.push(await house.guest())
      await queue.at(-1).choose(inDepartment('Доставка').id)
      await queue.at(-1).say(`Жду ${i}`)
    }
    await anna.tab('all').click()
    await anna.row('Где мой заказ').waitFor()
    await house.later(200)
    await turns(anna, queue[7], true) // time has passed for everybody
    assert.ok(!(await visitor.log().innerText()).includes(ru('backlog.visitor')))
    latest = await house.guest()
    await latest.choose(inDepartment('Доставка').id)
    await latest.say('Десятый')
    await visitor.sees(ru('backlog.visitor'))
    const form = visitor.panel().getByRole('form').or(visitor.panel().getByRole('group', { name: ru('form.title') })).first()
    await form.waitFor()
    await house.state(visitor.page, 'section 6 visitor')
    const told = async (g) => (await g.events()).filter((e) => e.key === 'backlog.visitor').length
    for (const g of queue) await until('each who waits is told', async () => (await told(g)) === 1)
    assert.equal(await told(latest), 0, 'he has not waited yet')
    await house.later(61)
    await until('now he has', async () => (await told(latest)) === 1)
    for (const g of queue) assert.equal(await told(g), 1, 'told twice')
  })

  await step('who sees the queue is warned with its number, at entry too; others are not; at nine it is over (R-036, D-32, I-08)', async () => {
    const banner = (op) => op.page.getByRole('region', { name: ru('list.title') }).getByText(ru('backlog.operator', { n: 10 }))
    vera = await house.operator('vera')
    await vera.project(shop.name)
    await banner(vera).waitFor()
    await house.state(vera.page, 'section 6 warned')
    await banner(anna).waitFor()
    assert.equal(await oleg.page.locator('.ban.backlog').count(), 0, 'he is not of this department')
    await vera.answers(latest.dialog, 'Сейчас посмотрю')
    for (const op of [vera, anna]) await until(`${op.name} is not warned any more`, async () => (await op.page.locator('.ban.backlog').count()) === 0)
    for (const g of queue) await vera.answers(g.dialog, 'Отвечаю')
    for (const g of [...queue, latest]) await vera.leaves(g.dialog)
    await settings({ long_wait_seconds: 120 })
  })
})

test('section 7: a row of the list', { timeout: WHOLE }, async (t) => {
  const step = house.steps(t)

  await step('the name, the last text and the time since it; markup is only text, on one line (R-037, D-17, D-18, I-11)', async () => {
    await idle(anna)
    const g = await house.guest()
    const bad = '<img src=x onerror="window.pwned=1"> и ещё много слов, которые в одну строку списка никак не войдут, сколько ни старайся'
    await g.say('Первое')
    await anna.rowOf(g.dialog).waitFor()
    await g.say(bad)
    const face = anna.face(g.dialog)
    await until('the last text', async () => (await face.innerText()).includes('<img src=x onerror='))
    assert.match(await face.innerText(), /Посетитель \S+/)
    const line = face.locator('.tx')
    assert.ok(await line.evaluate((el) => el.scrollWidth > el.clientWidth && el.clientHeight < 30 && getComputedStyle(el).textOverflow === 'ellipsis'), 'cut to one line')
    await g.fill({ name: '<b>Тимур</b>', phone: '+7 900 000-18-42' })
    await until('his name', async () => (await face.innerText()).includes('<b>Тимур</b>'))
    const time = face.locator('time')
    const now = await time.innerText()
    await house.later(5 * 60)
    await anna.tab('unassigned').click()
    await until('five minutes', async () => (await time.innerText()) !== now && /^5/.test(await time.innerText()))
    assert.ok(await time.getAttribute('title'))
    assert.equal(await anna.page.evaluate(() => window.pwned), undefined)
    await house.state(anna.page, 'section 7 text')
  })

  await step('the avatar is the same wherever the visitor is, and stands for nothing his name does not say (R-038, D-18)', async () => {
    await anna.tab('all').click()
    const id = (await anna.order())[0]
    const row = anna.face(id).locator('.av')
    await anna.open(id)
    const looks = (av) => av.evaluate((el) => [el.dataset.initials, [...el.classList].find((c) => /^a\d/.test(c))].join())
    const wanted = await looks(row)
    assert.equal(await looks(anna.window().locator('.wh .av')), wanted)
    assert.equal(await looks(anna.page.locator('[data-pane=card] .card-head .av')), wanted)
    assert.ok((await anna.says(id)).startsWith((await anna.window().getByRole('heading', { level: 2 }).innerText()).trim()))
    for (const av of await anna.rows().locator('.row').all()) assert.equal(await av.locator('.av').count(), 1)
  })

  await step('the number of new messages is each one’s own; read is a blue dot, answered is neither (R-039, R-040, D-11, I-12)', async () => {
    for (const op of [anna, oleg]) await idle(op)
    const g = await house.guest()
    for (const n of [1, 2, 3]) await g.say(`Слово ${n}`)
    const pill = (op) => op.face(g.dialog).locator('.pill')
    const dot = (op) => op.face(g.dialog).locator('.dot')
    for (const op of [anna, oleg]) await until('three', async () => (await pill(op).innerText()) === '3' && (await dot(op).count()) === 0)
    await oleg.open(g.dialog)
    await until('read by him', async () => (await pill(oleg).count()) === 0 && (await dot(oleg).count()) === 1)
    assert.ok((await oleg.says(g.dialog)).includes(ru('list.readUnanswered')))
    assert.equal(await pill(anna).innerText(), '3')
    await house.state(oleg.page, 'section 7 read')
    await oleg.say('Отвечаю')
    await until('neither', async () => (await pill(oleg).count()) + (await dot(oleg).count()) === 0)
    await idle(oleg)
    await g.say('Слово 4')
    await until('one', async () => (await pill(oleg).innerText()) === '1')
  })

  await step('his own dialog turns red when the long wait is over, by the clock alone; the answer ends it (R-041, R-042, D-07, I-08)', async () => {
    await settings({ long_wait_seconds: 60 })
    const g = await house.guest()
    await g.say('Здравствуйте')
    await anna.answers(g.dialog, 'Добрый день')
    await anna.tab('mine').click()
    await g.say('И что?')
    await until('it counts', async () => (await anna.face(g.dialog).innerText()).includes('станет важным через'))
    await house.later(50)
    assert.equal(await isRed(anna, g), false)
    await house.state(anna.page, 'section 7 counting')
    await house.later(10)
    await turns(anna, g, true)
    assert.ok((await anna.says(g.dialog)).includes(ru('list.overdue')))
    await house.state(anna.page, 'section 7 overdue')
    await anna.answers(g.dialog, 'Вот что')
    await turns(anna, g, false)
  })

  await step('an untaken one turns red after three minutes, for all who may see it, whatever the setting; taken, for nobody else (R-043, D-07)', async () => {
    await settings({ long_wait_seconds: 600 })
    const g = await house.guest()
    await g.choose(inDepartment('Продажи').id)
    await g.say('Есть кто?')
    for (const op of [anna, oleg]) await op.tab('all').click()
    for (const op of [anna, oleg]) await op.rowOf(g.dialog).waitFor()
    await house.later(170)
    for (const op of [anna, oleg]) assert.equal(await isRed(op, g), false)
    await house.later(11)
    for (const op of [anna, oleg]) await turns(op, g, true)
    assert.ok((await oleg.says(g.dialog)).includes(ru('list.unclaimed')))
    await vera.isIn(g.dialog, [])
    await house.state(oleg.page, 'section 7 untaken')
    await anna.answers(g.dialog, 'Я есть')
    await turns(oleg, g, false)
    await settings({ long_wait_seconds: 120 })
  })

  await step('a transferred one is red for who gets it, and for nobody else, until his first answer (R-044, D-10)', async () => {
    const boss = await house.operator('admin')
    await boss.project(shop.name)
    const g = await house.guest()
    await g.say('Мне бы к Анне')
    await oleg.answers(g.dialog, 'Перевожу')
    for (const op of [anna, oleg, boss]) await op.tab('all').click()
    for (const op of [anna, oleg, boss]) await op.rowOf(g.dialog).waitFor()
    const { operator } = await anna.as('GET', '/operator/me')
    await oleg.command('POST', `/operator/dialogs/${g.dialog}/transfer`, { operator_id: operator.id })
    await turns(anna, g, true)
    await until('they see whose it is', async () => (await oleg.says(g.dialog)).includes(ru('dialog.foreign', { name: anna.name })))
    for (const op of [oleg, boss]) assert.equal(await isRed(op, g), false)
    await house.state(anna.page, 'section 7 transferred')
    await anna.open(g.dialog)
    await anna.window().locator('.nextbar.red', { hasText: ru('list.transferred') }).waitFor()
    await house.state(anna.page, 'section 7 transferred, opened')
    await anna.answers(g.dialog, 'Я здесь')
    await turns(anna, g, false)
    await house.leave('admin')
  })
})

test('section 8: the central window', { timeout: WHOLE }, async (t) => {
  const step = house.steps(t)
  let g, visitor, id

  await step('a click shows all of it, every session, from the newest on; and takes nothing (R-045, D-01, D-26)', async () => {
    g = await house.guest()
    await g.say('Самое первое слово')
    await anna.answers(g.dialog, 'Слушаю')
    for (let i = 0; i < 60; i++) await g.say(`Давнее ${i}`)
    await anna.answers(g.dialog, 'До свидания')
    await anna.leaves(g.dialog)
    await g.say('Я снова здесь')
    await anna.tab('unassigned').click()
    await anna.rowOf(g.dialog).click()
    await until('it is chosen', async () => (await anna.rowOf(g.dialog).getAttribute('aria-selected')) === 'true')
    await anna.sees('Я снова здесь')
    const stream = anna.page.locator('.stream')
    await until('the newest is in sight', () => stream.evaluate((el) => el.scrollHeight - el.scrollTop - el.clientHeight < 4))
    await house.state(anna.page, 'section 8 opened')
    await until('the first word of the first session', async () => {
      await stream.evaluate((el) => (el.scrollTop = 0))
      return (await anna.log().innerText()).includes('Самое первое слово')
    })
    assert.equal(disorder(await anna.log().innerText(), ['Самое первое слово', 'Слушаю']), '') // lines are drawn around the reader only
    await anna.isIn(g.dialog, ['unassigned', 'all'])
  })

  await step('reading and typing take nothing, the first answer does; only then it can be transferred (R-046, R-056, M-12)', async () => {
    await anna.tab('all').click()
    await anna.open(g.dialog)
    await anna.input().fill('Пишу, но ещё не отправляю')
    const transfer = anna.window().getByRole('button', { name: new RegExp(`^${ru('win.transfer')}`) })
    assert.equal(await transfer.getAttribute('aria-disabled'), 'true')
    await transfer.hover()
    await anna.window().locator('.wh .tip', { hasText: ru('transfer.notClaimed') }).waitFor()
    assert.ok((await transfer.getAttribute('aria-label')).includes(ru('transfer.notClaimed')))
    await house.state(anna.page, 'section 8 not taken')
    const { operator } = await oleg.as('GET', '/operator/me')
    const refused = await anna.request('POST', `/operator/dialogs/${g.dialog}/transfer`, { client_id: crypto.randomUUID(), operator_id: operator.id })
    assert.deepEqual([refused.status, refused.said.code], [409, 'not_claimed'])
    const assignee = async () => (await anna.as('GET', `/operator/dialogs/${g.dialog}`)).row.session.assignee?.name
    assert.equal(await assignee(), undefined)
    await anna.input().press('Enter')
    await anna.sees('Пишу, но ещё не отправляю') // although the first session was being read
    assert.equal(await assignee(), anna.name)
    await until('transfer is possible', async () => (await transfer.getAttribute('aria-disabled')) !== 'true')
  })

  await step('the list of «Переключить» has who is available, under his departments, and nobody else; of two tabs one is enough to be online (R-054, R-055, I-04, D-04, D-36)', async () => {
    const second = await oleg.page.context().newPage()
    await second.goto(`${house.url}/console/`)
    await second.getByRole('tab', { name: ru('tab.all') }).waitFor()
    await second.close()
    await house.leave('vera') // offline
    const known = () => anna.as('GET', `/operator/dialogs/${g.dialog}/transfer-targets`)
    await until('she is gone', async () => !(await known()).targets.some((x) => x.operator.name.startsWith('Вера')), 90_000)
    await anna.button('win.transfer').click()
    const list = anna.page.getByRole('listbox', { name: ru('win.transferTo') })
    await list.getByRole('option').first().waitFor()
    await list.getByRole('group', { name: 'Продажи' }).getByRole('option', { name: new RegExp(oleg.name) }).waitFor()
    const all = await list.innerText()
    for (const name of [anna.name, 'Вера Кузнецова', 'Администратор']) assert.ok(!all.includes(name), name)
    await house.state(anna.page, 'section 8 transfer')
    await anna.page.keyboard.press('Escape')
  })

  await step('the contact form: from inside the composer, told to the operator alone, with an error when it was not sent (R-048, R-050, D-34)', async () => {
    visitor = new Visitor(await house.page('client'), house.url)
    await visitor.come()
    await visitor.say('Перезвоните мне')
    await anna.tab('unassigned').click()
    id = await anna.row('Перезвоните мне').getAttribute('data-row')
    await anna.open(id)
    const ask = anna.page.locator('.comp').getByRole('button', { name: ru('win.contacts') })
    await anna.page.route('**/contact-request', (route) => route.fulfill({ status: 500, json: { code: 'internal', message: 'no' } }))
    await ask.click()
    await anna.page.locator('.comp').getByRole('alert').waitFor()
    assert.ok(!(await anna.log().innerText()).includes(ru('form.sent')))
    await house.state(anna.page, 'section 8 form failed')
    await anna.page.unrouteAll()
    await ask.click()
    await anna.sees(ru('form.sent'))
    await visitor.panel().getByRole('checkbox').waitFor()
    assert.ok(!(await visitor.log().innerText()).includes(ru('form.sent')))
  })

  await step('the filled form is shown and goes to the card; an empty field erases nothing; the box must be ticked (R-051, R-065, D-44)', async () => {
    const fill = async (fields) => {
      for (const [key, value] of Object.entries(fields)) await visitor.panel().getByLabel(new RegExp(`^${ru(key)}`)).last().fill(value)
    }
    const send = visitor.panel().locator('form').filter({ has: visitor.page.getByRole('checkbox') }).getByRole('button').last()
    await fill({ 'card.name': 'Тимур Асланов', 'card.phone': '+7 900 000-18-42' })
    await send.click()
    await visitor.sees(ru('form.needConsent'))
    await visitor.panel().getByRole('checkbox').check()
    await send.click()
    await visitor.sees(ru('form.thanks'))
    const form = anna.log().getByRole('group', { name: ru('win.contactForm') }).last()
    await until('the form', async () => /Тимур Асланов[^]*\+7 900 000-18-42/.test(await form.innerText()), SOON)
    for (const value of ['Тимур Асланов', '+7 900 000-18-42']) await until(value, async () => (await anna.card().innerText()).includes(value), SOON)
    await house.state(anna.page, 'section 8 form filled')
    await anna.page.locator('.comp').getByRole('button', { name: ru('win.contacts') }).click()
    await visitor.panel().getByRole('checkbox').waitFor()
    await fill({ 'card.phone': '+7 900 000-99-99' })
    await visitor.panel().getByRole('checkbox').check()
    await send.click()
    await until('the new phone', async () => (await anna.card().innerText()).includes('+7 900 000-99-99'))
    assert.ok((await anna.card().innerText()).includes('Тимур Асланов'))
  })

  await step('leaving is once, whatever is pressed: out of all four tabs and into the log, each side its text, after a reload too (R-058, R-059, R-060, D-38)', async () => {
    await anna.button('win.leave').click()
    const gate = anna.page.getByRole('dialog', { name: ru('win.leave') })
    await gate.getByRole('button', { name: shop.tags[0].name, exact: true }).click()
    await house.state(anna.page, 'section 8 leave')
    await gate.getByRole('button', { name: ru('win.finish') }).dblclick()
    await gate.waitFor({ state: 'detached' })
    await anna.isIn(id, [])
    await visitor.sees('Диалог с оператором завершён')
    await visitor.page.reload()
    await visitor.openChat()
    await visitor.sees('Диалог с оператором завершён')
    const again = await anna.request('POST', `/operator/dialogs/${id}/leave`, { client_id: crypto.randomUUID(), last_seen_seq: 99, tags: [shop.tags[0].id] })
    assert.equal(again.status, 409)
    await anna.page.goto(`${house.url}/console/dialogs/${shop.id}/${id}`)
    await anna.sees('Оператор Анна Иванова завершил диалог')
    assert.equal((await anna.log().innerText()).split('Оператор Анна Иванова завершил диалог').length, 2)
    assert.ok(!(await anna.log().innerText()).includes('Диалог с оператором завершён'))
    await anna.page.getByRole('link', { name: ru('nav.log') }).click()
    await anna.page.getByRole('listbox', { name: ru('nav.log') }).getByRole('option', { name: /Тимур Асланов/ }).first().waitFor()
    await house.state(anna.page, 'section 8 in the log')
  })

  await step('without tagging no tag is asked for (R-058, R-104, D-54)', async () => {
    const books = await house.guest({ key: 'knigi' })
    await books.say('Есть ли новинки?')
    await anna.answers(books.dialog, 'Есть')
    const { row } = await anna.as('GET', `/operator/dialogs/${books.dialog}`)
    await anna.page.goto(`${house.url}/console/dialogs/${row.project_id}/${books.dialog}`)
    await anna.sees('Есть ли новинки?')
    await anna.button('win.leave').click()
    await until('it has ended', async () => (await anna.as('GET', `/operator/dialogs/${books.dialog}`)).row.session.closed_at)
    await anna.isIn(books.dialog, [])
  })
})
