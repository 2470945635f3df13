// The settings by keyboard alone, against a real Otklik: each change is looked for where it acts. Then every screen in
// three languages, wide and narrow, by axe and in pictures.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { violations } from './axe.mjs'
import { misfits } from './fits.mjs'
import { openHouse } from './house.mjs'
import { startOtklik } from './otklik.mjs'
import { focused, rawKeys, text, until } from './people.mjs'
import { request } from './requests.mjs'

const WHOLE = 12 * 60_000
const words = Object.fromEntries(['ru', 'en', 'kk'].map((l) => [l, JSON.parse(readFileSync(new URL(`../texts/settings/${l}.json`, import.meta.url), 'utf8'))]))
const say = (lang, key, params) => (key in words[lang] ? words[lang][key].replace(/\{(\w+)\}/g, (_, n) => params?.[n] ?? `{${n}}`) : text(lang, key, params))
const ru = (key, params) => say('ru', key, params)
const literally = (s) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const SCREENS = {
  templates: 'win.templates', labels: 'label.many', departments: 'set.departments', operators: 'set.operators',
  project: 'set.project', priority: 'queue.priority', contacts: 'set.contacts', elements: 'set.elements', tags: 'tag.tagging',
  hours: 'time.working', closing: 'set.autoClose', access: 'nav.access', blocks: 'act.blockPage', audit: 'set.audit',
}

const house = openHouse('settings')

/** One who has no mouse. */
class Hands {
  constructor(page, url) {
    Object.assign(this, { page, url })
  }

  static async sitDown(name, url = house.url) {
    return new Hands(await house.page(name, { permissions: ['clipboard-read', 'clipboard-write'] }), url)
  }

  press(...keys) {
    return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve())
  }

  type(what) {
    return this.page.keyboard.insertText(what)
  }

  /** Tab by Tab until it has the focus, and sees that the focus is shown. */
  async to(target, { back = false } = {}) {
    await target.first().waitFor()
    for (let i = 0; i < 250; i++) {
      if (await target.first().evaluate((el) => el === document.activeElement)) return target
      await this.press(back ? 'Shift+Tab' : 'Tab')
    }
    throw new Error(`no way there by Tab: ${target}`)
  }

  async push(role, name, options) {
    const target = this.page.getByRole(role, { name, exact: typeof name === 'string', ...options })
    await this.to(target)
    await this.press('Enter')
  }

  /** A button with a search over a list below it. */
  async pickFrom(button, what) {
    await this.push('button', button)
    await this.page.getByRole('combobox').and(this.page.locator(':focus')).waitFor()
    await this.type(what)
    await this.press('Enter')
  }

  /** Writes into a field instead of what is there. */
  async fill(label, what) {
    await this.to(this.page.getByLabel(label, { exact: typeof label === 'string' }))
    await this.press('Control+a')
    if (what) await this.type(what)
    else await this.press('Delete')
  }

  async toggle(name, on) {
    const target = await this.to(this.page.getByRole('switch', { name, exact: true }))
    if ((await target.getAttribute('aria-checked')) !== `${on}`) await this.press('Space')
    assert.equal(await target.getAttribute('aria-checked'), `${on}`, name)
  }

  /** A radio group is one stop; the arrows go through it. */
  async choose(group, option) {
    const radios = this.page.getByRole('group', { name: group, exact: true }).getByRole('radio')
    const wanted = this.page.getByRole('group', { name: group, exact: true }).getByRole('radio', { name: option, exact: true })
    await this.to(radios.and(this.page.locator(':checked')))
    for (let i = 0; i < 20 && !(await wanted.isChecked()); i++) await this.press('ArrowRight')
    assert.ok(await wanted.isChecked(), option)
  }

  /** A list box of the system: from its top by the arrow. */
  async pick(label, option) {
    const target = await this.to(this.page.getByLabel(label, { exact: true }))
    await this.press('Home')
    const chosen = () => target.evaluate((el) => [el.selectedOptions[0].text, el.selectedIndex === el.options.length - 1])
    for (let i = 0; i < 500; i++) {
      const [shown, last] = await chosen()
      if (shown.startsWith(option)) return
      if (last) break
      await this.press('ArrowDown')
    }
    throw new Error(`no «${option}» in «${label}»`)
  }

  async screen(id) {
    await this.push('link', ru(SCREENS[id]))
    await this.page.getByRole('main', { name: ru(SCREENS[id]), exact: true }).waitFor()
  }

  /** As soon as it may be pressed: while a save before is on its way it does nothing. */
  async save() {
    const button = this.page.getByRole('button', { name: ru('btn.save'), exact: true })
    await until('it may be saved', async () => (await button.getAttribute('aria-disabled')) !== 'true')
    await this.push('button', ru('btn.save'))
    await this.shows(ru('set.saved'))
  }

  shows(what) {
    return until(`the page says «${what}»`, async () => (await this.page.locator('body').innerText()).includes(what))
  }

  async signIn(login, password) {
    await this.page.goto(`${this.url}/console/`)
    await this.fill(ru('signin.login'), login)
    await this.fill(ru('signin.password'), password)
    await this.press('Enter')
    await this.page.getByRole('navigation', { name: ru('nav.workspace') }).waitFor()
  }

  async api(method, path, body) {
    const { status, said } = await request(this.page, method, path, body)
    return { status, ...said }
  }
}

test('settings by keyboard alone', { timeout: WHOLE }, async (t) => {
  const recover = async () => shop && page.goto(`${house.url}/console/settings/${shop.id}`) // for the next step, whatever stood open
  const step = house.steps(t, { goOn: true, recover })
  const admin = await Hands.sitDown('admin')
  const { page } = admin
  let shop, books
  const of = (project) => `/admin/projects/${project.id}`
  const settings = (project = shop) => admin.api('GET', of(project))
  const me = async (who = admin, project = shop) => (await who.api('GET', '/operator/me')).projects.find((p) => p.id === project.id)

  await step('an administrator comes to the settings by Tab and Enter (R-003)', async () => {
    await admin.signIn('admin@demo.otklik', 'otklik-admin')
    const { projects } = await admin.api('GET', '/admin/projects')
    shop = projects.find((p) => p.widget_key === 'zavarka')
    books = projects.find((p) => p.widget_key === 'knigi')
    await admin.push('link', ru('nav.settings'))
    await admin.pickFrom(new RegExp(`^${literally(ru('project.select'))}`), shop.name)
    await page.getByRole('button', { name: `${ru('project.select')}: ${shop.name}` }).waitFor()
  }, { goOn: false })

  await step('labels: text, colour, department; switched off, deleted (R-068, R-070, D-45)', async () => {
    await admin.screen('labels')
    await admin.push('button', ru('btn.add'))
    await focused(page.getByLabel(ru('set.text'), { exact: true }))
    await admin.push('button', ru('btn.save'))
    await admin.shows(ru('form.required'))
    await admin.fill(ru('set.text'), 'Оптовый покупатель')
    await admin.choose(ru('label.color'), ru('color.2'))
    await admin.pick(ru('dept.one'), 'Продажи')
    await admin.save()
    const made = async () => (await admin.api('GET', `${of(shop)}/labels`)).items.find((l) => l.text === 'Оптовый покупатель')
    assert.deepEqual((({ color, active, department }) => ({ color, active, department: department.name }))(await made()), { color: 2, active: true, department: 'Продажи' })

    await admin.push('button', ru('btn.add'))
    await admin.fill(ru('set.text'), 'оптовый ПОКУПАТЕЛЬ')
    await admin.pick(ru('dept.one'), 'Продажи')
    await admin.push('button', ru('btn.save'))
    await admin.shows(ru('label.exists'))
    await admin.push('button', ru('btn.cancel'))

    await admin.push('link', /^Оптовый покупатель/)
    await admin.toggle(ru('label.active'), false)
    await admin.save()
    assert.equal((await made()).active, false)
    await admin.push('button', ru('btn.delete'))
    const ask = page.getByRole('alertdialog')
    await ask.waitFor()
    await admin.press('Escape') // the safe way out
    assert.ok(await made())
    await focused(page.getByRole('button', { name: ru('btn.delete'), exact: true }))
    await admin.press('Enter')
    await ask.waitFor()
    await admin.push('button', ru('btn.delete'), {})
    await until('it is deleted', async () => !(await made()))
  })

  await step('who may create labels in the card (R-072, D-03)', async () => {
    await admin.screen('labels')
    for (const level of ['who.admin', 'who.operator']) {
      await admin.choose(ru('set.label.from'), ru(level))
      await admin.save()
    }
    const oleg = await Hands.sitDown('oleg')
    await oleg.signIn('oleg@demo.otklik', 'otklik-oleg')
    assert.equal((await me(oleg)).may_create_labels, true)
  })

  await step('an operator has templates of his own and nothing else (R-053, D-03)', async () => {
    const oleg = new Hands(house.pages.oleg, house.url)
    await oleg.push('link', ru('nav.settings'))
    await oleg.page.getByRole('main', { name: ru('win.templates'), exact: true }).waitFor()
    const menu = oleg.page.getByRole('navigation', { name: ru('nav.settings') })
    assert.deepEqual(await menu.getByRole('link').allInnerTexts(), [ru('win.templates')])
    await oleg.push('button', ru('btn.add'))
    await oleg.fill(ru('set.name'), 'Отложить товар')
    await oleg.fill(ru('set.template.command'), '/отложить')
    await oleg.fill(ru('set.text'), 'Отложил для вас')
    await oleg.save()
    const at = /settings\/([^/]+)/.exec(oleg.page.url())[1]
    assert.equal((await oleg.api('GET', `/admin/projects/${at}/templates`)).items[0].own, true)
    assert.ok(!(await admin.api('GET', `/admin/projects/${at}/templates`)).items.some((x) => x.title === 'Отложить товар'), 'a colleague sees it')
  })

  await step('templates: a name at the cursor, the preview (R-053, D-35)', async () => {
    await admin.screen('templates')
    await admin.push('button', ru('btn.add'))
    await admin.fill(ru('set.name'), 'Самовывоз')
    await admin.fill(ru('set.template.command'), '/самовывоз')
    await admin.fill(ru('set.text'), ', вечером возим с 18:00')
    await admin.press('Control+Home')
    await admin.push('button', `${ru('set.template.insert')}: {имя посетителя}`)
    await admin.shows(`${ru('set.template.sample')}, вечером возим с 18:00`)
    await admin.save()
    const made = (await admin.api('GET', `${of(shop)}/templates`)).items.find((x) => x.command === 'самовывоз')
    assert.equal(made.text, '{имя посетителя}, вечером возим с 18:00')
  })

  await step('departments: members, hours of a week, a date, the state now (I-05, D-22)', async () => {
    await admin.screen('departments')
    await admin.push('button', ru('btn.add'))
    await admin.fill(ru('set.name'), 'Опт')
    await admin.pickFrom(ru('set.dept.add'), 'Вера')
    await admin.toggle(ru('set.hours.always'), false)
    await admin.to(page.getByRole('radiogroup', { name: ru('set.hours.day') }).locator(':checked'))
    for (let i = 0; i < 7 && !(await page.getByRole('radio', { name: new RegExp(`^${ru('day.1')}`) }).isChecked()); i++) await admin.press('ArrowUp')
    await admin.fill(`${ru('set.day.1')}: ${ru('set.hours.from')}`, '930')
    await admin.fill(`${ru('set.day.1')}: ${ru('set.hours.to')}`, '13')
    await admin.push('button', `${ru('set.hours.add')}: ${ru('set.day.1')}`)
    await admin.fill(`${ru('set.day.1')}: ${ru('set.hours.from')} 2`, '12')
    await admin.push('button', ru('btn.save'))
    await admin.shows(ru('set.hours.overlap'))
    await admin.fill(`${ru('set.day.1')}: ${ru('set.hours.from')} 2`, '14:00')
    await admin.fill(`${ru('set.day.1')}: ${ru('set.hours.to')} 2`, '24')
    await admin.to(page.getByRole('button', { name: ru('set.hours.copy'), exact: true }), { back: true })
    await admin.press('Enter')
    await admin.push('button', ru('set.hours.addDate'))
    await admin.save()
    const d = (await admin.api('GET', `${of(shop)}/departments`)).items.find((x) => x.name === 'Опт')
    assert.ok(d.members.some((m) => m.name === 'Вера Кузнецова'))
    assert.deepEqual(d.hours.week.map((x) => x.map((y) => `${y.from}-${y.to}`).join()), [...Array(5).fill('09:30-13:00,14:00-24:00'), '', ''])
    assert.deepEqual(d.hours.exceptions.map((e) => e.intervals), [[]])
    await admin.shows(d.now.open ? 'Сейчас открыто' : 'Сейчас закрыто')
  })

  await step('departments in use are deactivated, not deleted', async () => {
    await admin.screen('departments')
    await admin.push('button', ru('btn.add'))
    await admin.fill(ru('set.name'), 'Возврат')
    await admin.save()
    await admin.toggle(ru('label.active'), false)
    await admin.save()
    assert.equal((await admin.api('GET', `${of(shop)}/departments`)).items.find((x) => x.name === 'Возврат').active, false)
    assert.ok(!(await me()).departments.some((x) => x.name === 'Возврат'))
  })

  await step('operators: a limit, and the new one signs in (I-06, R-031)', async () => {
    await admin.screen('operators')
    await admin.push('button', ru('btn.add'))
    await admin.fill(ru('set.operator.name'), 'Динара Сейтова')
    await admin.fill(ru('signin.login'), 'anna@demo.otklik')
    await admin.fill(ru('signin.password'), 'коротко')
    assert.equal(await admin.page.getByLabel(ru('set.operator.atOnce'), { exact: true }).inputValue(), '10', 'the default (D-29)')
    await admin.fill(ru('set.operator.atOnce'), '3')
    await admin.push('button', ru('btn.save'))
    await admin.shows(ru('set.tooShort', { min: 10 }))
    await admin.fill(ru('signin.password'), 'otklik-dinara')
    await admin.push('button', ru('btn.save'))
    await admin.shows(ru('set.operator.exists'))
    await admin.fill(ru('signin.login'), 'dinara@demo.otklik')
    await admin.save()
    const dinara = await Hands.sitDown('dinara')
    await dinara.signIn('dinara@demo.otklik', 'otklik-dinara')
    const limit = async () => (await dinara.api('GET', '/operator/me')).operator.dialog_limit
    assert.equal(await limit(), 3)
    await admin.toggle(ru('limit.none'), true)
    await admin.save()
    assert.equal(await limit(), undefined)
    await admin.toggle(ru('limit.none'), false)
    await admin.fill(ru('set.operator.atOnce'), '3')
    await admin.save()
  })

  await step('access: granted and taken away on an open console; the last administrator stays (R-007, R-008, D-03)', async () => {
    await admin.screen('access')
    const cell = (who, level) => page.getByRole('button', { name: `${who}, ${shop.name}: ${level}`, exact: true })
    const grant = async (who, from, to) => {
      await admin.to(cell(who, ru(from)))
      await admin.press('Enter')
      await page.getByRole('menuitemradio').first().waitFor()
      const wanted = page.getByRole('menuitemradio', { name: new RegExp(`^${literally(ru(to))}`) })
      for (let i = 0; i < 6 && !(await wanted.evaluate((el) => el === document.activeElement)); i++) await admin.press('ArrowDown')
      for (let i = 0; i < 6 && !(await wanted.evaluate((el) => el === document.activeElement)); i++) await admin.press('ArrowUp')
      await admin.press('Enter')
    }
    await grant('Динара Сейтова', 'set.access.none', 'who.operator')
    await cell('Динара Сейтова', ru('who.operator')).waitFor()
    const dinara = new Hands(house.pages.dinara, house.url)
    await until('Dinara has the project within 5 s', async () => (await me(dinara))?.level === 'operator', 5000)
    await grant('Администратор', 'who.admin', 'who.senior')
    await admin.shows(ru('set.lastAdmin'))
    await cell('Администратор', ru('who.admin')).waitFor()
    await grant('Динара Сейтова', 'who.operator', 'set.access.none')
    await until('Dinara has it no more', async () => !(await me(dinara)), 5000)
  })

  await step('operators: the account of one who also works elsewhere stands still, and it says why (D-03, I-03)', async () => {
    const dinara = new Hands(house.pages.dinara, house.url)
    const { items } = await admin.api('GET', '/admin/operators?q=Динара')
    const level = (level) => admin.api('PUT', `/admin/access/${items[0].id}/${shop.id}`, { level })
    await level('admin')
    await until('she has a shop of her own', async () => (await dinara.api('POST', '/admin/projects', { name: 'Лавка Динары', time_zone: 'Asia/Almaty' })).status === 201)
    await level('none')
    await admin.screen('operators')
    await admin.push('link', /^Динара Сейтова/)
    await admin.shows(ru('set.operator.elsewhere', { screen: ru('nav.access') }))
    for (const name of ['set.operator.name', 'signin.login', 'signin.password']) assert.ok(await page.getByLabel(ru(name), { exact: true }).isDisabled(), name)
    await page.getByText(ru('label.active'), { exact: true }).click()
    assert.equal(await page.getByRole('switch', { name: ru('label.active') }).getAttribute('aria-checked'), 'true')
    await house.state(page, 'an operator who also works elsewhere')
  })

  await step('project and widget: what sites get (R-006, D-02)', async () => {
    await admin.screen('project')
    await admin.fill(ru('set.widget.accent'), '#12')
    await admin.push('button', ru('btn.save'))
    await admin.shows(ru('set.widget.accentBad'))
    await admin.fill(ru('set.widget.accent'), '#7A2E3A')
    await admin.choose(ru('set.widget.side'), ru('set.widget.left'))
    await admin.fill(ru('set.widget.greeting'), 'Добрый день! Чай или кофе?')
    await admin.toggle(ru('set.widget.choice'), false)
    await admin.save()
    const widget = await admin.api('GET', `/widgets/${shop.widget_key}`)
    assert.deepEqual([widget.accent.toUpperCase(), widget.side, widget.greeting], ['#7A2E3A', 'left', 'Добрый день! Чай или кофе?'])
    await admin.push('button', ru('set.widget.copy'))
    await admin.shows(ru('claim.copied'))
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), (await settings()).snippet)
  })

  await step('long wait: bounds, and a colleague who was faster (D-07)', async () => {
    await admin.screen('priority')
    await admin.fill(ru('queue.longWait'), '29')
    await admin.push('button', ru('btn.save'))
    await admin.shows(ru('set.whole', { min: 30, max: 3600 }))
    await admin.fill(ru('queue.longWait'), '245')
    const { rev } = await settings()
    assert.equal((await admin.api('PATCH', of(shop), { rev, long_wait_seconds: 600 })).status, 200)
    await admin.push('button', ru('btn.save'))
    await admin.shows(ru('set.newer', { value: 600 }))
    assert.equal(await page.getByLabel(ru('queue.longWait'), { exact: true }).inputValue(), '245')
    await admin.save()
    assert.equal((await me()).long_wait_seconds, 245)
  })

  await step('leaving with something typed asks: by a link, and by going back', async () => {
    await admin.screen('priority')
    await admin.fill(ru('queue.longWait'), '300')
    await admin.push('link', ru('set.elements'))
    await page.getByRole('alertdialog').waitFor()
    await admin.press('Escape')
    assert.equal(await page.getByLabel(ru('queue.longWait'), { exact: true }).inputValue(), '300')
    await page.goBack()
    await page.getByRole('alertdialog').waitFor()
    await admin.push('button', ru('set.leave'))
    await until('he is elsewhere', async () => !page.url().endsWith('/priority'))
    assert.equal((await settings()).long_wait_seconds, 245)
  })

  await step('automatic closing (D-40)', async () => {
    await admin.screen('closing')
    await admin.toggle(ru('set.closing.on'), false)
    await admin.toggle(ru('set.closing.on'), true)
    await admin.fill(ru('set.closing.after'), '45')
    await admin.save()
    assert.equal((await settings()).auto_close_minutes, 45)
    assert.equal((await me()).auto_close_minutes, 45)
    await admin.toggle(ru('set.closing.on'), false)
    await admin.save()
    assert.equal((await settings()).auto_close_minutes, 0)
  })

  await step('chat elements: rating off and on, its time (R-061, D-68)', async () => {
    await admin.screen('elements')
    await admin.toggle(ru('set.rating'), false)
    await admin.save()
    assert.equal((await me()).rating, false)
    await admin.toggle(ru('set.rating'), true)
    await admin.fill(ru('set.rating.prompt'), '2')
    await admin.save()
    assert.equal((await settings()).rating_prompt_seconds, 7200)
  })

  await step('contact request: fields, consent, before the talk (R-049, D-34, D-41)', async () => {
    await admin.screen('contacts')
    await admin.toggle(ru('set.contacts.enabled'), true)
    await admin.toggle(ru('set.contacts.before'), true)
    for (const field of ['card.name', 'card.phone', 'card.email']) await admin.choose(ru(field), ru('set.contacts.hidden'))
    await admin.push('button', ru('btn.save'))
    await admin.shows(ru('set.contacts.noFields'))
    await admin.choose(ru('card.phone'), ru('set.contacts.required'))
    await admin.fill(ru('set.contacts.consent'), 'Согласен на обработку')
    await admin.fill(ru('set.contacts.url'), 'https://example.com/consent')
    await admin.save()
    const { form } = await settings()
    assert.deepEqual([form.enabled, form.before, form.name, form.phone, form.email, form.consent_text, form.consent_url], [true, true, 'hidden', 'required', 'hidden', 'Согласен на обработку', 'https://example.com/consent'])
    assert.equal((await me()).form_enabled, true)
  })

  await step('working hours of the widget (D-22)', async () => {
    const { rev } = await settings()
    const empty = { always: true, week: [[], [], [], [], [], [], []], exceptions: [] }
    await admin.api('PATCH', of(shop), { rev, hours: empty })
    await admin.screen('hours')
    await admin.toggle(ru('set.hours.always'), false)
    await admin.save()
    assert.deepEqual((await settings()).hours.week[0], [{ from: '09:00', to: '18:00' }])
    await admin.toggle(ru('set.hours.always'), true)
    await admin.save()
    assert.equal((await settings()).hours.always, true)
  })

  await step('tagging: the warning, the examples (R-102, R-103, R-104, D-54, M-56)', async () => {
    await admin.pickFrom(new RegExp(`^${literally(ru('project.select'))}`), books.name)
    await page.getByRole('button', { name: `${ru('project.select')}: ${books.name}` }).waitFor()
    await admin.screen('tags')
    await admin.toggle(ru('set.tag.on'), true)
    await admin.shows(ru('tag.noneActive'))
    await admin.save()
    assert.equal((await me(admin, books)).tagging, false, 'on without active tags is off')
    for (const tag of ['tag.sale', 'tag.lead', 'tag.request', 'tag.repeat']) {
      await admin.push('button', `${ru('btn.add')}: ${ru(tag)}`)
      await page.getByRole('link', { name: new RegExp(`^${ru(tag)}`) }).waitFor()
    }
    assert.ok(!(await page.locator('body').innerText()).includes(ru('tag.noneActive')))
    assert.deepEqual([(await me(admin, books)).tagging, (await me(admin, books)).tags.length], [true, 4])
    await admin.push('link', new RegExp(`^${ru('tag.lead')}`))
    await admin.fill(ru('set.name'), 'Новый лид')
    await admin.save()
    assert.ok((await me(admin, books)).tags.some((x) => x.name === 'Новый лид'))
  })

  await step('blocked addresses by hand, and lifted (R-083, R-088, D-48, D-50)', async () => {
    await admin.screen('blocks')
    await admin.fill(ru('det.ip'), '203.0.113.0/24')
    await admin.press('Enter')
    await admin.shows(ru('set.block.bad'))
    await admin.fill(ru('det.ip'), '::ffff:203.0.113.77')
    await admin.fill(ru('card.comment'), 'Спам с формы')
    await admin.press('Enter')
    await admin.shows(ru('set.block.added', { ip: '203.0.113.77' }))
    await admin.fill(ru('det.ip'), '203.0.113.77')
    await admin.press('Enter')
    await admin.shows(ru('set.block.exists'))
    const rows = async (source) => (await admin.api('GET', `${of(books)}/blocks?source=${source}`)).items
    assert.deepEqual((await rows('manual')).map((b) => [b.ip, b.note]), [['203.0.113.77', 'Спам с формы']])
    assert.equal((await admin.api('PUT', `${of(books)}/blocks`, { source: 'system', ips: ['192.0.2.10'] })).status, 200)
    await admin.push('button', `${ru('btn.delete')}: 203.0.113.77`)
    await page.getByRole('alertdialog').waitFor()
    await admin.push('button', ru('btn.delete'))
    await until('it is lifted', async () => !(await rows('manual')).length)
    await admin.to(page.getByRole('tab', { name: ru('act.blockList') }), { back: true })
    await admin.press('ArrowRight')
    await admin.shows('192.0.2.10')
    assert.equal(await page.getByRole('button', { name: new RegExp(`^${ru('btn.delete')}`) }).count(), 0, 'the system list is read only')
    await admin.press('ArrowRight')
    await admin.fill(ru('set.block.secret'), 'тайна')
    await admin.save()
    assert.equal((await settings(books)).block_secret_set, true)
  })

  await step('a new project (R-005)', async () => {
    await admin.push('button', new RegExp(`^${literally(ru('project.select'))}`))
    await admin.push('button', ru('set.project.new'))
    await admin.fill(ru('set.project.name'), 'Сад за окном')
    await admin.press('Enter')
    await page.getByRole('button', { name: `${ru('project.select')}: Сад за окном` }).waitFor()
    assert.ok((await admin.api('GET', '/admin/projects')).projects.some((p) => p.name === 'Сад за окном'))
  })

  await step('the log of actions: who, what, before and after, by filters (I-13)', async () => {
    await admin.screen('audit')
    await admin.pick(ru('project.one'), shop.name)
    await admin.pick(ru('set.audit.action'), ru('set.act.settings'))
    const table = page.getByRole('region', { name: ru('set.audit') })
    await until('the long wait stands there from 600 to 245', async () => /Долгое ожидание: 600.*245/.test((await table.innerText()).replace(/\s+/g, ' ')))
    await admin.pick(ru('who.operator'), 'Анна')
    await admin.shows(ru('search.none'))
    await admin.pick(ru('who.operator'), ru('set.audit.anyone'))
    await admin.pick(ru('set.audit.action'), ru('set.act.access'))
    await until('access changed is there', async () => (await table.innerText()).includes(ru('nav.accessLevel')))
    await until('and whose it was, by name', async () => (await table.innerText()).replace(/\s+/g, ' ').includes(`${ru('who.operator')}: Динара Сейтова`))
  })

  await step('every screen in three languages, light and dark, wide and narrow: axe, no keys, nothing cut off (R-001, D-56, D-62)', async () => {
    // Something in each list.
    await admin.api('POST', `${of(shop)}/labels`, { text: 'Ждёт поставку', color: 3, active: true })
    await admin.api('POST', `${of(shop)}/labels`, { text: 'Звонить после 19', color: 10, active: false })
    const bad = []
    // Each language wide and narrow; each width light and dark.
    for (const [lang, width, theme] of [['ru', 1440, 'light'], ['ru', 768, 'dark'], ['en', 1440, 'dark'], ['en', 768, 'light'], ['kk', 1440, 'light'], ['kk', 1180, 'light'], ['kk', 768, 'light']]) {
      await page.setViewportSize({ width, height: width === 768 ? 1024 : 900 })
      await page.evaluate(([l, t]) => {
        localStorage.setItem('otklik.locale', l)
        localStorage.setItem('otklik.theme', t)
      }, [lang, theme])
      for (const [screen, key] of Object.entries(SCREENS)) {
        await page.goto(`${house.url}/console/settings/${shop.id}/${screen}`)
        await page.getByRole('main', { name: say(lang, key), exact: true }).waitFor()
        await page.locator('.ed').waitFor()
        if (['templates', 'labels', 'departments', 'operators', 'tags'].includes(screen)) {
          await page.locator('a.li').last().focus()
          await page.keyboard.press('Enter')
          await page.locator('a.li[aria-current]').waitFor()
        }
        await page.locator('.sk').first().waitFor({ state: 'detached' })
        const name = `${screen} ${lang} ${width} ${theme}`
        await house.picture(page, name)
        if (screen === 'access' && !(await isWholeOrShaded(page.locator('.table')))) bad.push(`${name}: cut with nothing that says so`)
        if (lang === 'ru' || theme === 'dark') bad.push(...(await violations(page)).map((v) => `${name}: ${v}`))
        const keys = (await rawKeys(page)).concat(await rawWords(page))
        if (keys.length) bad.push(`${name}: keys ${keys}`)
        bad.push(...(await misfits(page)).map((m) => `${name}: ${m}`))
      }
    }
    assert.deepEqual(bad, [])
  })
})

/** What is wider than its frame has a shade of its own at the side. */
function isWholeOrShaded(table) {
  return table.evaluate((el) => el.scrollWidth <= el.clientWidth || getComputedStyle(el).backgroundAttachment.includes('local'))
}

async function rawWords(page) {
  const shown = await page.locator('body').innerText()
  return Object.keys(words.ru).filter((k) => shown.includes(k))
}

test('the first start: the code, the first administrator, the first project; then the door is closed', { timeout: WHOLE, skip: !!process.env.OTKLIK_E2E_URL }, async () => {
  const empty = await startOtklik({ empty: true })
  try {
    const code = await until('the server has printed a code', () => /code=(\S+)/.exec(empty.logs())?.[1])
    const first = await Hands.sitDown('first', empty.url)
    const { page } = first
    await page.goto(`${empty.url}/console/`)
    await page.getByRole('heading', { name: ru('set.setup.title') }).waitFor()
    await house.state(page, 'the first setup')
    await first.fill(ru('set.setup.code'), 'AAAAA')
    await first.fill(ru('set.setup.name'), 'Вера')
    await first.fill(ru('signin.login'), 'vera@example.com')
    await first.fill(ru('signin.password'), 'short')
    await first.fill(ru('set.setup.project'), 'Лавка')
    await first.press('Enter')
    await first.shows(ru('set.tooShort', { min: 10 }))
    await first.fill(ru('signin.password'), 'long-enough-1')
    await first.press('Enter')
    await first.shows(ru('set.setup.codeBad'))
    await first.fill(ru('set.setup.code'), code)
    await first.press('Enter')
    await page.getByRole('main', { name: ru('set.project'), exact: true }).waitFor()
    assert.equal((await first.api('GET', '/admin/projects')).projects[0].name, 'Лавка')
    const second = await Hands.sitDown('second', empty.url)
    await second.page.goto(`${empty.url}/console/setup`)
    await second.page.getByRole('heading', { name: ru('signin.title') }).waitFor()
    assert.equal((await second.api('GET', '/setup')).open, false)
  } finally {
    await empty.stop()
  }
})
