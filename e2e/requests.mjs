// What is done without a screen: visitors without a browser, and requests of whoever is signed in on a page.
import { randomUUID } from 'node:crypto'

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0'
const pause = () => new Promise((go) => setTimeout(go, 250))

/** Asks again when there were too many requests; the same command stays the same. */
async function ask(url, init) {
  for (;;) {
    const r = await fetch(url, init)
    const body = await r.text()
    if (r.status === 429) await pause()
    else if (!r.ok) throw new Error(`${init.method} ${url}: ${r.status} ${body}`)
    else return body ? JSON.parse(body) : undefined
  }
}

/** A visitor without a browser; `visit` is told of his page, `headers` go with each request until he moves. */
export async function guest(url, { key = 'zavarka', visit = {}, headers = {} } = {}) {
  const all = { 'Content-Type': 'application/json', 'User-Agent': FIREFOX, ...headers }
  const told = {
    language: 'ru-RU', time_zone: 'Europe/Moscow', locale: 'ru', page_url: 'https://shop.example/', page_title: 'Самовар «Купец», 3 л', referrer: 'https://ya.ru/', ...visit,
  }
  const { token, state } = await ask(`${url}/api/v1/widgets/${key}/visitors`, { method: 'POST', headers: all, body: JSON.stringify(told) })
  const post = (path, body) =>
    ask(`${url}/api/v1/visitor/${path}`, { method: 'POST', headers: { ...all, Authorization: `Bearer ${token}` }, body: JSON.stringify({ client_id: randomUUID(), ...body }) })
  return {
    token,
    dialog: state.dialog_id,
    /** To another address or browser. */
    moves(to) {
      Object.assign(all, to)
      return this
    },
    /** Another page load, as his widget tells it. */
    async visits(to, page) {
      this.moves(to)
      await ask(`${url}/api/v1/visitor/visit`, { method: 'POST', headers: { ...all, Authorization: `Bearer ${token}` }, body: JSON.stringify({ ...told, locale: undefined, ...page }) })
    },
    say: (text) => post('messages', { text }),
    choose: (department_id) => post('department', { department_id }),
    /** Everything he has been sent. */
    events: async () => (await ask(`${url}/api/v1/visitor/events?limit=200`, { method: 'GET', headers: { ...all, Authorization: `Bearer ${token}` } })).events,
    /** How his last talk was. */
    async rate(stars) {
      const { rating } = await ask(`${url}/api/v1/visitor`, { method: 'GET', headers: { ...all, Authorization: `Bearer ${token}` } })
      await post('rating', { session_id: rating.session_id, stars })
    },
    fill: (form) => post('form', { consent: true, consent_text: 'Даю согласие', consent_version: '1', ...form }),
  }
}

/** Somebody signed in without a browser: what he asks for must succeed. */
export async function desk(url, login, password) {
  const base = `${url}/api/v1`
  const json = { 'Content-Type': 'application/json' }
  const r = await fetch(`${base}/operator/sign-in`, { method: 'POST', headers: json, body: JSON.stringify({ login, password }) })
  if (!r.ok) throw new Error(`sign-in of ${login}: ${r.status}`)
  const { csrf } = await r.json()
  const Cookie = r.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ')
  return (method, path, body) => ask(base + path, { method, headers: { Cookie, 'X-CSRF-Token': csrf, ...(body ? json : {}) }, body: body && JSON.stringify(body) })
}

/** The answer to a request of who is signed in on a page: its status, and what it said. */
export async function request(page, method, path, body) {
  for (;;) {
    const answer = await page.evaluate(
      async ([method, path, body]) => {
        const me = await (await fetch('/api/v1/operator/me')).json()
        const r = await fetch(`/api/v1${path}`, { method, headers: { 'X-CSRF-Token': me.csrf, ...(body ? { 'Content-Type': 'application/json' } : {}) }, body: body && JSON.stringify(body) })
        return { status: r.status, said: await r.text() }
      },
      [method, path, body],
    )
    if (answer.status !== 429) return { status: answer.status, said: answer.said ? JSON.parse(answer.said) : undefined }
    await pause()
  }
}

/** What a request that must succeed says. */
export async function as(page, method, path, body) {
  const { status, said } = await request(page, method, path, body)
  if (status >= 400) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(said)}`)
  return said
}

export const command = (page, method, path, body) => as(page, method, path, { client_id: randomUUID(), ...body })
