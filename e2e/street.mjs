// A street of shops on another site, each with a project of its own in the Otklik of the house, and their visitors.
import { Desk } from './desk.mjs'
import { startHost } from './host.mjs'
import { text, Visitor } from './people.mjs'

const NEVER = [[], [], [], [], [], [], []]
export const ALWAYS = { always: true, week: NEVER, exceptions: [] }
export const CLOSED = { always: false, week: NEVER, exceptions: [] }

let shops = 0
let visitors = 0

export class Street {
  mine = [] // who sits in front of a page of this test

  constructor(shared) {
    Object.assign(this, shared)
  }

  /** Opens it; `policy` is the Content-Security-Policy of its strict pages. */
  static async open(house, policy) {
    const host = await startHost({ widget: house.url, policy })
    const anna = await Desk.sitDown(house.browser, house.url, 'admin@demo.otklik', 'otklik-admin')
    await calledAnna(anna)
    await anna.connect()
    return new Street({ house, host, anna, boris: await secondAdmin(house, anna) })
  }

  async close() {
    await this.host?.stop()
  }

  /** A shop of its own; nothing of it is seen in other tests. `options` are of its visitors' browsers. */
  async shop(settings = {}, { page: name = 'blank.html', desk = this.anna, query = {}, called, ...options } = {}) {
    const project = await desk.newProject(called ?? `Лавка ${++shops}`, settings)
    const at = (page = name, more = {}) => `${this.host.url}/${page}?${new URLSearchParams({ key: project.widget_key, ...query, ...more })}`
    const newVisitor = async (more = {}) => {
      const who = `visitor ${++visitors}`
      this.mine.push(who)
      const page = await this.house.page(who, { ...options, ...more })
      return Object.assign(new Visitor(page, this.host.url), { errors: errorsOf(page), who })
    }
    return { project, at, newVisitor, dialog: () => desk.dialog(project) }
  }

  /** A visitor on the page of a new shop, before he has opened anything. */
  async visit(settings, options) {
    const place = await this.shop(settings, options)
    const visitor = await place.newVisitor()
    await visitor.page.goto(place.at())
    await launcher(visitor, options?.query?.lang).waitFor()
    return { ...place, visitor, page: visitor.page }
  }

  /** The same with an open panel. */
  async opened(settings, options) {
    const all = await this.visit(settings, options)
    await all.visitor.openChat(options?.query?.lang)
    return all
  }

  /** The same after his first message, which the operator has answered. */
  async talking(settings, options) {
    const all = await this.opened(settings, options)
    await all.visitor.say('Есть ли самовар на три литра?', options?.query?.lang)
    const dialog = await all.dialog()
    await this.anna.say(dialog, 'Есть, на складе четыре')
    await all.visitor.sees('Есть, на складе четыре')
    return { ...all, dialog }
  }

  /** Runs a test on a part of the street of its own: its pages are pictured when it fails and closed when it is over. */
  async within(name, run) {
    const part = new Street({ ...this, mine: [] })
    try {
      await run(part)
    } catch (e) {
      for (const who of part.mine.filter((w) => this.house.pages[w])) await this.house.picture(this.house.pages[who], `failed-${name.slice(0, 60)}-${who}`).catch(() => {})
      throw e
    } finally {
      for (const who of part.mine.filter((w) => this.house.pages[w])) await this.house.leave(who).catch(() => {})
    }
  }
}

async function calledAnna(desk) {
  const { items } = await desk.api('GET', '/admin/operators?q=admin@demo')
  const { id, rev, login, hours } = items[0]
  await desk.api('PUT', `/admin/operators/${id}`, { rev, login, hours, name: 'Анна Иванова' })
  desk.name = 'Анна Иванова'
}

/** An administrator who never comes online: in his shops nobody is there. */
async function secondAdmin(house, anna) {
  const who = { name: 'Борис Ночной', login: 'boris@demo.otklik', password: 'otklik-boris' }
  const { id } = await anna.api('POST', '/admin/operators', { ...who, hours: ALWAYS })
  await anna.api('PUT', `/admin/access/${id}/${anna.projects[0].id}`, { level: 'admin' })
  return Desk.sitDown(house.browser, house.url, who.login, who.password)
}

/** Errors a page must not have: of scripts, and what the browser says of policies. */
export function errorsOf(page) {
  const errors = []
  page.on('pageerror', (e) => errors.push(e.message))
  page.on('console', (m) => /Content Security Policy|Trusted/i.test(m.text()) && errors.push(m.text()))
  return errors
}

export const launcher = (visitor, lang = 'ru') => visitor.page.getByRole('button', { name: text(lang, 'widget.open') })
export const widgetsOf = (page) => page.evaluate(() => [...document.querySelectorAll('*')].filter((el) => el.shadowRoot).length)
