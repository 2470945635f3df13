// The widget on pages that are hostile to it (pages/*.html, served from another site): it looks and works as on a blank
// one, and the page does not notice it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { chromium } from 'playwright-core'
import { openHouse } from './house.mjs'
import { ru, until, Visitor } from './people.mjs'
import { launcher, Street, widgetsOf } from './street.mjs'

const house = openHouse('hostile')
let street, anna

const test = (name, run, timeout = 60_000) => it(name, { timeout }, () => street.within(name, run))
const hasForm = { enabled: true, before: true }

/** The lines that docs/widget.md tells a page with a policy to add. */
function documented() {
  const [, lines] = /## Content security policy\n+.*\n+((?: {4}.*\n)+)/.exec(readFileSync(new URL('../docs/widget.md', import.meta.url), 'utf8'))
  return lines.replaceAll('https://chat.example.com', house.url).replaceAll('wss://chat.example.com', house.url.replace('http', 'ws')).replace(/\s+/g, ' ')
}

/** Every property of every element of the widget as the browser has worked it out, and where it stands. */
const looks = (page) =>
  page.evaluate(async () => {
    await Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {})))
    const { shadowRoot } = [...document.querySelectorAll('*')].find((el) => el.shadowRoot)
    return [...shadowRoot.querySelectorAll('.w *')].map((el) => {
      const style = getComputedStyle(el)
      const { x, y, width, height } = el.getBoundingClientRect()
      const all = Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)]))
      const box = height && [x, y, width, height].map(Math.round).join(' ') // what has no height stands nowhere
      return { what: `${el.localName}.${el.getAttribute('class')}`, box, ...all }
    })
  })

/** What differs, one line each. */
function differences(got, wanted) {
  if (got.length !== wanted.length) return [`${got.length} elements, not ${wanted.length}`]
  return wanted.flatMap((want, i) => Object.keys(want).filter((k) => got[i][k] !== want[k]).map((k) => `${want.what} ${k}: ${got[i][k]}, not ${want[k]}`))
}

/** Writes, is answered, and fills in the form. */
async function talk(visitor, dialog) {
  await visitor.say('Слышно?')
  const id = await dialog()
  await anna.hears(id, 'Слышно?')
  await anna.say(id, 'Слышно хорошо')
  await visitor.sees('Слышно хорошо')
  return id
}

/** Keeps what moves on a page from its first moment on, as browsers count it: not what follows from a press or a key. */
const watchShifts = (page) =>
  page.addInitScript(() => {
    window.shifts = []
    const uncalled = (list) => list.getEntries().filter((e) => !e.hadRecentInput)
    new PerformanceObserver((list) => window.shifts.push(...uncalled(list).map((e) => e.value))).observe({ type: 'layout-shift', buffered: true })
  })

describe('the widget on hostile pages', { concurrency: 4 }, () => {
  before(async () => {
    street = await Street.open(house, `default-src 'none'; ${documented()} require-trusted-types-for 'script'; trusted-types 'none'`)
    anna = street.anna
  }, { timeout: 60_000 })
  after(() => street?.close())

  test('rules of the page do not reach it: every property is as on a blank page (all: unset, red, layers, right to left)', async (s) => {
    const { at, newVisitor, project } = await s.shop({ form: hasForm }, { called: 'Лавка' })
    const seen = async (name) => {
      const visitor = await newVisitor()
      await visitor.page.goto(at(name))
      await launcher(visitor).waitFor()
      const closed = await looks(visitor.page)
      await launcher(visitor).click() // where it is seen it is also hit: nothing lies over it
      await visitor.input().waitFor()
      return { visitor, closed, open: await looks(visitor.page) }
    }
    const blank = await seen('blank.html')
    assert.ok(blank.open.length > 20)
    for (const name of ['unset.html', 'red.html', 'layers.html', 'rtl.html']) {
      const here = await seen(name)
      assert.deepEqual(differences(here.closed, blank.closed), [], `${name}, closed`)
      assert.deepEqual(differences(here.open, blank.open), [], `${name}, open`)
      const known = (await anna.dialogs(project)).map((d) => d.id)
      await talk(here.visitor, () => until('his dialog', async () => (await anna.dialogs(project)).find((d) => !known.includes(d.id))?.id))
      await house.picture(here.visitor.page, name)
      assert.deepEqual(here.visitor.errors, [])
      await house.leave(here.visitor.who)
    }
  })

  test('a strict policy: what the documentation lists is enough, and nothing is reported (default-src none, trusted types)', async (s) => {
    const { at, newVisitor, dialog } = await s.shop({ form: hasForm, rating: true })
    const visitor = await newVisitor()
    await visitor.page.addInitScript(() => {
      window.reports = []
      addEventListener('securitypolicyviolation', (e) => window.reports.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`))
    })
    const answer = await visitor.page.goto(at('policy.html', { csp: 1 }))
    assert.match(answer.headers()['content-security-policy'], /default-src 'none'.*require-trusted-types-for 'script'/)
    await visitor.openChat()
    await visitor.panel().getByRole('button', { name: ru('form.title') }).click()
    const id = await talk(visitor, dialog)
    const download = visitor.page.waitForEvent('download')
    await visitor.panel().getByRole('button', { name: ru('act.download') }).first().click()
    await download
    await anna.leaves(id)
    await visitor.panel().getByRole('form', { name: ru('rate.ask') }).waitFor()
    assert.deepEqual(await visitor.page.evaluate(() => window.reports), [])
    assert.deepEqual(visitor.errors, [])
    // the listening itself works
    await visitor.page.evaluate(() => document.body.append(Object.assign(document.createElement('img'), { src: 'https://example.com/x.png' })))
    await until('a violation is reported', async () => (await visitor.page.evaluate(() => window.reports)).length === 1)
  })

  test('a page of 2007: prototypes changed by libraries, quirks mode', async (s) => {
    const { at, newVisitor, dialog } = await s.shop({ form: { ...hasForm, name: 'shown', phone: 'required' } })
    const visitor = await newVisitor()
    await visitor.page.goto(at('prototypes.html'))
    assert.equal(await visitor.page.evaluate(() => document.compatMode), 'BackCompat')
    await visitor.openChat()
    await visitor.panel().getByRole('button', { name: ru('form.title') }).click()
    const form = visitor.panel().getByRole('form', { name: ru('form.title') })
    await form.getByRole('button', { name: ru('win.send') }).click()
    await until('it says what is missing', async () => (await form.innerText()).includes(ru('form.needConsent')))
    await form.getByPlaceholder(ru('card.phone')).fill('+7 900 000-18-42')
    await form.getByRole('checkbox').check()
    await form.getByRole('button', { name: ru('win.send') }).click()
    await visitor.sees(ru('form.thanks'))
    const id = await talk(visitor, dialog)
    assert.deepEqual(await anna.heard(id), ['Слышно?'])
    await visitor.page.goto(at('prototypes.html'))
    await visitor.openChat()
    await visitor.sees('Слышно хорошо')
    const { visit } = await anna.api('GET', `/operator/dialogs/${id}`)
    assert.match(visit.landing_url, /prototypes\.html/)
    assert.deepEqual(visitor.errors, [])
  })

  test('one name of its own, no cookie, no listener of the page undone', async (s) => {
    const { at, newVisitor } = await s.shop()
    const { page, ...visitor } = await newVisitor()
    await page.goto(at('bare.html'))
    const before = await page.evaluate(() => Object.getOwnPropertyNames(window))
    await addTag(page, at)
    await page.getByRole('button', { name: ru('widget.open') }).waitFor()
    const added = (await page.evaluate(() => Object.getOwnPropertyNames(window))).filter((n) => !before.includes(n))
    assert.ok(added.length <= 1, `global names: ${added}`)
    assert.equal(await page.evaluate(() => document.cookie), '')
    assert.deepEqual(visitor.errors, [])
  })

  test('nothing on the page moves: no layout shift, the same size to scroll, the body untouched', async (s) => {
    const { at, newVisitor } = await s.shop()
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      const visitor = await newVisitor({ viewport })
      const { page } = visitor
      await watchShifts(page)
      await page.goto(at('bare.html'))
      const size = () =>
        page.evaluate(() => {
          const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement
          return [scrollWidth, scrollHeight, clientWidth, clientHeight, document.body.children.length, document.body.getAttribute('style'), document.documentElement.getAttribute('style')]
        })
      const was = await size()
      await addTag(page, at)
      await launcher(visitor).waitFor()
      assert.deepEqual(await size(), was)
      await visitor.openChat()
      await visitor.say('Слышно?')
      await visitor.sees('Слышно?')
      assert.deepEqual(await size(), was)
      await page.keyboard.press('Escape')
      await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))))
      assert.deepEqual(await page.evaluate(() => window.shifts), [])
      await until('a shift is seen when there is one', async () => {
        await page.evaluate(() => document.body.prepend(Object.assign(document.createElement('p'), { textContent: 'Сдвиг', style: 'height:200px' })))
        return page.evaluate(() => window.shifts.length > 0)
      })
    }
  })

  test('the tag twice by mistake: one widget', async (s) => {
    const { at, newVisitor, dialog, project } = await s.shop()
    const visitor = await newVisitor()
    await visitor.page.goto(at('twice.html'), { waitUntil: 'networkidle' })
    await launcher(visitor).first().waitFor()
    assert.equal(await widgetsOf(visitor.page), 1)
    await visitor.openChat()
    await talk(visitor, dialog)
    assert.equal((await anna.dialogs(project)).length, 1)
    assert.deepEqual(visitor.errors, [])
  })

  test('storage refused: it works as long as the page lives', async (s) => {
    const { at, newVisitor, dialog } = await s.shop()
    const visitor = await newVisitor()
    await visitor.page.addInitScript(() => {
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException('The operation is insecure.', 'SecurityError')
          },
        })
    })
    await visitor.page.goto(at())
    await visitor.openChat()
    await talk(visitor, dialog)
    await visitor.page.goto(at())
    await visitor.openChat()
    assert.ok(!(await visitor.log().innerText()).includes('Слышно?'))
    assert.deepEqual(visitor.errors, [])
  })

  test('storage that is full, and what an older widget has left in it: nothing is lost', async (s) => {
    const { at, newVisitor, dialog, project } = await s.shop()
    const visitor = await newVisitor()
    await visitor.page.goto(at('bare.html'))
    await visitor.page.evaluate((key) => {
      localStorage.setItem(`otklik:${key}:visit`, '[1,2,"https://shop.example/",""]')
      let size = 1 << 20
      for (let n = 0; size; n++)
        try {
          localStorage.setItem(`fill${n}`, 'x'.repeat(size))
        } catch {
          size >>= 1
        }
    }, project.widget_key)
    await visitor.page.goto(at())
    await visitor.openChat()
    await talk(visitor, dialog)
    assert.deepEqual(visitor.errors, [])
  })

  test('in a frame of another site, also in one without an origin or a storage', async (s) => {
    for (const name of ['frame.html', 'sandbox.html']) {
      const { at, newVisitor, dialog } = await s.shop()
      const { page, errors } = await newVisitor()
      await page.goto(at(name))
      const visitor = new Visitor(page.frameLocator('iframe'), '')
      await visitor.openChat()
      await talk(visitor, dialog)
      assert.deepEqual(errors, [])
    }
  })

  test('back from the cache of the browser: connected again, and what was missed is there', async (s) => {
    const { at, dialog } = await s.shop()
    // Playwright switches this cache off; a browser of its own has it, as people's browsers do.
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'], ignoreDefaultArgs: ['--disable-back-forward-cache'] })
    try {
      const page = await browser.newPage({ locale: 'ru-RU' })
      const visitor = new Visitor(page, '')
      await page.goto(at())
      await visitor.openChat()
      const id = await talk(visitor, dialog)
      await page.evaluate(() => {
        window.before = true
        addEventListener('pageshow', (e) => (window.persisted = e.persisted))
      })
      await page.goto(at('bare.html'))
      await anna.say(id, 'Пока вы смотрели другое')
      await page.evaluate(() => history.back())
      await until('the page is the one that was kept', () => page.evaluate(() => window.before && window.persisted))
      await visitor.sees('Пока вы смотрели другое')
      await visitor.say('Я вернулся')
      await anna.hears(id, 'Я вернулся')
    } finally {
      await browser.close()
    }
  })
})

/** Puts the tag in as the tag managers do, once the page is there. */
function addTag(page, at) {
  const key = new URL(at()).searchParams.get('key')
  return page.evaluate(
    ({ src, key }) => {
      const script = document.createElement('script')
      script.src = src
      script.dataset.key = key
      document.head.append(script)
    },
    { src: `${house.url}/widget.js`, key },
  )
}
