// The source page in its order, sections 1 to 5: the page, projects, sorting, groups, and how a dialog reaches the operator.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHouse } from './house.mjs'
import { allTexts, focused, Operator, rawKeys, ru, text, until, Visitor } from './people.mjs'

const house = openHouse('page-1')
const WHOLE = 5 * 60_000
const LANGS = { ru: 'RU', en: 'EN', kk: 'KZ' }
const SOON = 5_000

let anna, oleg, admin, shop, books

const blueDot = ru('dot.blue')
const redDot = ru('dot.red')
const selector = (op) => op.page.getByRole('button', { name: new RegExp(`^${ru('project.select')}`) })
const search = (op) => op.page.getByRole('combobox', { name: ru('project.search') })
const option = (op, project) => op.page.getByRole('option', { name: new RegExp(`^${project.name}`) })
const dots = (scope) => scope.getByRole('img').evaluateAll((all) => all.map((el) => el.getAttribute('aria-label')))

/** The dot of the closed selector, then those of both rows of the open list, in words. */
async function shownDots(op) {
  const closed = await dots(selector(op))
  await selector(op).click()
  await option(op, shop).waitFor()
  const words = []
  for (const project of [shop, books]) words.push((await option(op, project).innerText()).split('\n').slice(1).join(' ').replace('!', '').trim())
  await op.page.keyboard.press('Escape')
  await option(op, shop).waitFor({ state: 'detached' })
  return [closed.join(), ...words]
}
const showDots = (op, ...wanted) => until(`dots ${wanted.join('/')}`, async () => {
  const shown = await shownDots(op)
  if (shown.join('/') !== wanted.join('/')) throw new Error(shown.join('/'))
  return true
})

test('sections 1 to 4: the page, projects, sorting, groups', { timeout: WHOLE }, async (t) => {
  const step = house.steps(t)

  await step('section 1: RU, EN, KZ change every word, and the choice stays (R-001)', async () => {
    anna = await house.operator('anna')
    admin = await house.admin()
    const her = (await admin('GET', '/admin/operators?q=anna')).items[0]
    await admin('PUT', `/admin/operators/${her.id}`, { rev: her.rev, name: her.name, login: her.login, hours: her.hours }) // no limit
    ;[shop, books] = ['Лавка «Заварка»', 'Книги у дома'].map((name) => anna.projects.find((p) => p.name === name))
    const { page } = anna
    await anna.project(shop.name)
    const guest = await house.guest()
    await guest.say('Есть ли чабрец?')
    await page.goto(`${house.url}/console/dialogs/${shop.id}/${guest.dialog}`)
    await anna.log().waitFor()
    for (const lang of ['en', 'kk', 'ru']) {
      const codes = page.getByRole('group').filter({ has: page.getByRole('button', { name: 'KZ', exact: true }) }).getByRole('button')
      assert.deepEqual(await codes.allInnerTexts(), Object.values(LANGS))
      await codes.filter({ hasText: LANGS[lang] }).click()
      for (const again of [false, true]) {
        if (again) await page.reload()
        await anna.tab('important', lang).waitFor()
        await page.getByText(text(lang, 'det.title')).waitFor()
        assert.equal(await page.evaluate(() => document.documentElement.lang), lang)
        assert.equal(await page.getByRole('button', { name: LANGS[lang], exact: true }).getAttribute('aria-pressed'), 'true')
        assert.deepEqual(await rawKeys(page), [])
        const foreign = await page.evaluate(() => document.body.innerText.split('\n').map((s) => s.trim()))
        const own = new Set(allTexts(lang))
        const others = ['ru', 'en', 'kk'].filter((l) => l !== lang).flatMap(allTexts)
        assert.deepEqual(foreign.filter((s) => s.length > 3 && others.includes(s) && !own.has(s)), [], `words of another language in ${lang}`)
      }
      await house.state(page, `section 1 ${lang}`)
    }
  })

  await step('section 1: the screen is called «Диалоги», its blocks are landmarks and headings (R-002)', async () => {
    const { page } = anna
    assert.match(await page.title(), /^(\(\d+!\) )?Диалоги/)
    await page.getByRole('heading', { level: 1, name: 'Диалоги', exact: true }).waitFor({ state: 'attached' })
    for (const landmark of [
      page.getByRole('banner'),
      page.getByRole('navigation', { name: ru('nav.workspace') }),
      page.getByRole('region', { name: ru('list.title') }),
      page.getByRole('main', { name: ru('win.title') }),
      page.getByRole('complementary', { name: ru('card.title') }),
    ])
      await landmark.waitFor()
    await page.getByRole('heading', { name: ru('card.title') }).waitFor()
    await page.getByRole('heading', { name: ru('det.title') }).waitFor()
  })

  await step('section 1: «Диалоги» of the menu leads from any page to five blocks of one viewport, with an address (R-003)', async () => {
    const { page } = anna
    for (const from of ['nav.log', 'nav.settings']) {
      await page.getByRole('link', { name: ru(from) }).click()
      const link = page.getByRole('link', { name: new RegExp(`^${ru('nav.dialogs')}`) })
      await until('it is another page', async () => (await link.getAttribute('aria-current')) === null)
      await link.click()
      await until('the item is marked', async () => (await link.getAttribute('aria-current')) === 'page')
      await anna.tab('all').click()
      await anna.rows().getByRole('option').first().click()
      await anna.card().getByText(ru('det.title')).waitFor()
      for (const [name, block] of Object.entries({
        project: selector(anna), sort: page.getByRole('button', { name: ru('sort.title') }), list: anna.rows(), window: anna.window(), card: anna.card(),
      })) {
        const box = await block.boundingBox()
        assert.ok(box && box.x >= 0 && box.y >= 0 && box.x + box.width <= 1440 && box.y + box.height <= 900, `${name}: ${JSON.stringify(box)}`)
      }
    }
    const elsewhere = await page.context().newPage()
    await elsewhere.goto(page.url())
    await elsewhere.getByRole('log', { name: ru('win.messages') }).waitFor()
    assert.equal(elsewhere.url(), page.url())
    await elsewhere.close()
  })

  await step('section 2: two projects: a list with a search that filters while typing; a choice switches all three panes (R-004)', async () => {
    const { page } = anna
    await selector(anna).click()
    await search(anna).fill('ГИ У Д')
    await until('only one is left', async () => (await page.getByRole('option', { name: /«Заварка»|Книги/ }).count()) === 1)
    await option(anna, books).waitFor()
    await house.state(page, 'section 2 search')
    await search(anna).fill('')
    await option(anna, shop).waitFor()
    await option(anna, books).click()
    await page.getByRole('button', { name: `${ru('project.select')}: ${books.name}` }).waitFor()
    await until('the list is of the other project', async () => (await anna.order()).length === 0)
    await anna.window().getByText(ru('win.empty')).waitFor()
    assert.ok(!(await anna.card().innerText().catch(() => '')).includes(ru('det.title')), 'the card still shows the dialog')
    await anna.project(shop.name)
  })

  await step('section 2: with one project nothing but its name (R-005, D-12)', async () => {
    const vera = (await admin('GET', '/admin/operators?q=vera')).items[0]
    await admin('PUT', `/admin/access/${vera.id}/${books.id}`, { level: 'none' })
    const page = await house.page('vera')
    const her = new Operator(page, house.url, 'vera@demo.otklik', 'otklik-vera')
    await her.signIn()
    const block = page.getByRole('region', { name: ru('list.title') }).locator('.proj')
    const name = block.getByText(shop.name)
    await name.click()
    for (const role of ['combobox', 'listbox', 'searchbox', 'option']) assert.equal(await block.getByRole(role).count(), 0, role)
    assert.equal(await page.getByRole('combobox').count(), 0, 'the click has opened something')
    assert.equal(await selector(her).count(), 0)
    await house.state(page, 'section 2 one project')
    await house.leave('vera')
    await admin('PUT', `/admin/access/${vera.id}/${books.id}`, { level: 'operator' })
  })

  await step('section 2: a project whose widget is switched off leaves the open console, and comes back (R-006, D-02)', async () => {
    const turn = async (active) => {
      const { rev } = await admin('GET', `/admin/projects/${books.id}`)
      await admin('PATCH', `/admin/projects/${books.id}`, { rev, active })
    }
    await turn(false)
    await until('one project is left, as plain text', async () => (await selector(anna).count()) === 0)
    await anna.page.getByText(shop.name).first().waitFor()
    assert.equal((await anna.request('GET', `/operator/projects/${books.id}/dialogs`)).status >= 403, true)
    await turn(true)
    await selector(anna).waitFor()
  })

  await step('section 2: the dot in both places, blue until answered, red before blue (R-009, R-010, R-011, R-012, D-12, I-12)', async () => {
    const { page } = anna
    for (const { id } of (await anna.as('GET', `/operator/projects/${shop.id}/dialogs`)).rows) await anna.answers(id, 'Отвечено')
    await showDots(anna, '', '', '')
    const one = await house.guest({ key: 'knigi' })
    await one.say('Есть ли «Муму»?')
    await showDots(anna, blueDot, '', blueDot) // from elsewhere: on the closed row, and on its own
    await house.state(page, 'section 2 blue')
    await anna.project(books.name)
    await anna.tab('all').click()
    await anna.open(one.dialog)
    await anna.sees('Муму')
    await until('it is read', async () => (await anna.says(one.dialog)).includes(ru('list.readUnanswered')))
    await anna.project(shop.name)
    await showDots(anna, blueDot, '', blueDot) // read, not answered
    await house.later(181)
    await showDots(anna, redDot, '', redDot)
    const more = []
    for (const n of [1, 2, 3]) {
      more.push(await house.guest({ key: 'knigi' }))
      await more.at(-1).say(`Новый ${n}`)
    }
    await showDots(anna, redDot, '', redDot) // one dot, not two
    await selector(anna).click()
    await option(anna, books).waitFor()
    await house.state(page, 'section 2 red')
    await page.keyboard.press('Escape')
    await anna.answers(one.dialog, 'Есть')
    await showDots(anna, blueDot, '', blueDot)
    for (const g of more) await anna.answers(g.dialog, 'Да')
    await showDots(anna, '', '', '')
    const here = await house.guest()
    await here.say('А здесь?')
    await house.later(181)
    await showDots(anna, redDot, redDot, '') // the current project's own
    await anna.answers(here.dialog, 'Здесь тоже')
    await showDots(anna, '', '', '')
  })

  const five = {}

  await step('section 3: the sorting button by keyboard, blue and pressed while it is on (R-013, R-014, D-16, I-12)', async () => {
    const { page } = anna
    for (const lang of ['en', 'kk', 'ru']) {
      await page.getByRole('button', { name: LANGS[lang], exact: true }).click()
      await page.getByRole('button', { name: text(lang, 'sort.title'), exact: true }).waitFor()
    }
    const sort = page.getByRole('button', { name: ru('sort.title'), exact: true })
    const [b, list] = [await sort.boundingBox(), await anna.rows().boundingBox()]
    assert.ok(b.y + b.height <= list.y, 'it is not above the list')
    const looks = () => sort.evaluate((el) => {
      const probe = Object.assign(document.createElement('i'), { style: 'background: var(--blue)' })
      el.append(probe)
      const blue = getComputedStyle(probe).backgroundColor
      probe.remove()
      return [el.getAttribute('aria-pressed'), getComputedStyle(el).backgroundColor === blue]
    })
    const settled = (wanted) => until(`the button is ${wanted}`, async () => `${await looks()}` === `${wanted}`)
    await settled(['false', false])
    await sort.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitemradio', { name: ru('sort.default') }).waitFor()
    await house.state(page, 'section 3 menu', { menu: true })
    await page.keyboard.press('ArrowDown')
    await focused(page.getByRole('menuitemradio', { name: ru('sort.newest') }))
    await page.keyboard.press('Enter')
    await settled(['true', true])
    await house.state(page, 'section 3 on')
    await page.keyboard.press('Enter')
    await page.getByRole('menuitemradio', { name: ru('sort.default') }).press('Enter')
    await settled(['false', false])
  })

  await step('section 3: the chosen order is by the last message alone, red stays red; switched off, rotation is back (R-015, R-057, D-15, D-16)', async () => {
    const { page } = anna
    oleg = await house.operator('oleg')
    await oleg.project(shop.name)
    for (const name of ['overdue', 'first', 'transferred', 'second', 'last']) {
      five[name] = await house.guest()
      await five[name].say(`Вопрос: ${name}`)
      if (name !== 'transferred') await anna.answers(five[name].dialog, 'Здравствуйте')
      if (name === 'overdue') {
        await five[name].say('И ещё?')
        await house.later(anna.projects.find((p) => p.id === shop.id).long_wait_seconds + 1)
      }
    }
    const ids = (...names) => names.map((n) => five[n].dialog)
    const settled = (...names) => until(`the order is ${names}`, async () => {
      const order = (await anna.order()).filter((id) => ids(...names).includes(id))
      if (`${order}` !== `${ids(...names)}`) throw new Error(order.map((id) => Object.keys(five).find((n) => five[n].dialog === id)).join())
      return true
    })
    await anna.tab('mine').click()
    await settled('overdue', 'last', 'second', 'first')
    await oleg.answers(five.transferred.dialog, 'Сейчас переведу')
    await five.last.say('Я последний')
    const choose = async (key) => {
      await page.getByRole('button', { name: ru('sort.title'), exact: true }).click()
      await page.getByRole('menuitemradio', { name: ru(key) }).click()
      await page.mouse.move(700, 20)
    }
    await choose('sort.newest')
    await settled('last', 'second', 'first', 'overdue')
    await five.first.say('Нет, я')
    const me = await anna.as('GET', '/operator/me')
    await oleg.command('POST', `/operator/dialogs/${five.transferred.dialog}/transfer`, { operator_id: me.operator.id })
    await settled('first', 'last', 'transferred', 'second', 'overdue')
    for (const name of ['overdue', 'transferred']) assert.match(await anna.face(five[name].dialog).getAttribute('class'), /\bred\b/)
    await house.state(page, 'section 3 newest')
    await choose('sort.oldest')
    await settled('overdue', 'second', 'transferred', 'last', 'first')
    await choose('sort.default')
    await settled('transferred', 'overdue', 'last', 'first', 'second')
    await house.state(page, 'section 3 rotation')
  })

  await step('section 4: four tabs in order, each its list and its count (R-016, R-017, R-018, R-019, R-020, D-14)', async () => {
    const { page } = anna
    const tabs = page.getByRole('tablist').getByRole('tab')
    assert.deepEqual((await tabs.allInnerTexts()).map((s) => s.replace(/^[\d–]+\s*!?\s*/, '')), ['Мои', 'Важные', 'Без оператора', 'Все'])
    const colleague = await house.guest()
    await colleague.say('Мне к Олегу')
    await oleg.answers(colleague.dialog, 'Слушаю')
    await colleague.say('Долго ли?')
    const free = await house.guest()
    await free.say('Есть кто?')
    await house.later(181) // both are red now, by their own rules
    const waiting = await house.guest()
    await waiting.say('Только что')
    await until('the untaken one is red', async () => (await anna.tab('unassigned').click(), await anna.says(free.dialog)).includes(ru('list.unclaimed')))
    // Two important ones of her own, the others ordinary.
    for (const name of ['first', 'last', 'second']) await anna.answers(five[name].dialog, 'Да')
    const own = Object.values(five).map((g) => g.dialog)
    await anna.tab('mine').click()
    await until('five of hers', async () => own.every(async (id) => (await anna.order()).includes(id)))
    for (const id of own) await anna.rowOf(id).waitFor()
    for (const g of [colleague, free, waiting]) assert.equal(await anna.rowOf(g.dialog).count(), 0, 'not hers')
    await anna.tab('important').click()
    await anna.rowOf(five.overdue.dialog).waitFor()
    await until('only the overdue and the transferred one', async () => `${(await anna.order()).sort()}` === `${[five.overdue.dialog, five.transferred.dialog].sort()}`)
    await house.state(page, 'section 4 important')
    await anna.tab('unassigned').click()
    await until('the untaken ones', async () => `${(await anna.order()).sort()}` === `${[free.dialog, waiting.dialog].sort()}`)
    await anna.tab('all').click()
    for (const id of [...own, colleague.dialog, free.dialog, waiting.dialog]) await anna.rowOf(id).waitFor()
    const { counts } = await anna.as('GET', `/operator/projects/${shop.id}/dialogs`)
    for (const group of ['mine', 'important', 'unassigned', 'all']) assert.equal(await anna.count(group), counts[group], group)
    await house.state(page, 'section 4 all')
    // Taken by one, it leaves «Без оператора» of the other at once, and the counts go with it (I-08).
    await anna.tab('unassigned').click()
    await anna.rowOf(waiting.dialog).waitFor()
    await oleg.answers(waiting.dialog, 'Беру')
    await anna.rowOf(waiting.dialog).waitFor({ state: 'detached', timeout: SOON })
    await until('the count follows', async () => (await anna.count('unassigned')) === counts.unassigned - 1)
  })
})

test('section 5: how a dialog reaches the operator', { timeout: WHOLE }, async (t) => {
  const step = house.steps(t)
  const inDepartment = (name) => shop.departments.find((d) => d.name === name)
  let visitor

  await step('opening the widget starts nothing; the first word is there at once, in «Без оператора» and «Все» alone (R-021, R-024, R-025, D-21)', async () => {
    const before = await anna.count('all')
    visitor = new Visitor(await house.page('visitor'), house.url)
    await visitor.come()
    await visitor.panel().getByRole('button').first().waitFor()
    const witness = await house.guest()
    await witness.say('Я пишу')
    await anna.tab('all').click()
    await anna.rowOf(witness.dialog).waitFor()
    assert.equal(await anna.count('all'), before + 1, 'an opened widget counts')
    await visitor.say('Пишу и я, без отдела и без формы')
    await anna.row('без отдела и без формы').waitFor({ timeout: SOON })
    const id = await anna.row('без отдела и без формы').getAttribute('data-row')
    await anna.isIn(id, ['unassigned', 'all'])
    await house.state(anna.page, 'section 5 new')
  })

  await step('a department chosen, or a form sent, starts one too (R-022, R-023, R-025, D-25)', async () => {
    const chosen = await house.guest()
    await chosen.choose(inDepartment('Продажи').id)
    await anna.isIn(chosen.dialog, ['unassigned', 'all'])
    const filled = await house.guest()
    await filled.fill({ phone: '+7 900 000-18-42', name: 'Тимур' })
    await anna.isIn(filled.dialog, ['unassigned', 'all'])
    await anna.open(filled.dialog)
    await anna.log().getByRole('group', { name: ru('win.contactForm') }).waitFor()
    await house.state(anna.page, 'section 5 form')
  })

  await step('a queue of another department is not his, neither in lists nor by address; a new member has it (R-026, D-19)', async () => {
    const other = await house.guest()
    await other.choose(inDepartment('Доставка').id)
    await other.say('Когда привезёте?')
    await anna.tab('all').click()
    await anna.rowOf(other.dialog).waitFor()
    await oleg.isIn(other.dialog, [])
    await oleg.page.goto(`${house.url}/console/dialogs/${shop.id}/${other.dialog}`)
    await oleg.window().getByText(ru('win.notFound')).waitFor()
    assert.ok(!(await oleg.page.locator('body').innerText()).includes('Когда привезёте?'))
    await house.state(oleg.page, 'section 5 not his')
    const d = (await admin('GET', `/admin/projects/${shop.id}/departments`)).items.find((x) => x.name === 'Доставка')
    const { operator } = await oleg.as('GET', '/operator/me')
    const put = (member_ids) => admin('PUT', `/admin/projects/${shop.id}/departments/${d.id}`, { name: d.name, member_ids, hours: d.hours })
    await put([...d.members.map((m) => m.id), operator.id])
    await oleg.tab('all').click()
    await oleg.rowOf(other.dialog).waitFor({ timeout: SOON })
    await put(d.members.map((m) => m.id))
    await oleg.rowOf(other.dialog).waitFor({ state: 'detached' })
  })

  await step('who comes online later has the waiting dialog then (R-021, I-04)', async () => {
    const waiting = await house.guest()
    await waiting.choose(inDepartment('Доставка').id)
    await waiting.say('Кто-нибудь в доставке?')
    const vera = await house.operator('vera')
    await vera.project(shop.name)
    await vera.isIn(waiting.dialog, ['unassigned', 'all'])
    await house.leave('vera')
  })

  await step('out of his hours: M-03 in words, no new dialogs, his own stay; by the clock, without a reload (R-027, R-028, R-029, D-22, I-08)', async () => {
    const own = await house.guest()
    await own.say('Я его')
    await oleg.answers(own.dialog, 'Мой')
    const free = await house.guest()
    await free.say('Я ничей')
    await oleg.tab('all').click()
    await oleg.rowOf(own.dialog).waitFor()
    await oleg.rowOf(free.dialog).waitFor()
    const closed = oleg.page.getByRole('region', { name: ru('list.title') }).getByText('Работа с новыми диалогами возможна только в рабочее время')
    assert.equal(ru('hours.closed'), 'Работа с новыми диалогами возможна только в рабочее время')
    assert.equal(await closed.count(), 0)
    // His shift ends with the next minute but one, and begins again two minutes later.
    const { now, projects } = await oleg.as('GET', '/operator/me')
    const zone = projects.find((p) => p.id === shop.id).time_zone
    const at = (ms) => new Date(ms).toLocaleTimeString('ru-RU', { timeZone: zone, hour: '2-digit', minute: '2-digit' })
    const end = Math.floor(Date.parse(now) / 60_000) * 60_000 + 2 * 60_000
    const day = [{ from: at(end + 2 * 60_000), to: at(end) }] // round the clock but for two minutes
    const him = (await admin('GET', '/admin/operators?q=oleg')).items[0]
    const put = (hours, rev) => admin('PUT', `/admin/operators/${him.id}`, { rev, name: him.name, login: him.login, dialog_limit: him.dialog_limit, hours })
    const { rev } = await put({ always: false, week: Array(7).fill(day), exceptions: [] }, him.rev)
    await until('it knows the end of the shift', async () => (await oleg.page.getByRole('banner').innerText()).includes(ru('top.shift', { t: at(end) })))
    await oleg.rowOf(free.dialog).waitFor()
    await house.later((end - Date.parse(now)) / 1000 - 1 - 5) // still in it, whatever the test took
    await oleg.rowOf(free.dialog).waitFor()
    await house.later(10)
    await closed.waitFor()
    await oleg.rowOf(free.dialog).waitFor({ state: 'detached' })
    await oleg.open(own.dialog)
    await oleg.say('Своё делаю')
    await oleg.sees('Своё делаю')
    await house.state(oleg.page, 'section 5 out of hours')
    await oleg.page.reload()
    await closed.waitFor() // on entry too
    const refused = await oleg.request('POST', `/operator/dialogs/${free.dialog}/messages`, { client_id: crypto.randomUUID(), text: 'Возьму?', seen_seq: 0 })
    assert.deepEqual([refused.status, refused.said.code], [403, 'outside_working_hours'])
    await house.later(120)
    await closed.waitFor({ state: 'detached' })
    await oleg.tab('all').click()
    await oleg.rowOf(free.dialog).waitFor()
    await put({ ...him.hours, always: true }, rev)
  })
})
