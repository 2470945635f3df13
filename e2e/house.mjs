// The house of a test file: a private Otklik, a browser, and who sits in front of it.
import { after, before } from 'node:test'
import { chromium } from 'playwright-core'
import { axe } from './axe.mjs'
import { query } from './database.mjs'
import { startOtklik } from './otklik.mjs'
import { Operator } from './people.mjs'
import { forget, keep, slug } from './pictures.mjs'
import { desk, guest } from './requests.mjs'

const MOSCOW = { locale: 'ru-RU', timezoneId: 'Europe/Moscow', viewport: { width: 1440, height: 900 }, acceptDownloads: true }

/** Stands from before the tests of a file to their end; `name` is the folder of its pictures; options are startOtklik's. */
export function openHouse(name, options) {
  const house = new House(name, options)
  before(() => house.open(), { timeout: 5 * 60_000 })
  after(() => house.close(), { timeout: 60_000 })
  return house
}

class House {
  pages = {} // by who sits there, for the pictures of a step that failed

  constructor(name, options) {
    Object.assign(this, { name, options })
  }

  async open() {
    forget(this.name)
    this.otklik = await startOtklik(this.options)
    this.url = this.otklik.url
    this.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    })
  }

  async close() {
    await this.browser?.close()
    await this.otklik?.stop()
  }

  /** A page in a context of its own: nobody else's cookies, storage or network. */
  async page(who, options = {}) {
    const context = await this.browser.newContext({ ...MOSCOW, ...options })
    context.setDefaultTimeout(15_000)
    await context.addInitScript(keepWhatIsSaved)
    this.pages[who] = await context.newPage()
    return this.pages[who]
  }

  async leave(who) {
    await this.pages[who].context().close()
    delete this.pages[who]
  }

  /** One of the demo's operators before a console of his own, signed in. */
  async operator(who, options) {
    const operator = new Operator(await this.page(who, options), this.url, `${who}@demo.otklik`, `otklik-${who}`)
    await operator.signIn()
    return operator
  }

  /** The administrator, without a screen. */
  admin() {
    return desk(this.url, 'admin@demo.otklik', 'otklik-admin')
  }

  /** A visitor without a browser: only what he does counts. */
  guest(options) {
    return guest(this.url, options)
  }

  picture(page, name) {
    return keep(page, `${this.name}/${slug(name)}`)
  }

  /** What is seen now: axe finds nothing, and the picture is kept. */
  async state(page, name, options) {
    await axe(page, name, options)
    await this.picture(page, name)
  }

  /** The time all decisions go by is moved on (D-60); the server's stored offset is there for this. */
  async later(seconds) {
    if (!this.otklik.socket) throw new Error('the clock of a server that was not started here is not moved')
    await query(this.otklik.socket, `UPDATE clock SET "offset" = "offset" + interval '${seconds} seconds'`)
  }

  /**
   * Steps of one test, each on what the ones before left: after a failure the rest is skipped, but for a step that says
   * goOn, which nothing builds on. `recover` runs after a failure that does not end it.
   */
  steps(t, { goOn: always = false, recover } = {}) {
    let failed = false
    return (name, run, { goOn = always } = {}) =>
      t.test(name, { skip: failed }, async () => {
        try {
          await run()
        } catch (e) {
          failed = !goOn
          for (const who in this.pages) await this.picture(this.pages[who], `failed-${name.slice(0, 60)}-${who}`).catch(() => {})
          if (process.env.OTKLIK_E2E_LOGS) console.error(this.otklik.logs?.())
          await recover?.().catch(() => {})
          throw e
        }
      })
  }
}

/** The «where to save» window of the system cannot be pressed by a test: what a page hands to it is kept in the page. */
function keepWhatIsSaved() {
  if (!window.showSaveFilePicker) return
  window.showSaveFilePicker = async ({ suggestedName }) => ({
    createWritable: async () => ({
      write: async (blob) => {
        window.saved = { name: suggestedName, bytes: [...new Uint8Array(await blob.arrayBuffer())] }
      },
      close: async () => {},
    }),
  })
}
