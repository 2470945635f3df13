// How the visitor's widget looks: every state of the drawings in three languages, light and dark, on a desktop and on a
// phone, by axe and in pictures; then by keyboard alone, at 200 %, without motion, and with the keyboard of a phone open.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { axe, violations } from './axe.mjs'
import { openHouse } from './house.mjs'
import { rawKeys, ru, text, until } from './people.mjs'
import { ALWAYS, CLOSED, launcher, Street } from './street.mjs'

const house = openHouse('looks')
const SHOP = 'Лавка «Заварка»'
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }
const hasForm = { enabled: true, before: true, consent_url: 'https://shop.example/consent' }
let street, anna

const test = (name, run, timeout = 60_000) => it(name, { timeout }, () => street.within(name, run))
const focusedIn = (visitor, locator) => until(`the focus is on ${locator}`, () => locator.evaluate((el) => el.getRootNode().activeElement === el))

/** Shops that stand in one state each; `token` makes a browser the visitor who has got that far. */
const states = {}

async function stand(name, settings, further, desk = anna) {
  const place = await street.shop({ rating: true, company: 'ООО «Пример»', form: hasForm, ...settings }, { called: SHOP, desk })
  const guest = further && (await house.guest({ key: place.project.widget_key }))
  states[name] = { ...place, token: guest?.token, dialog: guest?.dialog }
  await further?.(guest, place)
}

const QUESTION = 'Здравствуйте, мне писали, что чёрный самовар приехал. Его ещё не разобрали?'
async function asked(guest) {
  await guest.say(QUESTION)
}
async function answered(guest) {
  await asked(guest)
  await anna.say(guest.dialog, 'Здравствуйте, Тимур! Самовар на складе, осталось четыре штуки. Отложить один для вас до завтра?')
  await guest.say('Да, отложите, пожалуйста')
}
async function ended(guest) {
  await guest.say(`Выбираю:${'\nсамовар'.repeat(12)}`) // long enough to be scrolled away
  await answered(guest)
  await anna.leaves(guest.dialog)
}

async function setUp() {
  street = await Street.open(house)
  anna = street.anna
  await stand('greet', { department_choice: true, form: { enabled: true, before: false } })
  for (const name of ['Продажи', 'Доставка', 'Возврат и обмен']) await anna.api('POST', `/admin/projects/${states.greet.project.id}/departments`, { name, member_ids: [anna.id], hours: ALWAYS })
  await stand('form', {}, async (guest) => {
    await asked(guest)
    await anna.command(guest.dialog, 'contact-request')
  })
  await stand('thanks', {}, async (guest) => {
    await asked(guest)
    await guest.fill({ name: 'Тимур', phone: '+7 900 000-18-42' })
  })
  await stand('talk', {}, async (guest) => {
    await answered(guest)
    await anna.say(guest.dialog, 'Готово, самовар ждёт вас до завтра, 20:00')
    await anna.watches(guest.dialog)
  })
  await stand('ended', {}, ended)
  await stand('rated', {}, async (guest) => {
    await ended(guest)
    await guest.rate(4)
  })
  await stand('closed', { hours: CLOSED })
  await stand('nobody', {}, undefined, street.boris)
  await stand('backlog', { long_wait_seconds: 30 }, async (guest, { project }) => {
    await asked(guest)
    for (let i = 1; i < 10; i++) await (await house.guest({ key: project.widget_key, headers: { 'X-Forwarded-For': `198.51.100.${i}` } })).say(`Вопрос ${i}`)
    await house.later(31)
    await until('the text of the backlog', async () => (await anna.events(guest.dialog)).some((e) => e.key === 'backlog.visitor'))
  })
}

/** A browser without a keyboard on the screen: what one does to the visual viewport, here pushed down by 60 px, too. */
function keyboard(page, left) {
  return page.evaluate((left) => {
    Object.defineProperty(visualViewport, 'height', { get: () => left })
    Object.defineProperty(visualViewport, 'offsetTop', { get: () => 60 })
    visualViewport.dispatchEvent(new Event('resize'))
  }, left)
}

/** One page for all states, in one language, wide or narrow; each is looked at light and dark. */
class Eye {
  constructor(visitor, lang, size) {
    Object.assign(this, { visitor, page: visitor.page, lang, size, wrong: [] })
  }

  /** Comes into a shop as the visitor who has got that far. */
  async come({ project, token, at }, query = {}) {
    await this.page.goto(at('bare.html'))
    await this.page.evaluate(([key, token]) => {
      localStorage.clear()
      if (token) localStorage.setItem(`otklik:${key}:token`, token)
    }, [project.widget_key, token])
    await this.page.goto(at('blank.html', { lang: this.lang, ...query }))
    await this.page.getByRole('button', { name: text(this.lang, 'widget.open') }).waitFor()
  }

  async open(state, says) {
    await this.come(states[state])
    await this.visitor.openChat(this.lang)
    if (says) await this.visitor.sees(text(this.lang, says, { name: anna.name }))
    else await this.visitor.log().getByText('Да, отложите').waitFor()
  }

  async keep(state) {
    const head = this.visitor.panel().getByRole('button', { name: this.say('btn.close') })
    if (await head.isVisible()) assert.ok((await head.boundingBox()).y >= (await this.visitor.panel().boundingBox()).y, `${state}: the head is seen`)
    for (const colorScheme of ['light', 'dark']) {
      await this.page.emulateMedia({ colorScheme })
      await house.picture(this.page, `${state} ${this.lang} ${colorScheme} ${this.size}`)
      const found = [...(await violations(this.page)), ...(await rawKeys(this.page))]
      this.wrong.push(...found.map((what) => `${state}, ${colorScheme}: ${what}`))
    }
  }

  /** What has grown is seen to its end, above the input. */
  async whole(locator) {
    const { y, height } = await locator.boundingBox()
    const { y: end } = await this.visitor.input(this.lang).boundingBox()
    assert.ok(y + height <= end, `${y} + ${height} is below ${end}`)
  }

  form() {
    return this.visitor.panel().getByRole('form', { name: text(this.lang, 'form.title') })
  }

  say(key) {
    return text(this.lang, key)
  }
}

describe('how the widget looks', { concurrency: 3 }, () => {
  before(setUp, { timeout: 120_000 })
  after(() => street?.close())

  for (const [lang, size] of ['ru', 'en', 'kk'].flatMap((lang) => [[lang, 'desktop'], [lang, 'phone']])) {
    test(`every state, light and dark: ${lang} ${size} (R-001, I-12)`, async (s) => {
      const mine = await s.talking({ rating: true }, { called: SHOP, query: { lang }, locale: lang, ...(size === 'phone' ? PHONE : { viewport: { width: 1280, height: 800 } }) })
      const eye = new Eye(mine.visitor, lang, size)
      const { page, visitor } = eye
      mine.token = await page.evaluate((key) => localStorage[`otklik:${key}:token`], mine.project.widget_key)

      await eye.come(states.talk)
      await page.getByRole('button', { name: `${eye.say('widget.open')}: 2` }).waitFor()
      await eye.keep('launcher')
      await eye.open('greet', 'greeting')
      await visitor.panel().getByRole('button', { name: 'Возврат и обмен' }).waitFor()
      await eye.keep('greet')
      await eye.open('talk')
      await until('somebody types', async () => {
        await anna.types(states.talk.dialog)
        return (await visitor.log().innerText()).includes(text(lang, 'typing', { name: anna.name }))
      })
      await eye.keep('talk')
      await eye.open('form', 'form.intro')
      await eye.keep('form-empty')
      await eye.form().getByPlaceholder(eye.say('card.name')).fill('Тимур')
      await eye.form().getByPlaceholder(eye.say('card.phone')).fill('+7 900')
      await eye.form().getByRole('button', { name: eye.say('win.send') }).click()
      await visitor.sees(eye.say('form.needConsent'))
      await eye.whole(eye.form())
      await eye.keep('form-wrong')
      await eye.form().getByRole('checkbox').check()
      await eye.keep('form-filled')
      await eye.form().getByRole('button', { name: eye.say('win.send') }).click()
      await visitor.sees(eye.say('form.phone'))
      await eye.whole(eye.form())
      await eye.keep('form-refused')
      await eye.open('thanks', 'form.thanks')
      await eye.keep('thanks')
      await eye.open('backlog', 'backlog.visitor')
      await eye.keep('backlog')
      await eye.open('ended', 'dialog.ended.visitor')
      const rating = visitor.panel().getByRole('form', { name: eye.say('rate.ask') })
      await rating.getByRole('radio', { name: new RegExp(eye.say('rate.4')) }).check({ force: true })
      await eye.keep('ended')
      await eye.open('rated', 'rate.thanks')
      await eye.keep('rated')
      await eye.open('closed', 'hours.visitor')
      await eye.keep('closed')
      await eye.open('nobody', 'offline.visitor')
      await eye.keep('nobody')

      // what would change the shops of the others: in one's own
      const back = async () => {
        await eye.come(mine)
        await visitor.openChat(lang)
        await visitor.sees('Есть, на складе четыре')
      }
      await back()
      await anna.block(mine.dialog)
      await visitor.panel().getByText(eye.say('block.visitor')).waitFor()
      await eye.keep('blocked')
      await anna.unblock(mine.dialog)
      const sockets = []
      await page.routeWebSocket('**/visitor/socket', (ws) => {
        if (sockets.push(ws) === 1) ws.connectToServer()
        else ws.close()
      })
      await back()
      await visitor.panel().getByText(eye.say('status.online')).waitFor()
      await page.route('**/visitor/messages', (route) => route.abort())
      await sockets[0].close()
      await visitor.say('А доставка вечером возможна?', lang)
      await visitor.sees(eye.say('msg.failed'))
      const bar = visitor.panel().getByRole('alert').filter({ hasText: eye.say('net.lost') })
      await until('it says that it has no connection', () => bar.evaluate((el) => getComputedStyle(el).opacity === '1'))
      await eye.keep('offline')
      assert.deepEqual(eye.wrong, [])
    }, 240_000)
  }

  test('colours of the owner, light and dark, on the left: brick and blue with white text, yellow with dark, a middle grey with black', async (s) => {
    for (const [accent, text] of [['#9A3E1B', 'rgb(255, 255, 255)'], ['#2563EB', 'rgb(255, 255, 255)'], ['#F2C230', 'rgb(21, 28, 24)'], ['#7A7A7A', 'rgb(0, 0, 0)']]) {
      const { visitor, page } = await s.talking({ accent, side: 'left', form: hasForm }, { called: SHOP })
      const eye = new Eye(visitor, 'ru', 'left')
      await eye.keep(`accent ${accent}`)
      assert.equal(await visitor.panel().getByRole('button', { name: ru('btn.close') }).evaluate((el) => getComputedStyle(el.parentElement).color), text)
      assert.equal((await visitor.panel().boundingBox()).x, 20)
      assert.deepEqual(eye.wrong, [])
    }
  })

  test('by keyboard alone: opened, a form filled in, written, rated, closed', async (s) => {
    const { visitor, page, dialog } = await s.visit({ rating: true, form: { ...hasForm, name: 'shown', phone: 'required', email: 'hidden' } })
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    const to = async (locator, key = 'Tab') => {
      for (let i = 0; i < 30; i++) {
        if (await locator.evaluate((el) => el.getRootNode().activeElement === el)) return
        await press(key)
      }
      throw new Error(`no way there by ${key}: ${locator}`)
    }
    const ring = (locator) => locator.evaluate((el) => getComputedStyle(el).outlineStyle !== 'none' && parseFloat(getComputedStyle(el).outlineWidth) >= 2)
    await page.locator('#buy').focus()
    await to(launcher(visitor))
    assert.ok(await ring(launcher(visitor)), 'the focus is seen')
    await press('Enter')
    await focusedIn(visitor, visitor.input())
    await to(visitor.panel().getByRole('button', { name: ru('form.title') }), 'Shift+Tab')
    await press('Enter')
    const form = visitor.panel().getByRole('form', { name: ru('form.title') })
    await focusedIn(visitor, form.getByPlaceholder(ru('card.name')))
    await page.keyboard.type('Тимур')
    await press('Tab')
    await page.keyboard.type('+7 900 000-18-42')
    await to(form.getByRole('checkbox'))
    await press('Space')
    await to(form.getByRole('button', { name: ru('win.send') }))
    assert.ok(await ring(form.getByRole('button', { name: ru('win.send') })))
    await press('Enter')
    await visitor.sees(ru('form.thanks'))
    await focusedIn(visitor, visitor.input())
    await page.keyboard.type('Первая строка')
    await press('Shift+Enter')
    await page.keyboard.type('вторая')
    await press('Enter')
    const id = await dialog()
    await anna.hears(id, 'Первая строка\nвторая')
    await anna.say(id, 'Спасибо')
    await anna.leaves(id)
    const rating = visitor.panel().getByRole('form', { name: ru('rate.ask') })
    await rating.waitFor()
    await to(rating.getByRole('radio').last(), 'Shift+Tab') // none is chosen: backwards the last one is the stop
    await press('Space', 'ArrowLeft', 'ArrowLeft')
    assert.match(await rating.innerText(), new RegExp(ru('rate.3')))
    await to(rating.getByRole('button', { name: ru('rate.send') }))
    await press('Enter')
    await visitor.sees(ru('rate.thanks'))
    await press('Escape')
    await focusedIn(visitor, launcher(visitor))
    assert.equal(await visitor.panel().count(), 0)
  })

  test('at 200 % and as narrow as 320 px everything can be reached, nothing is cut off (WCAG 1.4.4, 1.4.10)', async (s) => {
    for (const viewport of [{ width: 720, height: 450 }, { width: 640, height: 360 }, { width: 320, height: 256 }]) {
      const { visitor, page } = await s.opened({ form: hasForm }, { viewport, deviceScaleFactor: 2 })
      const within = async (locator) => {
        await locator.scrollIntoViewIfNeeded()
        const { x, y, width, height } = await locator.boundingBox()
        const all = { right: viewport.width, bottom: viewport.height }
        assert.ok(x >= 0 && y >= 0 && x + width <= all.right && y + height <= all.bottom, `${locator} stands at ${x} ${y} ${width} ${height} of ${viewport.width} ${viewport.height}`)
      }
      const { panel, input } = { panel: visitor.panel(), input: visitor.input() }
      for (const part of [panel, panel.getByRole('button', { name: ru('btn.close') }), input]) await within(part)
      await panel.getByRole('button', { name: ru('form.title') }).click()
      const form = panel.getByRole('form', { name: ru('form.title') })
      for (const part of [form.getByPlaceholder(ru('card.phone')), form.getByRole('checkbox'), form.getByRole('button', { name: ru('win.send') })]) await within(part)
      assert.ok(await panel.getByRole('log').evaluate((el) => el.scrollWidth <= el.clientWidth), 'no scrolling sideways')
      await axe(page, `${viewport.width}`)
      await house.picture(page, `zoom ${viewport.width}`)
    }
  })

  test('who wants no motion sees none: things appear, they do not move', async (s) => {
    const { visitor, page } = await s.talking({}, { reducedMotion: 'reduce' })
    const moves = () =>
      page.evaluate(() => {
        const { shadowRoot } = [...document.querySelectorAll('*')].find((el) => el.shadowRoot)
        return shadowRoot.getAnimations().flatMap((a) => a.effect.getKeyframes()).flatMap((k) => Object.keys(k)).filter((k) => !['offset', 'computedOffset', 'easing', 'composite', 'opacity'].includes(k))
      })
    assert.deepEqual(await moves(), [])
    await page.routeWebSocket('**/visitor/socket', (ws) => ws.close())
    await page.reload()
    await visitor.openChat()
    assert.deepEqual(await moves(), [])
  })

  test('what one writes takes room from the talk, not its end: a long text put in, the last answer is still seen', async (s) => {
    const { visitor } = await s.talking({}, { viewport: { width: 1280, height: 440 } })
    const last = visitor.log().getByText('Есть, на складе четыре')
    for (const text of ['Строка\n'.repeat(8), 'ы'.repeat(4001)]) {
      await visitor.input().fill(text)
      await until('the end of the talk stands above the input', async () => {
        const { y, height } = await last.boundingBox()
        return y + height <= (await visitor.input().boundingBox()).y
      })
    }
    await visitor.sees('Есть ли самовар')
  })

  test('on a phone: the whole screen, letters that do not zoom, and above the open keyboard', async (s) => {
    const { visitor, page } = await s.talking({ form: hasForm }, PHONE)
    const box = () => visitor.panel().boundingBox()
    assert.deepEqual(await box(), { x: 0, y: 0, width: 390, height: 844 })
    const size = (locator) => locator.evaluate((el) => parseFloat(getComputedStyle(el).fontSize))
    assert.ok((await size(visitor.input())) >= 16)
    for (const button of await visitor.panel().getByRole('button').all()) {
      const { width, height } = await button.boundingBox()
      assert.ok(width >= 44 && height >= 44, `${button} is ${width} × ${height}`)
    }
    await keyboard(page, 480)
    await until('it stands above the keyboard', async () => (await box()).height === 480 && (await box()).y === 60)
    const input = await visitor.input().boundingBox()
    assert.ok(input.y + input.height <= 60 + 480)
    await visitor.sees('Есть, на складе четыре')
    assert.ok(await visitor.log().getByText('Есть, на складе четыре').isVisible())
    await house.picture(page, 'phone keyboard')

    const small = await s.opened({ form: hasForm }, { ...PHONE, viewport: { width: 375, height: 553 } })
    await keyboard(small.page, 260)
    await until('a small one, too, before the first word', async () => {
      const { y, height } = await small.visitor.input().boundingBox()
      return y + height <= 60 + 260
    })
  })
})
