// The people of the story: what they do and see, by role and accessible name, with the texts of the product.
import { readFileSync } from 'node:fs'
import { as, command, request } from './requests.mjs'

const texts = Object.fromEntries(
  ['ru', 'en', 'kk'].map((l) => [l, JSON.parse(readFileSync(new URL(`../texts/${l}.json`, import.meta.url), 'utf8'))]),
)
export const keys = Object.keys(texts.ru)

export function text(lang, key, params = {}) {
  const found = texts[lang][key]
  if (found === undefined) throw new Error(`no text ${key} in ${lang}`)
  return found.replace(/\{(\w+)\}/g, (_, name) => params[name] ?? `{${name}}`)
}
/** All texts of a language that stand for themselves. */
export const allTexts = (lang) => Object.values(texts[lang]).filter((s) => !s.includes('{'))
export const ru = (key, params) => text('ru', key, params)

/** A name that begins with the text of a key. */
const starts = (s) => new RegExp('^' + s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))

/** Asks again until it is so; `what` names it when it never is. */
export async function until(what, is, within = 15_000) {
  const end = Date.now() + within
  let last
  for (;;) {
    try {
      last = await is()
      if (last) return last
    } catch (e) {
      last = e
    }
    if (Date.now() > end) throw new Error(`not so within ${within} ms: ${what} (${last instanceof Error ? last.message : JSON.stringify(last)})`)
    await new Promise((r) => setTimeout(r, 50))
  }
}

export const focused = (locator) => until(`the focus is on ${locator}`, () => locator.evaluate((el) => el === document.activeElement))

/** The file a page has handed to the system's «where to save» window. */
export async function savedFile(page) {
  const { name, bytes } = await until('the page hands a file over', () => page.evaluate(() => window.saved))
  return { name, text: Buffer.from(bytes).toString('utf8') }
}

/** Texts that are not all there exactly once and in this order: '' when they are. */
export function disorder(shown, wanted) {
  let at = -1
  for (const w of wanted) {
    const count = shown.split(w).length - 1
    if (count !== 1) return `${count} times: ${w}`
    const here = shown.indexOf(w)
    if (here < at) return `too early: ${w}`
    at = here
  }
  return ''
}

/** Every text a page shows or tells a screen reader, the open shadow roots included. */
function everything() {
  const out = []
  const walk = (root) => {
    for (const el of root.querySelectorAll('*')) {
      for (const a of ['aria-label', 'title', 'placeholder', 'alt']) if (el.hasAttribute(a)) out.push(el.getAttribute(a))
      for (const n of el.childNodes) if (n.nodeType === 3 && !/^(SCRIPT|STYLE)$/.test(el.tagName)) out.push(n.data)
      if (el.shadowRoot) walk(el.shadowRoot)
    }
  }
  walk(document)
  return out.join('\n')
}

/** Keys of texts that a page shows instead of the texts. */
export async function rawKeys(page) {
  const shown = await page.evaluate(everything)
  return keys.filter((k) => k.includes('.') && new RegExp(`(^|[^\\w.])${k.replaceAll('.', '\\.')}($|[^\\w.])`, 'm').test(shown))
}

export class Operator {
  constructor(page, url, login, password) {
    Object.assign(this, { page, url, login, password })
  }

  async signIn() {
    await this.page.goto(`${this.url}/console/`)
    await this.page.getByLabel(ru('signin.login')).fill(this.login)
    await this.page.getByLabel(ru('signin.password')).fill(this.password)
    await this.page.getByRole('button', { name: ru('signin.submit') }).click()
    await this.tab('unassigned').waitFor()
    const me = await this.page.evaluate(() => fetch('/api/v1/operator/me').then((r) => r.json()))
    this.name = me.operator.name
    this.projects = me.projects
  }

  tab(group, lang = 'ru') {
    return this.page.getByRole('tab', { name: new RegExp(text(lang, `tab.${group}`) + '$') })
  }

  async project(name) {
    const select = this.page.getByRole('button', { name: starts(ru('project.select')) })
    if ((await select.getAttribute('aria-label')).endsWith(name)) return
    await select.click()
    await this.page.getByRole('option', { name: starts(name) }).click()
    await this.page.getByRole('button', { name: `${ru('project.select')}: ${name}` }).waitFor()
  }

  rows() {
    return this.page.getByRole('listbox', { name: ru('list.title') })
  }

  /** How many dialogs a tab says it has. */
  async count(group) {
    return Number.parseInt(await this.tab(group).innerText(), 10)
  }

  /** The row whose accessible name holds a text. */
  row(containing) {
    return this.rows().getByRole('option', { name: new RegExp(containing) })
  }

  /** The row of a dialog, whatever it says now. */
  rowOf(dialogId) {
    return this.rows().locator(`[role=option][data-row="${dialogId}"]`)
  }

  /** Dialogs of the list as they stand, from its top. */
  async order() {
    const rows = await this.rows().locator('[role=option][data-row]').evaluateAll((els) => els.map((el) => [+el.getAttribute('aria-posinset'), el.dataset.row]))
    return rows.sort(([a], [b]) => a - b).map(([, id]) => id)
  }

  /** What the row of a dialog says to a screen reader. */
  says(dialogId) {
    return this.rowOf(dialogId).getAttribute('aria-label')
  }

  /** What the eye sees of a row: the option lies under it. */
  face(dialogId) {
    return this.rows().locator(`.row:has([data-row="${dialogId}"])`)
  }

  /** Looks through the tabs until exactly these have the dialog. */
  isIn(dialogId, groups) {
    return until(`${this.name} has ${dialogId} in ${groups}`, async () => {
      for (const group of ['mine', 'important', 'unassigned', 'all']) {
        await this.tab(group).click()
        const row = this.rowOf(dialogId)
        await (groups.includes(group) ? row.waitFor({ timeout: 3_000 }) : row.waitFor({ state: 'detached', timeout: 3_000 }))
      }
      return true
    })
  }

  card() {
    return this.page.getByRole('complementary', { name: ru('card.title') })
  }

  window() {
    return this.page.getByRole('main', { name: ru('win.title') })
  }

  log() {
    return this.window().getByRole('log', { name: ru('win.messages') })
  }

  input() {
    return this.window().getByRole('textbox', { name: ru('win.placeholder') })
  }

  async say(message) {
    await this.input().fill(message)
    await this.input().press('Enter')
  }

  sees(message, within) {
    return until(`${this.name} sees «${message}»`, async () => (await this.log().innerText()).includes(message), within)
  }

  request(method, path, body) {
    return request(this.page, method, path, body)
  }

  as(method, path, body) {
    return as(this.page, method, path, body)
  }

  command(method, path, body) {
    return command(this.page, method, path, body)
  }

  /** Reads and answers without the screen. */
  async answers(dialogId, text) {
    const { head_seq } = await this.as('GET', `/operator/dialogs/${dialogId}`)
    await this.as('POST', `/operator/dialogs/${dialogId}/read`, { seq: head_seq })
    return this.command('POST', `/operator/dialogs/${dialogId}/messages`, { text, seen_seq: 0 })
  }

  /** Ends the session without the screen, with the first tag of the project if it asks for one. */
  async leaves(dialogId) {
    const { head_seq, row } = await this.as('GET', `/operator/dialogs/${dialogId}`)
    const { tags } = this.projects.find((p) => p.id === row.project_id)
    return this.command('POST', `/operator/dialogs/${dialogId}/leave`, { last_seen_seq: head_seq, ...(tags.length ? { tags: [tags[0].id] } : {}) })
  }

  async open(dialogId) {
    await this.rowOf(dialogId).click()
    await this.log().waitFor()
  }

  button(key) {
    return this.window().getByRole('button', { name: ru(key), exact: true })
  }
}

export class Visitor {
  constructor(page, url) {
    Object.assign(this, { page, url, name: 'the visitor' })
  }

  async come(path = '/demo/') {
    await this.page.goto(this.url + path)
    await this.openChat()
  }

  async openChat(lang = 'ru') {
    await this.page.getByRole('button', { name: starts(text(lang, 'widget.open')) }).click()
    await this.input(lang).waitFor()
  }

  /** The same page with another language written at its script tag. */
  async speaks(lang) {
    await this.page.unrouteAll()
    await this.page.route(this.page.url(), async (route) => {
      const page = await route.fetch()
      const body = (await page.text()).replace(' data-key=', ` data-lang="${lang}" data-key=`)
      await route.fulfill({ response: page, body })
    })
    await this.page.reload()
    await this.openChat(lang)
  }

  panel() {
    return this.page.getByRole('dialog')
  }

  log() {
    return this.panel().getByRole('log')
  }

  input(lang = 'ru') {
    return this.panel().getByRole('textbox', { name: text(lang, 'win.placeholder') })
  }

  async say(message, lang = 'ru') {
    await this.input(lang).fill(message)
    await this.input(lang).press('Enter')
  }

  sees(message, within) {
    return until(`${this.name} sees «${message}»`, async () => (await this.log().innerText()).includes(message), within)
  }
}
