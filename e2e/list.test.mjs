// 5,000 open dialogs in the list: scrolling through them and 300 of them moving at once must leave the main thread free.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { openHouse } from './house.mjs'
import { ru, until } from './people.mjs'
import { frames, percentile, traced } from './trace.mjs'

const OPEN = 5000
const MOVES = 300
const FRAME = 16 // ms of the main thread, 95 of 100 frames
const WHEELS = 120 // some 1,700 rows, read page by page on the way

const house = openHouse('list', { open: OPEN, env: { OTKLIK_LIMIT_OPERATOR: '100000' } })
let anna, admin, project
let answered = 0

test('5,000 open dialogs', { timeout: 3 * 60_000 }, async () => {
  anna = await house.operator('anna')
  admin = await house.admin() // a colleague who works in another browser: only what he does counts
  project = anna.projects.find((p) => p.name.includes('Заварка')).id
  await anna.tab('all').click()
  await until('the count of all dialogs', async () => (await anna.tab('all').innerText()).startsWith(`${OPEN}`))
})

/** Untaken dialogs, longest wait first, `skip` from the top. */
async function untaken(skip, count) {
  const found = []
  let cursor = ''
  while (found.length < skip + count) {
    const page = await admin('GET', `/operator/projects/${project}/dialogs?group=unassigned&sort=priority&limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    found.push(...page.rows.map((r) => r.id))
    cursor = page.next_cursor
  }
  return found.slice(skip, skip + count)
}

const reply = (id, text) => admin('POST', `/operator/dialogs/${id}/messages`, { client_id: randomUUID(), text })

function report(t, what, list) {
  const cpu = list.map((f) => f.cpu)
  const wall = list.map((f) => f.wall)
  const say = (l) => `p50 ${percentile(l, 50).toFixed(1)}, p95 ${percentile(l, 95).toFixed(1)}, max ${Math.max(...l).toFixed(1)} ms`
  t.diagnostic(`${what}: ${list.length} frames; CPU of the main thread ${say(cpu)}; by the clock ${say(wall)}`)
  // By its CPU time: what other processes take of this machine is not the list's.
  return percentile(cpu, 95)
}

/** Two tries: what else goes on in the machine slows single frames down, a list that is too slow is so both times. */
async function held(t, what, run) {
  for (let left = 2; ; left--) {
    const p95 = report(t, what, frames(await traced(house.browser, anna.page, run)))
    if (p95 <= FRAME) return
    assert.ok(left > 1, `p95 ${p95.toFixed(1)} ms`)
  }
}

/** After two frames: the share of the list's height that rows cover. */
const look = () =>
  anna.page.locator('#rows').evaluate(async (el) => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    const box = el.getBoundingClientRect()
    const rows = [...el.querySelectorAll('[data-row]')].map((r) => r.getBoundingClientRect()).filter((r) => r.bottom > box.top && r.top < box.bottom)
    return { covered: rows.reduce((sum, r) => sum + Math.min(r.bottom, box.bottom) - Math.max(r.top, box.top), 0) / box.height }
  })

/** As far down as it goes, until the last row of all is there. */
const toTheLast = () =>
  until('the last row', async () => {
    await anna.page.locator('#rows').evaluate((el) => el.scrollTo(0, el.scrollHeight))
    return (await anna.rows().locator(`[aria-posinset="${OPEN}"]`).count()) > 0
  }, 90_000)

test('5,000 rows scroll without a stutter, to the last one (R-020)', { timeout: 3 * 60_000 }, async (t) => {
  await anna.page.locator('#rows').hover()
  let bare
  await held(t, 'scrolling', async () => {
    await anna.page.locator('#rows').evaluate((el) => el.scrollTo(0, 0))
    await look()
    bare = []
    for (let i = 0; i < WHEELS; i++) {
      await anna.page.mouse.wheel(0, 1000)
      const { covered } = await look()
      if (covered < 0.98) bare.push(covered)
    }
  })
  await toTheLast()
  assert.equal(await anna.rows().locator('[data-row]').first().getAttribute('aria-setsize'), `${OPEN}`)
  assert.ok((await anna.rows().locator('[data-row]').count()) < 60, 'only what is seen is drawn')
  // A jump further than what is drawn in reserve may be seen once, when the machine is busy just then; not as a rule.
  assert.ok(bare.length <= WHEELS / 50, `the list was bare in ${bare.length} of ${WHEELS} looks: ${bare}`)
})

for (const [sort, what] of [['priority', 'in the order of rotation'], ['newest', 'newest first']])
  test(`300 live reorders keep the main thread free, ${what} (R-015, I-08)`, { timeout: 3 * 60_000 }, async (t) => {
    if (sort === 'newest') {
      await anna.page.getByRole('button', { name: ru('sort.title') }).click()
      await anna.page.getByRole('menuitemradio', { name: ru('sort.newest') }).click()
      await anna.page.mouse.move(900, 500)
      // Every row is read again in this order.
      await toTheLast()
    }
    await anna.page.mouse.move(900, 500)
    await anna.page.locator('#rows').evaluate((el) => el.scrollTo(0, 0))
    await held(t, what, async () => {
      // Not those that are seen only: from all over the list.
      const ids = (await untaken(50, MOVES * 5)).filter((_, i) => i % 5 === 0)
      answered += ids.length
      for (let i = 0; i < ids.length; i += 5) await Promise.all(ids.slice(i, i + 5).map((id, k) => reply(id, `Ответ ${sort} ${i + k + 1}`)))
      await until('the last answer is in the list', async () => (await anna.tab('unassigned').innerText()).startsWith(`${OPEN * 0.8 - answered}`))
    })
    if (sort === 'newest') {
      const first = await anna.rows().locator('.row').evaluateAll((rows) => rows.map((r) => [r.getBoundingClientRect().top, r.textContent]).sort((a, b) => a[0] - b[0]).slice(0, 5).map((r) => r[1]))
      for (const text of first) assert.match(text, /Ответ newest (29[6-9]|300)/)
    }
  })
