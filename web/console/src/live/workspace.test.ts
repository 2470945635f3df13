import { QueryClient } from '@tanstack/react-query'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Me, Row } from '../../../shared/api.gen.ts'
import { event, page, row } from './fixtures.ts'
import type { Wire } from './socket.ts'
import { Workspace } from './workspace.ts'

interface Frame {
  type: string
  dialog_id?: string
  project_id?: string
  after?: number
}

/** A server of this test: what it was asked, and what it would answer. */
class Server {
  head = 3
  rows: Row[] = []
  pages?: Row[]
  changesAt?: string
  asked: string[] = []
  wires: (Wire & { sent: Frame[] })[] = []

  down = false
  /** What it answers instead of a log. */
  failing?: number

  fetch = (url: string, init: { method: string; body?: string }): Promise<Response> => {
    if (this.down) return Promise.reject(new TypeError('Failed to fetch'))
    const { pathname, searchParams: q } = new URL(url, 'http://x')
    const path = pathname.replace('/api/v1/operator/', '')
    this.asked.push(`${init.method} ${path}`)
    if (this.failing && path.endsWith('/events')) return Promise.resolve(new Response('{}', { status: this.failing }))
    const number = (name: string) => (q.has(name) ? Number(q.get(name)) : undefined)
    let body: unknown = {}
    if (path.endsWith('/events')) body = page(this.head, { after: number('after'), before: number('before'), limit: number('limit') })
    else if (path.startsWith('projects/') && this.pages) {
      const from = number('cursor') ?? 0
      const to = from + number('limit')!
      const next_cursor = to < this.pages.length ? `${to}` : undefined
      body = { rows: this.pages.slice(from, to), next_cursor, counts: { mine: 0, important: 0, unassigned: 0, all: 9 }, now: new Date().toISOString() }
    } else if (path.startsWith('projects/'))
      body = { rows: this.rows, counts: { mine: 0, important: 0, unassigned: 0, all: this.rows.length }, changes_at: this.changesAt, now: new Date().toISOString() }
    else if (path.endsWith('/messages')) {
      const { client_id, text } = JSON.parse(init.body!) as { client_id: string; text: string }
      this.head++
      body = { event: event(this.head, { client_id, text, author: 'operator' }) }
    }
    return Promise.resolve(new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } }))
  }

  connect = (): Wire => {
    const sent: Frame[] = []
    const wire = { onopen: null, onmessage: null, onclose: null, sent, send: (d: string) => void sent.push(JSON.parse(d) as Frame), close: () => {} }
    this.wires.push(wire)
    return wire
  }

  get wire() {
    return this.wires.at(-1)!
  }

  push(frame: object) {
    this.wire.onmessage?.({ data: JSON.stringify(frame) })
  }

  lists() {
    return this.asked.filter((a) => a.includes('projects/')).length
  }
}

let server: Server
let workspace: Workspace
const toasts = () => workspace.transferred.map((r) => r.id)
const settle = () => vi.advanceTimersByTimeAsync(0)
/** Time passes on a connection that lives. */
const pass = async (ms: number) => {
  for (; ms > 0; ms -= 3_000) {
    await vi.advanceTimersByTimeAsync(Math.min(ms, 3_000))
    server.push({ type: 'pong', now: new Date().toISOString() })
  }
}
const seqs = (id: string) => workspace.feed(id).shown().map((e) => e.seq)

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse('2026-11-25T10:00:00Z') })
  server = new Server()
  vi.stubGlobal('fetch', server.fetch)
  const query = new QueryClient()
  query.setQueryData(['me'], { operator: { id: 'o', prefs: { notify: true } }, projects: [{ id: 'p', dot: 'none' }] } as unknown as Me)
  workspace = new Workspace({ query, connect: server.connect, onSignedOut: () => {} })
  workspace.socket.start()
  server.push({ type: 'hello', now: new Date().toISOString() })
  await settle()
})
afterEach(() => {
  workspace.stop()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('Workspace', () => {
  it('watches first and reads the list after, so that nothing falls between', async () => {
    workspace.watchProject('p')
    expect(server.wire.sent.at(-1)).toEqual({ type: 'watch', project_id: 'p' })
    expect(server.lists()).toBe(0)
    server.rows = [row('a')]
    server.push({ type: 'watching', project_id: 'p' })
    await settle()
    expect(server.lists()).toBe(1)
    expect(workspace.counts?.all).toBe(1)
  })

  it('opens a dialog from the last event of its page', async () => {
    workspace.openDialog('d')
    await settle()
    expect(server.wire.sent.at(-1)).toEqual({ type: 'open', dialog_id: 'd', after: 3 })
    server.push({ type: 'event', dialog_id: 'd', event: event(4) })
    expect(seqs('d')).toEqual([1, 2, 3, 4])
  })

  /** What a window does: with each change of the log it is drawn, and asks for the log again. */
  const drawLog = () => workspace.feed('d').subscribe(() => void workspace.feed('d'))
  const logReads = () => server.asked.filter((a) => a === 'GET dialogs/d/events').length

  it('a log that is not there is asked for once, and again when somebody wants it (I-08)', async () => {
    server.failing = 404
    workspace.openDialog('d')
    drawLog()
    await vi.advanceTimersByTimeAsync(4_000)
    expect(logReads()).toBe(1)
    server.push({ type: 'hello', now: new Date().toISOString() })
    await vi.advanceTimersByTimeAsync(4_000)
    expect(logReads()).toBe(1)
    server.failing = undefined
    workspace.dialogRead('d')
    await settle()
    expect(logReads()).toBe(2)
    expect(seqs('d')).toEqual([1, 2, 3])
    expect(server.wire.sent.at(-1)).toEqual({ type: 'open', dialog_id: 'd', after: 3 })
  })

  it('a log that cannot be read is asked for after pauses that double, and at once after the next hello (I-08, M-43)', async () => {
    server.failing = 503
    workspace.openDialog('d')
    const leave = drawLog()
    await vi.advanceTimersByTimeAsync(500)
    expect(logReads()).toBe(1)
    await vi.advanceTimersByTimeAsync(4_500)
    expect(logReads()).toBeGreaterThan(1)
    expect(logReads()).toBeLessThanOrEqual(4)
    expect(workspace.feed('d').error).toBe(true)
    server.failing = undefined
    const before = logReads()
    server.push({ type: 'hello', now: new Date().toISOString() })
    await settle()
    expect(logReads()).toBe(before + 1)
    expect(seqs('d')).toEqual([1, 2, 3])
    expect(server.wire.sent.at(-1)).toEqual({ type: 'open', dialog_id: 'd', after: 3 })
    leave()
  })

  it('nobody looks at a log that could not be read: it waits for the next look', async () => {
    server.failing = 503
    workspace.openDialog('d')
    drawLog()()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(logReads()).toBe(1)
    server.failing = undefined
    workspace.feed('d')
    await settle()
    expect(seqs('d')).toEqual([1, 2, 3])
  })

  it('asks once for what is missing and ends without hole or double', async () => {
    workspace.openDialog('d')
    await settle()
    const before = server.wire.sent.length
    server.push({ type: 'event', dialog_id: 'd', event: event(6) })
    server.push({ type: 'event', dialog_id: 'd', event: event(7) })
    expect(server.wire.sent.slice(before)).toEqual([{ type: 'open', dialog_id: 'd', after: 3 }])
    for (const n of [4, 5, 6, 7]) server.push({ type: 'event', dialog_id: 'd', event: event(n) })
    expect(seqs('d')).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('after a reconnect watches, reopens from the last event and reads the list anew', async () => {
    workspace.watchProject('p')
    server.push({ type: 'watching', project_id: 'p' })
    workspace.openDialog('d')
    await settle()
    server.push({ type: 'event', dialog_id: 'd', event: event(4) })
    server.wire.onclose?.({ code: 1006 })
    await vi.advanceTimersByTimeAsync(500)
    expect(server.wires).toHaveLength(2)
    server.push({ type: 'hello', now: new Date().toISOString() })
    expect(server.wire.sent).toEqual([
      { type: 'watch', project_id: 'p' },
      { type: 'open', dialog_id: 'd', after: 4 },
    ])
    const lists = server.lists()
    server.push({ type: 'watching', project_id: 'p' })
    await settle()
    expect(server.lists()).toBe(lists + 1)
  })

  it('reads a long list page by page, and all of that again after a reconnect', async () => {
    const all = Array.from({ length: 450 }, (_, i) => row(String(1000 + i)))
    server.pages = all
    workspace.watchProject('p')
    server.push({ type: 'watching', project_id: 'p' })
    await settle()
    const list = () => workspace.rows.list('all', 'priority')!
    expect(list()).toHaveLength(100)
    void workspace.loadMore()
    await workspace.loadMore() // the first is on its way
    await settle()
    expect(list()).toHaveLength(300)
    server.pages = all.filter((r) => r.id !== '1250').map((r) => ({ ...r, rev: 2 }))
    server.wire.onclose?.({ code: 1006 })
    await vi.advanceTimersByTimeAsync(500)
    server.push({ type: 'hello', now: new Date().toISOString() })
    server.push({ type: 'watching', project_id: 'p' })
    await settle()
    // One row is gone, the next one came up from beyond.
    expect(list().map((r) => r.id)).toEqual(all.slice(0, 301).filter((r) => r.id !== '1250').map((r) => r.id))
    expect(list().every((r) => r.rev === 2)).toBe(true)
  })

  it('asks whether the sign-in still holds when connections are refused', async () => {
    server.wire.onclose?.({ code: 1006 })
    const before = server.asked.filter((a) => a === 'GET me').length
    for (let i = 0; i < 3; i++) {
      await vi.advanceTimersByTimeAsync(3_300)
      server.wire.onclose?.({ code: 1006 })
    }
    expect(server.asked.filter((a) => a === 'GET me').length - before).toBe(1)
  })

  it('what could not be sent is sent after the next hello', async () => {
    server.down = true
    workspace.sends.send('d', 'hello', 3)
    await pass(10_000)
    expect(workspace.sends.of('d')[0]?.state).toBe('failed')
    server.down = false
    server.wire.onclose?.({ code: 1006 })
    await vi.advanceTimersByTimeAsync(500)
    server.push({ type: 'hello', now: new Date().toISOString() })
    await settle()
    expect(workspace.sends.of('d')).toEqual([])
  })

  it('a sent message is shown once, whether the answer or the socket brings it first', async () => {
    workspace.openDialog('d')
    await settle()
    workspace.sends.send('d', 'hello', 3)
    await settle()
    expect(workspace.sends.of('d')).toEqual([])
    server.push({ type: 'event', dialog_id: 'd', event: event(4, { text: 'hello', author: 'operator' }) })
    expect(seqs('d')).toEqual([1, 2, 3, 4])
  })

  it('asks again when no push came within a second of changes_at', async () => {
    server.rows = [row('a', { changes_at: new Date(Date.now() + 10_000).toISOString() })]
    workspace.watchProject('p')
    server.push({ type: 'watching', project_id: 'p' })
    await settle()
    await vi.advanceTimersByTimeAsync(5_000)
    server.push({ type: 'pong', now: new Date().toISOString() })
    await vi.advanceTimersByTimeAsync(5_500)
    server.push({ type: 'pong', now: new Date().toISOString() })
    expect(server.lists()).toBe(1)
    server.rows = [row('a', { important: true, rev: 2 })]
    await vi.advanceTimersByTimeAsync(1_000)
    expect(server.lists()).toBe(2)
    expect(workspace.rows.get('a')?.important).toBe(true)
  })

  it('of a long list it reads as far as the row that is late, and all of it when that does not help', async () => {
    const late = new Date(Date.now() + 10_000).toISOString()
    const rows = (change: (i: number) => Partial<Row>) => Array.from({ length: 500 }, (_, i) => row(String(1000 + i), change(i)))
    server.pages = rows((i) => (i === 150 ? { changes_at: late } : {}))
    workspace.watchProject('p')
    server.push({ type: 'watching', project_id: 'p' })
    await settle()
    await workspace.loadMore()
    await workspace.loadMore()
    expect(server.lists()).toBe(3)
    const pong = () => server.push({ type: 'pong', now: new Date().toISOString() })
    for (const ms of [5_000, 5_000]) {
      await vi.advanceTimersByTimeAsync(ms)
      pong()
    }
    // The server is late too: nothing has changed on any page.
    await vi.advanceTimersByTimeAsync(1_000)
    expect(server.lists()).toBe(6)
    server.pages = rows((i) => (i === 150 ? { rev: 2, important: true } : {}))
    await vi.advanceTimersByTimeAsync(2_000)
    expect(workspace.rows.get('1150')?.important).toBe(true)
    expect(server.lists()).toBe(8)
  })

  it('does not ask when the push came', async () => {
    server.rows = [row('a', { changes_at: new Date(Date.now() + 3_000).toISOString() })]
    workspace.watchProject('p')
    server.push({ type: 'watching', project_id: 'p' })
    await settle()
    await vi.advanceTimersByTimeAsync(3_100)
    server.push({ type: 'row', row: row('a', { rev: 2, important: true }) })
    await vi.advanceTimersByTimeAsync(4_000)
    expect(server.lists()).toBe(1)
  })

  it('is silent about what called before the page came, and toasts nothing', () => {
    const ring = vi.fn()
    workspace.attention.bell = { visible: () => false, ring, notify: () => {}, close: () => {} }
    const waiting_since = new Date(Date.now() - 1000).toISOString()
    server.push({ type: 'calls', rows: [row('a', { unanswered: true, session: { ...row('a').session, waiting_since } }), row('b', { important: true, reasons: ['transferred'], red_since: waiting_since })] })
    expect(ring).not.toHaveBeenCalled()
    expect(toasts()).toEqual([])
  })

  it('says when a dialog is transferred to this operator, unless it is open already', () => {
    workspace.watchProject('p')
    server.push({ type: 'row', row: row('a', { reasons: ['transferred'], important: true }) })
    expect(toasts()).toEqual(['a'])
    workspace.dismissTransferred('a')
    server.push({ type: 'row', row: row('a', { rev: 2, reasons: ['transferred'], important: true }) })
    expect(toasts()).toEqual([])
    workspace.openDialog('b')
    server.push({ type: 'row', row: row('b', { reasons: ['transferred'], important: true }) })
    expect(toasts()).toEqual([])
  })

  it('says it of each of several, from any project, until it is answered, opened or taken away (M-16)', () => {
    workspace.watchProject('p')
    const handed = (id: string, change: Partial<Row> = {}) => row(id, { reasons: ['transferred'], important: true, ...change })
    server.push({ type: 'row', row: handed('a') })
    server.push({ type: 'call', row: handed('b', { project_id: 'q' }) })
    server.push({ type: 'call', row: handed('c', { project_id: 'q' }) })
    expect(toasts()).toEqual(['a', 'b', 'c'])
    server.push({ type: 'call', row: row('b', { project_id: 'q', rev: 2 }) })
    expect(toasts()).toEqual(['a', 'c'])
    server.push({ type: 'gone', dialog_id: 'c', rev: 2 })
    workspace.openDialog('a')
    expect(toasts()).toEqual([])
    for (const id of ['e', 'f', 'g', 'h']) server.push({ type: 'row', row: handed(id) })
    expect(toasts()).toEqual(['f', 'g', 'h'])
  })

  describe('what calls him (R-021)', () => {
    let rung: string[]
    let notes: Row[]
    const waits = (id: string, change: Partial<Row> = {}) =>
      row(id, { unanswered: true, unread: 1, ...change, session: { ...row(id).session, waiting_since: new Date().toISOString(), ...change.session } })
    const taken = (id: string, change: Partial<Row> = {}) => waits(id, { rev: 2, ...change, session: { ...row(id).session, assignee: { id: 'x', name: 'Марк' } } })
    beforeEach(async () => {
      rung = []
      notes = []
      workspace.attention.bell = { visible: () => false, ring: (sound) => void rung.push(sound), notify: (of) => void notes.push(of), close: () => {} }
      workspace.watchProject('p')
      server.push({ type: 'calls', rows: [] })
      server.push({ type: 'watching', project_id: 'p' })
      await settle()
    })
    const back = async (rows: Row[]) => {
      server.rows = rows.filter((r) => r.project_id === 'p')
      server.wire.onclose?.({ code: 1006 })
      workspace.socket.retryNow()
      server.push({ type: 'hello', now: new Date().toISOString() })
      server.push({ type: 'calls', rows })
      server.push({ type: 'watching', project_id: 'p' })
      await settle()
    }

    it('rings and notifies whichever project he looks at, again until it is taken', async () => {
      server.push({ type: 'call', row: waits('b', { project_id: 'q' }) })
      expect([rung.length, notes[0]?.project_id]).toEqual([1, 'q'])
      await pass(40_000)
      expect(rung).toHaveLength(3)
      server.push({ type: 'call', row: waits('b', { project_id: 'q', important: true, reasons: ['unclaimed'] }) })
      expect(rung).toHaveLength(4)
      server.push({ type: 'call', row: taken('b', { project_id: 'q' }) })
      await pass(60_000)
      expect(rung).toHaveLength(4)
    })

    it('goes on when he looks at another project, and says nothing twice', async () => {
      server.push({ type: 'row', row: waits('a') })
      workspace.watchProject('q')
      server.push({ type: 'watching', project_id: 'q' })
      await settle()
      server.push({ type: 'call', row: waits('a', { rev: 2, unread: 2 }) })
      expect(rung).toHaveLength(1)
      await pass(20_000)
      expect(rung).toHaveLength(2)
      // Its hours end: nobody says `gone` of each.
      server.push({ type: 'projects', projects: [{ id: 'p', dot: 'none', red: 0 }] })
      await pass(60_000)
      expect(rung).toHaveLength(2)
    })

    it('what began while the connection was away rings when it is back, however long that was; what was there before does not', async () => {
      const old = { ...row('a').session, waiting_since: new Date(Date.now() - 3_600_000).toISOString() }
      const before = [waits('a', { session: old }), waits('b', { project_id: 'q', session: old })]
      await back(before)
      expect(rung).toEqual([])
      const meanwhile = new Date(Date.now() + 60_000).toISOString()
      server.wire.onclose?.({ code: 1006 })
      await vi.advanceTimersByTimeAsync(600_000)
      await back([...before, waits('c', { session: { ...old, waiting_since: meanwhile } }), waits('d', { project_id: 'q', session: { ...old, waiting_since: meanwhile } })])
      expect(rung).toEqual(['call', 'call'])
      await vi.advanceTimersByTimeAsync(20_000)
      expect(rung).toHaveLength(3)
      // Taken while it was away again.
      await back(before)
      rung = []
      await vi.advanceTimersByTimeAsync(60_000)
      expect(rung).toEqual([])
    })
  })

  it('ignores rows of a project that is not watched any more', () => {
    workspace.watchProject('p')
    server.push({ type: 'row', row: row('a', { project_id: 'other' }) })
    expect(workspace.rows.get('a')).toBeUndefined()
  })

  it('hears how far the visitor has read, and never less of it (D-72)', () => {
    const feed = workspace.feed('d')
    server.push({ type: 'read', dialog_id: 'd', seq: 5 })
    server.push({ type: 'read', dialog_id: 'd', seq: 4 })
    server.push({ type: 'read', dialog_id: 'not open', seq: 9 })
    expect(feed.readSeq).toBe(5)
  })

  it('moves the read mark only forward', () => {
    workspace.markRead('d', 5)
    workspace.markRead('d', 5)
    workspace.markRead('d', 4)
    workspace.markRead('d', 6)
    expect(server.asked.filter((a) => a.endsWith('/read'))).toHaveLength(2)
  })
})
