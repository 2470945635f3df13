// The console and its connection: half-open, lost, regained, and a sign-in that ends while somebody writes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHouse } from './house.mjs'
import { disorder, focused, Operator, ru, until } from './people.mjs'
import { as } from './requests.mjs'

const house = openHouse('connection')
let anna, guest, said
const sockets = []
let cut = false // no connection is made at all

test('an operator before a dialog', { timeout: 3 * 60_000 }, async () => {
  guest = await house.guest()
  said = ['Первое сообщение']
  await guest.say(said[0])
  const page = await house.page('anna')
  await page.context().addInitScript(() => {
    window.rung = 0
    const { start } = OscillatorNode.prototype
    OscillatorNode.prototype.start = function (...args) {
      window.rung++
      return start.apply(this, args)
    }
  })
  // Each socket of the page goes through here: `frozen` swallows everything both ways and says nothing of it.
  await page.context().routeWebSocket('**/operator/socket', (ws) => {
    if (cut) return ws.close()
    const line = { frozen: false, at: Date.now() }
    sockets.push(line)
    const server = ws.connectToServer()
    ws.onMessage((m) => line.frozen || server.send(m))
    server.onMessage((m) => line.frozen || ws.send(m))
    line.close = () => ws.close()
  })
  anna = new Operator(page, house.url, 'anna@demo.otklik', 'otklik-anna')
  await anna.signIn()
  await anna.project('Лавка «Заварка»')
  await anna.tab('all').click()
  await anna.open(guest.dialog)
  await anna.sees(said[0])
  // Hers from now on: a first reply is not sent again by itself, it might lose the race.
  await anna.say('Здравствуйте')
  said.push('Здравствуйте')
  await anna.sees('Здравствуйте')
})

const lost = () => anna.page.getByRole('alert').filter({ hasText: ru('net.lost') })
const visitorSays = async (text) => {
  await guest.say(text)
  said.push(text)
}
const whole = () =>
  until('everything once and in order', async () => {
    const wrong = disorder(await anna.log().innerText(), said)
    if (wrong) throw new Error(wrong)
    return true
  })

test('a half-open connection is found within 10 s, and what was missed is caught up without a gap (I-08)', { timeout: 60_000 }, async () => {
  const before = sockets.length
  sockets.at(-1).frozen = true
  const frozen = Date.now()
  await visitorSays('Пока связь молчала: раз')
  await visitorSays('Пока связь молчала: два')
  await until('another connection', () => sockets.length > before, 12_000)
  const took = sockets.at(-1).at - frozen
  assert.ok(took <= 10_000, `found after ${took} ms`)
  await whole()
  await visitorSays('И после')
  await whole()
  await until('the row says it too', async () => (await anna.rowOf(guest.dialog).getAttribute('aria-label')).includes('И после'))
})

test('a lost connection is said (M-43), the list stays, writing goes on, and all is there when it is back (I-08, I-10)', { timeout: 60_000 }, async () => {
  const rows = await anna.rows().getByRole('option').count()
  cut = true
  sockets.at(-1).close()
  await anna.page.context().setOffline(true)
  await lost().waitFor()
  await house.state(anna.page, 'no connection')
  assert.equal(await anna.rows().getByRole('option').count(), rows)
  await visitorSays('Вы ещё тут?')
  const newcomer = await house.guest()
  await newcomer.say('Здравствуйте, я впервые')
  const rung = await anna.page.evaluate(() => window.rung)
  await anna.input().fill('Да, мы здесь')
  await anna.input().press('Enter')
  await anna.input().fill('Связь вернётся')
  await anna.input().press('Enter')
  await anna.input().fill('и пишем дальше')
  await until('both have failed', async () => (await anna.log().getByText(ru('msg.failed')).count()) === 2)
  cut = false
  await anna.page.context().setOffline(false)
  await lost().waitFor({ state: 'detached' })
  await until('who came meanwhile is heard (R-021)', async () => (await anna.page.evaluate(() => window.rung)) >= rung + 2)
  await anna.sees('Вы ещё тут?')
  await anna.sees('Связь вернётся')
  said.push('Да, мы здесь', 'Связь вернётся')
  const log = () => as(anna.page, 'GET', `/operator/dialogs/${guest.dialog}/events`)
  await until('the server has them', async () => (await log()).events.some((e) => e.text === 'Связь вернётся'))
  await whole()
  assert.equal(await anna.input().inputValue(), 'и пишем дальше')
})

const over = () => anna.page.getByRole('dialog').filter({ hasText: ru('signin.expired') })
async function signInAgain() {
  await over().getByLabel(ru('signin.password')).fill('otklik-anna')
  await over().getByRole('button', { name: ru('signin.submit') }).click()
  await over().waitFor({ state: 'detached' })
}

test('a sign-in that ends asks again above the page and keeps the text (I-03)', { timeout: 60_000 }, async () => {
  await anna.input().fill('Длинный ответ, который жалко потерять')
  await anna.page.context().clearCookies()
  sockets.at(-1).close()
  await over().waitFor()
  await house.state(anna.page, 'the sign-in has ended')
  await signInAgain()
  await focused(anna.input())
  assert.equal(await anna.input().inputValue(), 'Длинный ответ, который жалко потерять')
  await anna.input().press('Enter')
  said.push('Длинный ответ, который жалко потерять')
  await whole()
  await until('it is sent, not only shown', async () => (await anna.log().locator('.held').count()) === 0)
  await visitorSays('Дошло, спасибо')
  await whole()
})

test('what was sent when the sign-in had ended goes out by itself after the next one (I-03, I-10)', { timeout: 60_000 }, async () => {
  await anna.page.context().clearCookies()
  await anna.input().fill('Последнее слово')
  await anna.input().press('Enter')
  await over().waitFor()
  await signInAgain()
  said.push('Последнее слово')
  await whole()
  await until('nothing has failed', async () => (await anna.log().getByText(ru('msg.failed')).count()) === 0)
})
