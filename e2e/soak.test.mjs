// Real conversations, played for a time against two operators at work in their consoles: `make soak` for an hour, here for a
// minute. No page is loaded anew, no row of the list stays behind, and memory does not grow.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openHouse } from './house.mjs'
import { Operator, ru, until } from './people.mjs'
import { BINARY } from './otklik.mjs'

const SAMPLE = fileURLToPath(new URL('../replay/testdata/conversations-sample.jsonl.gz', import.meta.url))
const MINUTES = Number(process.env.OTKLIK_SOAK_MINUTES || 1)
const WHOLE = MINUTES * 60_000
const WARM = WHOLE / 12 // minute 5 of an hour
const GROWTH = 1.5
const LOOK = Math.max(5_000, WHOLE / 60) // between two looks at lists and memory
const BREATH = MINUTES > 5 ? 8_000 : 500 // an operator's pause between two things he does
const SPEED = MINUTES > 5 ? 20 : 60
const PATIENCE = 60_000 // this is no test of speed
const OPEN = 3 // dialogs an operator has at once
const TURNS = 4 // of a dialog with somebody at the console

const house = openHouse('soak')
const pause = (ms) => new Promise((go) => setTimeout(go, ms))

test(`the console at work for ${MINUTES} min`, { timeout: WHOLE + 10 * 60_000 }, async (t) => {
  const end = Date.now() + WHOLE
  const on = () => Date.now() < end
  const anna = await deskOf('anna')
  const oleg = await deskOf('oleg')
  const desks = [anna, oleg]
  const replay = playOn(on)

  const begun = Date.now()
  const heaps = new Map(desks.map((d) => [d, []]))
  let looks = 0
  const watch = async () => {
    for (let due = begun + Math.min(WARM, LOOK); ; due = Math.max(due + LOOK, Date.now())) {
      await pause(Math.max(0, Math.min(due, end) - Date.now()))
      for (const desk of desks) {
        await desk.alone(() => desk.comparesWithServer())
        const heap = await desk.heap()
        heaps.get(desk).push({ at: Date.now() - begun, ...heap })
        t.diagnostic(`${minutes(Date.now() - begun)} ${desk.name}: heap ${heap.mb.toFixed(1)} MB, ${heap.nodes} nodes, ${heap.listeners} listeners, ${desk.answered} answers, ${desk.finished} finished, ${desk.looked} looked at`)
      }
      looks++
      if (!on()) return
    }
  }
  await Promise.all([watch(), ...desks.map((d) => d.work(on))]).finally(() => replay.stop())

  const played = await replay.done
  t.diagnostic(`replayed ${played.rounds} times to the end, ${played.messages} messages; the lists were compared ${looks} times`)
  assert.ok(looks >= 2)
  assert.ok(anna.finished + oleg.finished >= 1, 'nobody finished anything')
  for (const desk of desks) {
    assert.ok(desk.answered >= 2 && desk.looked >= 2, `${desk.name} did his work: ${desk.answered} answers, ${desk.looked} looked at`)
    assert.equal(await desk.page.evaluate(() => window.sinceTheBeginning), true, `${desk.name}'s page was loaded anew`)
    assert.deepEqual(desk.errors, [])
    const all = heaps.get(desk)
    const [warm, last] = [all.find((h) => h.at >= WARM - 1000), all.at(-1)]
    const ratio = last.mb / warm.mb
    t.diagnostic(`${desk.name}: heap ${warm.mb.toFixed(1)} MB after ${minutes(warm.at)}, ${last.mb.toFixed(1)} MB after ${minutes(last.at)}: ratio ${ratio.toFixed(2)} (at most ${GROWTH})`)
    assert.ok(ratio <= GROWTH, `the heap of ${desk.name} grew ${ratio.toFixed(2)} times`)
  }
})

const minutes = (ms) => `${Math.floor(ms / 60_000)}:${String(Math.floor((ms / 1000) % 60)).padStart(2, '0')}`

async function deskOf(who) {
  const desk = new Desk(await house.page(who), house.url, `${who}@demo.otklik`, `otklik-${who}`)
  await desk.begin()
  return desk
}

/** An operator who works all the time: takes new dialogs, answers, looks into others, finishes. */
class Desk extends Operator {
  own = [] // visitors he talks with, { guest, turns }
  answered = 0
  finished = 0
  looked = 0
  errors = []
  busy = Promise.resolve()

  async begin() {
    this.page.setDefaultTimeout(PATIENCE)
    this.page.on('pageerror', (e) => this.errors.push(String(e)))
    await this.signIn()
    this.project_ = this.projects.find((p) => p.departments.length && p.tags.length)
    await this.project(this.project_.name)
    await this.page.evaluate(() => (window.sinceTheBeginning = true))
    this.cdp = await this.page.context().newCDPSession(this.page)
    await this.cdp.send('HeapProfiler.enable')
  }

  /** One thing at a time is done with his hands. */
  alone(act) {
    const done = this.busy.then(act)
    this.busy = done.catch(() => {})
    return done
  }

  async work(on) {
    for (let n = 0; on(); n++) {
      await this.alone(() => this.something(n))
      await pause(BREATH)
    }
  }

  something(n) {
    if (n % 3 === 2) return this.looksAround()
    if (this.own.length < OPEN) return this.takesNew(n)
    const oldest = this.own[0]
    if (oldest.turns >= TURNS) return this.finishes(this.own.shift())
    this.own.push(this.own.shift())
    return this.answers(oldest)
  }

  async takesNew(n) {
    const guest = await house.guest({ visit: { page_title: `Страница ${n}` } })
    await guest.say(`Здравствуйте, вопрос ${n} для того, кто ответит первым`)
    await this.tab('unassigned').click()
    await this.open(guest.dialog)
    await this.reply(`Здравствуйте! Это ${this.name}, смотрю ваш вопрос ${n}`)
    this.own.push({ guest, turns: 1 })
  }

  async answers(talk) {
    const asked = `И ещё одно, по порядку это ${++talk.turns}: https://shop.example/${talk.turns}`
    await talk.guest.say(asked)
    await this.tab('mine').click()
    await this.open(talk.guest.dialog)
    await this.sees(asked, PATIENCE)
    await this.reply(`Отвечаю на ${talk.turns}`)
  }

  async reply(text) {
    await this.say(text)
    await this.sees(text, PATIENCE)
    this.answered++
  }

  async finishes(talk) {
    await this.tab('mine').click()
    await this.open(talk.guest.dialog)
    await this.button('win.leave').click()
    const gate = this.page.getByRole('dialog', { name: ru('win.leave') })
    await gate.getByRole('button', { name: this.project_.tags[this.finished % this.project_.tags.length].name, exact: true }).click()
    await gate.getByRole('button', { name: ru('win.finish') }).click()
    await this.rowOf(talk.guest.dialog).waitFor({ state: 'detached' })
    this.finished++
  }

  /** Other people's dialogs, one after the other, by keyboard. */
  async looksAround() {
    await this.tab('all').click()
    for (let i = 0; i < 3; i++) {
      await this.page.keyboard.press('Alt+ArrowDown')
      await until('a dialog is open', async () => (await this.window().getByRole('log').count()) > 0 || (await this.window().getByText(ru('win.empty')).count()) > 0, PATIENCE)
      this.looked++
    }
  }

  async comparesWithServer() {
    await this.tab('all').click()
    let wanted, said
    await until(`the list of ${this.name} is that of the server`, async () => {
      ;({ left: wanted, said } = await this.page.evaluate(differences, [this.project_.id, ['mine', 'important', 'unassigned', 'all'], wanted]))
      if (wanted.length) throw new Error(`${wanted}: ${said}`)
      return true
    }, PATIENCE)
  }

  async heap() {
    for (let i = 0; i < 2; i++) await this.cdp.send('HeapProfiler.collectGarbage')
    const { usedSize } = await this.cdp.send('Runtime.getHeapUsage')
    const { nodes, jsEventListeners } = await this.cdp.send('Memory.getDOMCounters')
    return { mb: usedSize / 2 ** 20, nodes, listeners: jsEventListeners }
  }
}

/**
 * In the page: what the list shows beside a page asked for now. Things move all the time, so what was not the same in one
 * look is looked at again: `wanted` is what has to be seen right still (every row in sight, their order, the counts).
 */
async function differences([project, groups, wanted]) {
  const look = () => {
    const rows = [...document.querySelectorAll('#rows .row:has([data-row])')]
      .map((row) => [+row.querySelector('[data-row]').getAttribute('aria-posinset'), row])
      .sort((a, b) => a[0] - b[0])
      .map(([place, row]) => ({ place, id: row.querySelector('[data-row]').dataset.row, red: row.classList.contains('red'), unread: row.classList.contains('new'), text: row.title }))
    return { rows, counts: groups.map((g) => parseInt(document.querySelector(`[data-tab=${g}] b`).textContent)).join() }
  }
  const before = look()
  const page = await (await fetch(`/api/v1/operator/projects/${project}/dialogs?group=all&sort=priority&limit=100`)).json()
  const looks = [before, look()]
  const real = new Map(page.rows.map((row) => [row.id, row]))
  const text = (row, real) => (real.last?.kind === 'message' ? row.text.endsWith(real.last.text) : true)
  const right = {
    counts: (l) => l.counts === groups.map((g) => page.counts[g]).join(),
    order: (l) => l.rows.length > 0 === page.rows.length > 0 && l.rows.every((row) => page.rows[row.place - 1]?.id === row.id),
    row: (l, id) => {
      const row = l.rows.find((x) => x.id === id)
      const is = real.get(id)
      return row && is ? row.red === is.important && row.unread === is.unread > 0 && text(row, is) : !row
    },
  }
  const left = (wanted ?? ['counts', 'order', ...before.rows.map((row) => row.id)]).filter((what) => !looks.some((l) => (right[what] ?? right.row)(l, what)))
  return { left, said: JSON.stringify({ shown: looks[1], server: page.rows.slice(0, 20).map((r) => [r.id, r.important, r.unread, r.last?.text]), counts: page.counts }) }
}

/** The sample, played by a colleague of theirs again and again. */
function playOn(on) {
  let child
  const all = { rounds: 0, messages: 0 }
  const run = async () => {
    while (on()) {
      child = spawn(BINARY, [
        'replay', '--target', house.url, '--file', SAMPLE, '--json', '--speed', `${SPEED}`, '--widgets', 'zavarka',
        '--logins', 'vera@demo.otklik/otklik-vera',
      ], { stdio: ['ignore', 'pipe', 'pipe'] })
      const [out, err] = [[], []]
      child.stdout.on('data', (d) => out.push(d))
      child.stderr.on('data', (d) => err.push(d))
      const [code] = await once(child, 'close')
      const report = JSON.parse(Buffer.concat(out).toString() || '{}')
      all.messages += report.messages_delivered ?? 0
      if (code === 0) all.rounds++
      else if (on()) throw new Error(`the replay ended with ${code}:\n${Buffer.concat(out)}\n${Buffer.concat(err).toString().slice(-2000)}`)
    }
    return all
  }
  const done = run()
  done.catch(() => {}) // told when it is waited for
  return { done, stop: () => child?.kill('SIGINT') }
}
