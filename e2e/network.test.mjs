// How fast the visitor's widget is on a slow network, and what it weighs there: measured, so alone on the machine.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openHouse } from './house.mjs'
import { ru } from './people.mjs'
import { Street } from './street.mjs'

const house = openHouse('network')
let street

/** What Chromium's tools call Fast 3G: 1.6 Mbit/s down, 750 kbit/s up, of each nine tenths, and 562.5 ms for each request. */
const FAST_3G = { offline: false, latency: 562.5, downloadThroughput: (1.6e6 / 8) * 0.9, uploadThroughput: (750e3 / 8) * 0.9 }

/** Notes in each page when the widget is put into it; what a page loads before it is not our time. */
function noteArrival() {
  new MutationObserver((_, observer) => {
    const host = [...document.documentElement.children].find((el) => el.shadowRoot)
    if (!host) return
    observer.disconnect()
    requestAnimationFrame(() => setTimeout(() => (window.arrived = performance.now()))) // painted
  }).observe(document, { childList: true, subtree: true })
}

/** Milliseconds from the moment the browser met the tag until the launcher is painted. */
const msToArrive = (page) =>
  page.waitForFunction((src) => window.arrived && Math.round(window.arrived - performance.getEntriesByName(src)[0].startTime), `${house.url}/widget.js`).then((ms) => ms.jsonValue())

/** Milliseconds from a press of the launcher until what is looked for is painted. */
const msToOpen = (page, seen) =>
  page.evaluate(async (seen) => {
    const { shadowRoot } = [...document.querySelectorAll('*')].find((el) => el.shadowRoot)
    const painted = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)))
    const began = performance.now()
    shadowRoot.querySelector('button').click()
    do await painted()
    while (shadowRoot.activeElement?.localName !== 'textarea' || !shadowRoot.querySelector('[role=log]').innerText.includes(seen))
    return Math.round(performance.now() - began)
  }, seen)

describe('the widget on a slow network', () => {
  before(async () => {
    street = await Street.open(house)
  }, { timeout: 60_000 })
  after(() => street?.close())

  it('is there within 1.5 s on Fast 3G and opens within 1.5 s, for the first time and with a history; what it weighs', { timeout: 120_000 }, async () => {
    const { anna } = street
    const { newVisitor, at, dialog } = await street.shop({ form: { enabled: true, before: true } })
    const { page, ...visitor } = await newVisitor()
    const weights = {}
    page.on('response', (r) => (weights[new URL(r.url()).pathname] ??= +r.headers()['content-length'])) // of the first load; later ones are 304
    const network = await page.context().newCDPSession(page)
    await network.send('Network.emulateNetworkConditions', FAST_3G)
    await page.addInitScript(noteArrival)
    await page.goto(at())
    const there = await msToArrive(page)
    const first = await msToOpen(page, ru('greeting'))
    await page.getByRole('textbox', { name: ru('win.placeholder') }).fill('Есть кто?')
    await page.keyboard.press('Enter')
    const id = await dialog()
    await anna.say(id, 'Есть, на складе четыре')
    await page.goto(at())
    const thereAgain = await msToArrive(page)
    const again = await msToOpen(page, 'Есть, на складе четыре')
    const sent = weights['/widget.js'] + weights['/widget/ru.txt']
    console.log(`Fast 3G: the launcher is there ${there} ms after the browser met the tag, ${thereAgain} ms on the next page; it opens in ${first} ms, with a history in ${again} ms; ${sent} of 10240 bytes were sent, in one language`)
    for (const [what, ms] of Object.entries({ there, thereAgain, first, again })) assert.ok(ms <= 1500, `${what}: ${ms} ms`)
    assert.ok(sent > 5_000 && sent <= 10_240, `${sent} bytes were sent`)
    assert.deepEqual(visitor.errors, [])
  })
})
