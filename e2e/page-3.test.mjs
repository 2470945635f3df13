// The source page in its order, sections 9 to 14, and what it presupposes: what the card's own story (card.test.mjs) does
// not play. Addresses come from a header here, as behind a proxy, so that one visitor may have two.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHouse } from './house.mjs'
import { ru, text, until, Visitor } from './people.mjs'

const house = openHouse('page-3', { env: { OTKLIK_TRUSTED_PROXIES: '127.0.0.0/8 ::1' } })
const WHOLE = 5 * 60_000
const SOON = 5_000
const BAD = '<img src=x onerror="window.pwned=1">'

let anna, oleg, admin, shop

const from = (ip) => ({ headers: { 'X-Forwarded-For': ip } })
const labels = (op) => op.card().locator('.lab').allInnerTexts()
const button = (op, key) => op.card().getByRole('button', { name: ru(key), exact: true })
const show = async (op, id) => {
  await op.page.goto(`${house.url}/console/dialogs/${shop.id}/${id}`)
  await op.card().getByText(ru('det.title')).waitFor()
}

test('section 9: labels', { timeout: WHOLE }, async (t) => {
  const step = house.steps(t)
  let g
  const offered = async (op) => {
    await button(op, 'label.attach').click()
    await op.page.getByRole('listbox', { name: ru('label.attach') }).waitFor()
    await until('the choice is there', async () => !(await op.page.locator('.label-pop').innerText()).includes(ru('win.more')))
    return op.page.getByRole('listbox', { name: ru('label.attach') }).getByRole('option').allInnerTexts()
  }

  await step('active ones of the session’s department and the common ones, never another’s; without the right none is made (R-069, R-072, R-075, R-076, D-45)', async () => {
    ;[anna, oleg] = [await house.operator('anna'), await house.operator('oleg')]
    admin = await house.admin()
    shop = anna.projects.find((p) => p.name === 'Лавка «Заварка»')
    for (const op of [anna, oleg]) await op.project(shop.name)
    g = await house.guest()
    await g.say('Есть ли подарочные наборы?')
    await show(anna, g.dialog)
    const clean = (texts) => texts.map((s) => s.trim()).sort()
    assert.deepEqual(clean(await offered(anna)), ['Постоянный клиент', 'Срочно'])
    await anna.page.keyboard.press('Escape')
    await oleg.answers(g.dialog, 'Есть') // he belongs to «Продажи» alone, and so does the session now
    await show(oleg, g.dialog)
    assert.deepEqual(clean(await offered(oleg)), ['Опт', 'Подарок', 'Постоянный клиент', 'Срочно'])
    await house.state(oleg.page, 'section 9 labels')
    await oleg.page.getByRole('combobox', { name: ru('label.attach') }).fill('Небывалый')
    await oleg.page.getByText(ru('label.noRight')).waitFor()
    assert.equal(await oleg.page.getByRole('button', { name: ru('label.createNamed', { text: 'Небывалый' }) }).count(), 0)
    const refused = await oleg.request('POST', `/operator/dialogs/${g.dialog}/labels`, { client_id: crypto.randomUUID(), text: 'Небывалый', color: 1 })
    assert.equal(refused.status, 403)
    await oleg.page.getByRole('combobox', { name: ru('label.attach') }).fill('')
    await oleg.page.getByRole('option', { name: 'Подарок' }).click()
    await until('it is on', async () => (await labels(oleg)).join().includes('Подарок'))
  })

  await step('one that is switched off is not offered, and stays where it is attached (R-069)', async () => {
    const label = (await admin('GET', `/admin/projects/${shop.id}/labels`)).items.find((l) => l.text === 'Подарок')
    await admin('PUT', `/admin/projects/${shop.id}/labels/${label.id}`, { text: label.text, color: label.color, department_id: label.department?.id, active: false })
    const other = await house.guest()
    await other.say('И мне')
    await oleg.answers(other.dialog, 'Хорошо')
    await show(oleg, other.dialog)
    assert.deepEqual((await offered(oleg)).map((s) => s.trim()).sort(), ['Опт', 'Постоянный клиент', 'Срочно'])
    await show(oleg, g.dialog)
    await until('it is still on', async () => (await labels(oleg)).join().includes('Подарок'))
    await house.state(oleg.page, 'section 9 inactive')
  })
})

test('section 10: block and unblock', { timeout: WHOLE }, async (t) => {
  const step = house.steps(t)
  let visitor, id, ip
  const list = async () => (await admin('GET', `/admin/projects/${shop.id}/blocks?source=operator`)).items.map((b) => [b.ip, b.operator?.name, b.dialog?.id])

  await step('the address of the current session is blocked, not of an earlier one, with who did it and where (R-081, R-084, D-48)', async () => {
    const g = await house.guest(from('203.0.113.1'))
    await g.say('С первого адреса')
    await anna.answers(g.dialog, 'Слушаю')
    await anna.leaves(g.dialog)
    await g.moves({ 'X-Forwarded-For': '203.0.113.2' }).say('Со второго')
    await anna.answers(g.dialog, 'Слушаю')
    await show(anna, g.dialog)
    await button(anna, 'act.block').click()
    const sure = anna.page.getByRole('dialog', { name: ru('act.blockContact') })
    await sure.getByText(ru('block.confirm', { ip: '203.0.113.2' })).waitFor()
    await sure.getByRole('button', { name: ru('act.block') }).click()
    await button(anna, 'act.unblock').waitFor()
    assert.deepEqual(await list(), [['203.0.113.2', anna.name, g.dialog]])
    await button(anna, 'act.unblock').click()
    await button(anna, 'act.block').waitFor()
    assert.deepEqual(await list(), [])
  })

  await step('his chat closes at once and keeps what was said; nothing of his arrives; both sides are told, each in its way (R-085, R-086, D-49, I-08)', async () => {
    visitor = new Visitor(await house.page('visitor'), house.url)
    await visitor.come()
    await visitor.say('Скидки, скидки!')
    await anna.tab('all').click()
    id = await anna.row('Скидки, скидки').getAttribute('data-row')
    await show(anna, id)
    await anna.say('Не надо')
    await visitor.sees('Не надо')
    ;({ ip } = await anna.as('GET', `/operator/dialogs/${id}`))
    await button(anna, 'act.block').click()
    await anna.page.getByRole('dialog', { name: ru('act.blockContact') }).getByRole('button', { name: ru('act.block') }).click()
    await visitor.input().waitFor({ state: 'hidden', timeout: SOON })
    await visitor.panel().getByText('Вы не можете отправлять сообщения в этот чат').last().waitFor()
    assert.ok((await visitor.log().innerText()).includes('Скидки, скидки!'))
    assert.ok(!(await visitor.panel().innerText()).includes(anna.name + ' заблокировал'))
    await house.state(visitor.page, 'section 10 visitor blocked')
    await anna.sees('Оператор Анна Иванова заблокировал пользователя')
    await house.state(anna.page, 'section 10 blocked')
  })

  await step('on the next page load, and on the next page, there is no chat (R-087)', async () => {
    const widget = () => visitor.page.getByRole('button', { name: new RegExp(`^${ru('widget.open')}`) }).or(visitor.panel())
    for (const go of [() => visitor.page.reload(), () => visitor.page.goto(`${house.url}/demo/?page=2`)]) {
      const answered = visitor.page.waitForResponse((r) => /\/(visit|widgets\/)/.test(r.url()) && r.status() === 403)
      await go()
      await answered
      assert.equal(await widget().count(), 0)
    }
  })

  await step('way 1: the row deleted in the settings, the card’s button turns back, the chat is there again (R-088, D-50, I-08)', async () => {
    const block = (await admin('GET', `/admin/projects/${shop.id}/blocks?source=operator`)).items.find((b) => b.ip === ip)
    assert.ok(block)
    await admin('DELETE', `/admin/projects/${shop.id}/blocks/${block.id}`)
    await button(anna, 'act.block').waitFor({ timeout: SOON })
    await visitor.come()
    await visitor.sees('Скидки, скидки!')
  })

  await step('way 2: «Разблокировать» in the card: the row leaves the list, an open chat may write again (R-089)', async () => {
    await button(anna, 'act.block').click()
    await anna.page.getByRole('dialog', { name: ru('act.blockContact') }).getByRole('button', { name: ru('act.block') }).click()
    await visitor.input().waitFor({ state: 'hidden' })
    await button(anna, 'act.unblock').click()
    await button(anna, 'act.block').waitFor()
    assert.deepEqual(await list(), [])
    await visitor.input().waitFor()
    await visitor.say('Больше не буду')
    await anna.sees('Больше не буду')
  })
})

test('sections 11 and 12: the file, the sessions before', { timeout: WHOLE }, async (t) => {
  const step = house.steps(t)
  let g

  await step('the visitor’s link is off until his first message, the operator’s too, without a reload; no picker, an ordinary download (R-090, R-092, R-093, D-52)', async () => {
    const visitor = new Visitor(await house.page('reader'), house.url)
    await visitor.come()
    await visitor.panel().getByRole('button', { name: 'Продажи' }).click()
    const save = visitor.panel().getByTitle(ru('download.offVisitor'))
    await save.waitFor()
    assert.equal(await save.getAttribute('aria-disabled'), 'true')
    await save.click({ force: true })
    await visitor.panel().getByRole('alert').getByText(ru('download.offVisitor')).waitFor()
    await house.state(visitor.page, 'section 11 visitor off')
    await anna.page.goto(`${house.url}/console/dialogs/${shop.id}`)
    await anna.tab('unassigned').click()
    await anna.row(ru('row.dept', { department: 'Продажи' })).first().click()
    await anna.card().getByText(ru('download.off')).first().waitFor()
    assert.equal(await button(anna, 'act.download').getAttribute('aria-disabled'), 'true')
    await house.state(anna.page, 'section 11 off')
    await visitor.say('Запишите меня')
    await visitor.panel().getByTitle(ru('act.download')).first().waitFor()
    await until('the operator may have it', async () => (await button(anna, 'act.download').getAttribute('aria-disabled')) === 'false')
    await anna.page.evaluate(() => delete window.showSaveFilePicker)
    const file = anna.page.waitForEvent('download')
    await button(anna, 'act.download').click()
    assert.match((await file).suggestedFilename(), /^dialog_.+\.txt$/)
    await house.leave('reader')
  })

  await step('previous sessions, newest first: times of the first and the last message, the last operator or a dash, each its own tags (R-094, R-095, R-096, R-097, R-098, D-53)', async () => {
    const at = '203.0.113.7'
    g = await house.guest(from(at))
    await g.say('Первый сеанс')
    await show(anna, g.dialog)
    await anna.card().getByText(ru('hist.none')).waitFor()
    await oleg.answers(g.dialog, 'Передаю Анне')
    const { operator } = await anna.as('GET', '/operator/me')
    await oleg.command('POST', `/operator/dialogs/${g.dialog}/transfer`, { operator_id: operator.id })
    await house.later(3 * 60)
    await g.say('Последнее слово первого')
    await house.later(20 * 60)
    const { head_seq } = await anna.as('GET', `/operator/dialogs/${g.dialog}`)
    await anna.command('POST', `/operator/dialogs/${g.dialog}/leave`, { last_seen_seq: head_seq, tags: [shop.tags[1].id] })
    await g.say('Второй сеанс, никем не взят')
    // An untaken dialog of a blocked address ends (D-67): nobody ever had it.
    const { block } = { block: await admin('POST', `/admin/projects/${shop.id}/blocks`, { ip: at }) }
    await until('it has ended', async () => (await anna.as('GET', `/operator/dialogs/${g.dialog}`)).row.session.closed_at)
    await admin('DELETE', `/admin/projects/${shop.id}/blocks/${block.id}`)
    await until('he may write', () => g.say('Третий сеанс').then(() => true))
    await oleg.answers(g.dialog, 'Да')
    await oleg.leaves(g.dialog)
    await g.say('Четвёртый, нынешний')
    await show(anna, g.dialog)
    const rows = anna.card().locator('.hrow')
    await until('three', async () => (await rows.count()) === 3)
    const [third, second, first] = await rows.allInnerTexts()
    assert.match(third, new RegExp(`${oleg.name}[^]*${shop.tags[0].name}`))
    assert.match(second, new RegExp(`${ru('who.operator')}\\s*—`))
    assert.match(first, new RegExp(`${anna.name}[^]*${shop.tags[1].name}`))
    assert.ok(!third.includes(shop.tags[1].name) && !first.includes(shop.tags[0].name))
    const { events } = await anna.as('GET', `/operator/dialogs/${g.dialog}/events`)
    const shown = (what) => {
      const e = events.find((x) => x.text === what)
      return anna.page.evaluate((s) => new Intl.DateTimeFormat('ru', { hour: '2-digit', minute: '2-digit' }).format(new Date(s)), e.at)
    }
    const [begins, ends] = [await shown('Первый сеанс'), await shown('Последнее слово первого')]
    assert.notEqual(begins, ends)
    assert.match(first, new RegExp(`${ru('hist.start')}[^]*${begins}[^]*${ru('hist.end')}[^]*${ends}`))
    await rows.first().scrollIntoViewIfNeeded()
    await house.state(anna.page, 'section 12 history')
  })

  await step('«Начало» and «Конец» lead to their message, loaded if need be, in sight and marked, by keyboard too (R-099)', async () => {
    const rows = anna.card().locator('.hrow')
    for (const [row, which, what] of [[2, 0, 'Первый сеанс'], [2, 1, 'Последнее слово первого'], [1, 0, 'Второй сеанс, никем не взят'], [0, 0, 'Третий сеанс']]) {
      await rows.nth(row).getByRole('button').nth(which).press('Enter')
      await until(what, async () => (await anna.page.locator('.marked').innerText()).includes(what))
    }
    await house.state(anna.page, 'section 12 jump')
  })
})

test('sections 13 and 14: tags, details; and what the page presupposes', { timeout: WHOLE }, async (t) => {
  const step = house.steps(t)

  await step('tags are set during the session, are asked for when it ends, and go with it (R-098, R-104, D-54)', async () => {
    const g = await house.guest()
    await g.say('Беру два')
    await anna.answers(g.dialog, 'Оформляю')
    await show(anna, g.dialog)
    await button(anna, 'tag.set').click()
    const pop = anna.page.getByRole('dialog', { name: ru('tag.session') })
    await pop.getByRole('button', { name: shop.tags[0].name, exact: true }).click()
    await until('it is set', async () => (await anna.as('GET', `/operator/dialogs/${g.dialog}`)).row.session.tags.length === 1)
    await house.state(anna.page, 'section 13 tags')
    await anna.page.keyboard.press('Escape')
    await anna.button('win.leave').click()
    await anna.page.getByRole('dialog', { name: ru('win.leave') }).getByRole('button', { name: ru('win.finish') }).click() // the tag is there already
    await until('it has ended', async () => (await anna.as('GET', `/operator/dialogs/${g.dialog}`)).row.session.closed_at)
  })

  await step('details are of the last visit alone; no utm_source is «Не определён»; what a visitor sends is text (R-105, R-106, D-55, I-11)', async () => {
    const details = () => anna.card().locator('[aria-labelledby=details-title]').innerText()
    const landing = await house.guest({ visit: { page_url: `https://shop.example/?utm_source=${encodeURIComponent(BAD)}` } })
    await landing.say('Откуда я?')
    await show(anna, landing.dialog)
    await until('as text', async () => (await details()).includes(BAD))
    const none = await house.guest()
    await none.say('Ниоткуда')
    await show(anna, none.dialog)
    assert.match(await details(), new RegExp(`${ru('det.source')}\\s*Не определён`))
    assert.match(await details(), /Firefox 142/)
    await house.later(40 * 60)
    await none.visits({ 'User-Agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15' }, { page_url: 'https://shop.example/kofe?utm_source=yandex' })
    await none.say('Теперь с другого браузера')
    await show(anna, none.dialog)
    await until('the second visit', async () => /yandex/.test(await details()) && /Safari 18/.test(await details()))
    assert.ok(!/Firefox/.test(await details()))
    assert.equal(await anna.page.evaluate(() => window.pwned), undefined)
    await house.state(anna.page, 'section 14 details')
  })

  await step('markup in a name, a message and a label runs nowhere: list, window, card (I-11)', async () => {
    const g = await house.guest()
    await g.say(BAD)
    await g.fill({ name: BAD, phone: '+7 900 000-18-42' })
    await anna.answers(g.dialog, BAD)
    await anna.command('POST', `/operator/dialogs/${g.dialog}/labels`, { text: '<img src=x onerror=1>', color: 2 })
    await show(anna, g.dialog)
    await anna.tab('mine').click()
    for (const where of [anna.face(g.dialog), anna.log(), anna.card(), anna.window().locator('.wh')])
      await until('it is read as it was written', async () => (await where.innerText()).includes('<img src=x'))
    assert.ok((await labels(anna)).join().includes('<img src=x onerror=1>'))
    assert.equal(await anna.page.evaluate(() => window.pwned), undefined)
    assert.equal(await anna.page.locator('img[src=x]').count(), 0)
    await house.state(anna.page, 'I-11 text')
  })

  await step('without a connection it says so, and catches up with every change, once each (I-08, M-43)', async () => {
    const [shown, claimed] = [await house.guest(), await house.guest()]
    await shown.say('Я открыт у вас')
    await claimed.say('Меня возьмут')
    await show(anna, shown.dialog)
    await anna.tab('unassigned').click()
    await anna.rowOf(claimed.dialog).waitFor()
    await anna.page.context().setOffline(true)
    await anna.page.getByRole('alert').getByText(ru('net.lost')).waitFor({ timeout: 30_000 })
    await house.state(anna.page, 'I-08 lost')
    await shown.say('Сказано без вас')
    await oleg.answers(claimed.dialog, 'Взял')
    const fresh = await house.guest()
    await fresh.say('Пришёл без вас')
    assert.equal(await anna.rowOf(fresh.dialog).count(), 0)
    await anna.page.context().setOffline(false)
    await anna.rowOf(fresh.dialog).waitFor({ timeout: 30_000 })
    await anna.rowOf(claimed.dialog).waitFor({ state: 'detached' })
    await anna.sees('Сказано без вас')
    assert.equal((await anna.log().innerText()).split('Сказано без вас').length, 2)
    assert.equal((await anna.order()).filter((id) => id === fresh.dialog).length, 1)
    await anna.page.getByRole('alert').getByText(ru('net.lost')).waitFor({ state: 'detached' })
  })

  await step('no state by colour alone: words in three languages, marks of 3 to 1 against what they lie on, light and dark (I-12)', async () => {
    const [red, read] = [await house.guest(), await house.guest()]
    await red.say('Жду давно')
    await house.later(181)
    await read.say('Прочитано')
    const other = await house.guest({ key: 'knigi' })
    await other.say('Новое в другом проекте')
    await show(anna, read.dialog)
    await anna.tab('all').click()
    await anna.rowOf(red.dialog).waitFor()
    await anna.page.getByRole('button', { name: ru('sort.title') }).click()
    await anna.page.getByRole('menuitemradio', { name: ru('sort.newest') }).click()
    for (const theme of ['light', 'dark']) {
      await anna.as('PATCH', '/operator/me', { prefs: { theme } })
      await until(theme, () => anna.page.evaluate((t) => document.documentElement.dataset.theme === t, theme))
      for (const lang of ['en', 'kk', 'ru']) {
        await anna.page.getByRole('button', { name: { ru: 'RU', en: 'EN', kk: 'KZ' }[lang], exact: true }).click()
        await anna.tab('all', lang).waitFor()
        const list = anna.page.getByRole('listbox', { name: text(lang, 'list.title') })
        const label = (g) => list.locator(`[data-row="${g.dialog}"]`).getAttribute('aria-label')
        await until('the red one in words', async () => (await label(red)).includes(text(lang, 'list.unclaimed')))
        await until('the read one in words', async () => (await label(read)).includes(text(lang, 'list.readUnanswered')))
        await anna.page.getByRole('button', { name: new RegExp(text(lang, 'project.select')) }).getByRole('img', { name: text(lang, 'dot.red') }).waitFor()
        assert.equal(await anna.page.getByRole('button', { name: text(lang, 'sort.title'), exact: true }).getAttribute('aria-pressed'), 'true')
        await house.state(anna.page, `I-12 ${theme} ${lang}`)
      }
      const weak = await anna.page.evaluate(weakMarks, ['.row .dot', '.row .pill', '.row .sq', '.projb .pd', '.b.on-blue', '.st'])
      assert.deepEqual(weak, [], theme)
    }
    await anna.as('PATCH', '/operator/me', { prefs: { theme: 'light' } })
  })
})

/** Marks whose colour stands out less than 3 to 1, or that are not there at all. Runs in the page. */
function weakMarks(selectors) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true })
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const light = (colour) => {
    const [r, g, b] = rgba(colour).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const under = (el) => {
    for (let p = el.parentElement; p; p = p.parentElement) {
      const { backgroundColor } = getComputedStyle(p)
      if (rgba(backgroundColor)[3] === 255) return backgroundColor
    }
    return 'white'
  }
  return selectors.flatMap((selector) => {
    const all = [...document.querySelectorAll(selector)]
    if (!all.length) return [`${selector} is not on the screen`]
    return all.flatMap((el) => {
      const [a, b] = [light(getComputedStyle(el).backgroundColor), light(under(el))].sort((x, y) => y - x)
      const ratio = (a + 0.05) / (b + 0.05)
      return ratio < 3 ? [`${selector} ${ratio.toFixed(2)}`] : []
    })
  })
}
