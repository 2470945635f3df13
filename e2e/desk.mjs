// An operator without a screen: what he does reaches the visitor; how it looks to him is another test's business.
import { until } from './people.mjs'
import { as, command } from './requests.mjs'

export class Desk {
  /** Signs in on a page of Otklik itself that shows nothing. Online only after connect(). */
  static async sitDown(browser, url, login, password) {
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${url}/widget.js`)
    const status = await page.evaluate(
      (who) => fetch('/api/v1/operator/sign-in', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(who) }).then((r) => r.status),
      { login, password },
    )
    if (status >= 300) throw new Error(`${login} cannot sign in: ${status}`)
    const desk = new Desk()
    desk.page = page
    const { operator, projects } = await desk.api('GET', '/operator/me')
    return Object.assign(desk, { ...operator, projects })
  }

  /** From here on he is online (D-04). */
  connect() {
    return this.page.evaluate(
      () =>
        new Promise((go, no) => {
          const typing = (window.typing = [])
          const read = (window.read = {})
          window.socket = new WebSocket('/api/v1/operator/socket')
          window.socket.onmessage = ({ data }) => {
            const { type, dialog_id, seq } = JSON.parse(data)
            if (type === 'hello') go()
            if (type === 'ping') window.socket.send('{"type":"pong"}')
            if (type === 'typing') typing.push(dialog_id)
            if (type === 'read') read[dialog_id] = seq
          }
          window.socket.onclose = no
        }),
    )
  }

  api(method, path, body) {
    return as(this.page, method, path, body)
  }

  command(dialog, what, body, method = 'POST') {
    return command(this.page, method, `/operator/dialogs/${dialog}/${what}`, body)
  }

  async newProject(name, settings = {}) {
    return this.change(await this.api('POST', '/admin/projects', { name }), settings)
  }

  /** Changes settings of a project as they are now. */
  async change({ id }, settings) {
    const { rev, form } = await this.api('GET', `/admin/projects/${id}`)
    delete form.consent_version
    return this.api('PATCH', `/admin/projects/${id}`, { rev, ...settings, ...(settings.form && { form: { ...form, ...settings.form } }) })
  }

  async dialogs(project) {
    return (await this.api('GET', `/operator/projects/${project.id}/dialogs?group=all`)).rows
  }

  /** The one dialog of a project, as soon as it is there. */
  dialog(project) {
    return until(`a dialog in ${project.name}`, async () => (await this.dialogs(project))[0]?.id)
  }

  async events(dialog) {
    return (await this.api('GET', `/operator/dialogs/${dialog}/events?limit=200`)).events
  }

  /** What visitors wrote into a dialog, in its order. */
  async heard(dialog) {
    return (await this.events(dialog)).filter((e) => e.author === 'visitor' && e.kind === 'message').map((e) => e.text)
  }

  hears(dialog, text, within) {
    return until(`the operator hears «${text}»`, async () => (await this.heard(dialog)).includes(text), within)
  }

  say(dialog, text) {
    return this.command(dialog, 'messages', { text })
  }

  types(dialog) {
    return this.page.evaluate((dialog_id) => window.socket.send(JSON.stringify({ type: 'typing', dialog_id })), dialog)
  }

  /** From now on he has it open, so he is told who types in it, and how far its visitor has read. */
  async watches(dialog) {
    const after = await this.last(dialog)
    await this.page.evaluate((frame) => window.socket.send(JSON.stringify(frame)), { type: 'open', dialog_id: dialog, after })
  }

  sawTyping(dialog) {
    return this.page.evaluate((id) => window.typing.includes(id), dialog)
  }

  async sawRead(dialog) {
    const seq = await this.page.evaluate((id) => window.read[id] ?? 0, dialog)
    return (await this.events(dialog)).filter((e) => e.seq <= seq).at(-1)?.text
  }

  async last(dialog) {
    return (await this.events(dialog)).at(-1).seq
  }

  async reads(dialog) {
    return this.api('POST', `/operator/dialogs/${dialog}/read`, { seq: await this.last(dialog) })
  }

  async leaves(dialog) {
    return this.command(dialog, 'leave', { last_seen_seq: await this.last(dialog) })
  }

  block(dialog) {
    return this.command(dialog, 'block')
  }

  unblock(dialog) {
    return this.command(dialog, 'block', {}, 'DELETE')
  }

  erase(project, dialog) {
    return this.api('DELETE', `/admin/projects/${project.id}/dialogs/${dialog}/contact`)
  }
}
