import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Prefs, Row } from '../../../shared/api.gen.ts'
import { Attention, type Sound, type Word } from './attention.ts'
import { row } from './fixtures.ts'

const NOW = Date.parse('2026-11-25T10:00:00Z')
let visible: boolean
let prefs: Partial<Prefs>
let rung: [Sound, boolean][]
let notes: [string, string | undefined, boolean][]
let closed: string[]
let attention: Attention

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  visible = false
  prefs = { notify: true }
  rung = []
  notes = []
  closed = []
  attention = new Attention(() => Date.now(), () => prefs)
  attention.bell = {
    visible: () => visible,
    ring: (sound, soft) => rung.push([sound, soft]),
    notify: (of, reason, text) => notes.push([of.id, reason, text]),
    close: (id) => closed.push(id),
  }
})
afterEach(() => {
  attention.reset()
  vi.useRealTimers()
})

const calm = row('d')
const waits = (change: Partial<Row> = {}) =>
  row('d', { unanswered: true, unread: 1, ...change, session: { ...row('d').session, waiting_since: new Date(NOW).toISOString(), ...change.session } })
const mine = { session: { ...row('d').session, assignee: { id: 'o', name: 'Анна' } } }
const saw = (before: Row | undefined, after: Row, open = false) => attention.saw(before, after, 'o', open)

it('a new untaken dialog rings two notes, again every 20 s until somebody takes it (R-021)', () => {
  saw(undefined, waits())
  expect(rung).toEqual([['call', false]])
  vi.advanceTimersByTime(19_999)
  expect(rung).toHaveLength(1)
  vi.advanceTimersByTime(20_001)
  expect(rung).toHaveLength(3)
  saw(waits(), waits({ session: { ...mine.session, assignee: { id: 'x', name: 'Марк' } } }))
  vi.advanceTimersByTime(60_000)
  expect(rung).toHaveLength(3)
  expect(closed).toEqual(['d'])
})

it('it is silent for 10 minutes when asked, and repeats after that', () => {
  saw(undefined, waits())
  attention.mute(true)
  vi.advanceTimersByTime(10 * 60_000 - 1)
  expect(rung).toHaveLength(1)
  vi.advanceTimersByTime(20_000)
  expect(rung.length).toBeGreaterThan(1)
})

it('a visible tab does not shout: once, softly, no notification, no repeats', () => {
  visible = true
  saw(undefined, waits())
  vi.advanceTimersByTime(120_000)
  expect(rung).toEqual([['call', true]])
  expect(notes).toEqual([])
})

it('a hidden tab notifies: who and why, the text only when allowed', () => {
  saw(undefined, waits())
  prefs = { notify: true, notify_text: true }
  saw({ ...calm, id: 'e' }, row('e', { ...mine, important: true, reasons: ['overdue'] }))
  expect(notes).toEqual([['d', undefined, false], ['e', 'overdue', true]])
  prefs = { notify: false }
  saw(undefined, waits())
  expect(notes).toHaveLength(2)
})

it('with sound off nothing rings, the notification still comes', () => {
  prefs = { notify: true, sound: false }
  saw(undefined, waits())
  vi.advanceTimersByTime(60_000)
  expect(rung).toEqual([])
  expect(notes).toHaveLength(4)
})

it('a dialog that turns red calls once; one transferred to me has one note (R-057)', () => {
  saw(row('d', mine), row('d', { ...mine, important: true, reasons: ['overdue'] }))
  saw(row('d', { ...mine, important: true, reasons: ['overdue'] }), row('d', { ...mine, important: true, reasons: ['overdue'] }))
  saw(row('e'), row('e', { ...mine, important: true, reasons: ['transferred'] }))
  expect(rung.map(([sound]) => sound)).toEqual(['call', 'transfer'])
  vi.advanceTimersByTime(60_000)
  expect(rung).toHaveLength(2)
})

it('a colleague’s red dialog is not called out', () => {
  const his = { session: { ...row('d').session, assignee: { id: 'x', name: 'Марк' } } }
  saw(row('d', his), row('d', { ...his, important: true, reasons: ['overdue'] }))
  expect(rung).toEqual([])
})

it('a message in my dialog ticks, not when it is open before me', () => {
  visible = true
  saw(row('d', mine), row('d', { ...mine, unread: 1, unanswered: true }))
  saw(row('d', mine), row('d', { ...mine, unread: 1, unanswered: true }), true)
  expect(rung).toEqual([['tick', true]])
})

it('rows that were there before are not news: an old one that is only now loaded does not call', () => {
  const old = new Date(NOW - 3_600_000).toISOString()
  saw(undefined, waits({ important: true, reasons: ['unclaimed'], red_since: old, session: { ...calm.session, waiting_since: old } }))
  saw(waits(), waits({ unread: 2 }))
  expect(rung).toEqual([])
})

it('a blocked or closed dialog, one that is gone, and another project stop the repeats', () => {
  for (const end of [() => saw(waits(), waits({ blocked_ip: '1.2.3.4' })), () => attention.gone('d'), () => attention.reset()]) {
    saw(undefined, waits())
    end()
    rung = []
    vi.advanceTimersByTime(60_000)
    expect(rung).toEqual([])
  }
})

it('a notification of who still waits comes again with the sound', () => {
  saw(undefined, waits())
  vi.advanceTimersByTime(20_000)
  expect(notes).toHaveLength(2)
  attention.mute(true)
  vi.advanceTimersByTime(60_000)
  expect(notes).toHaveLength(2)
})

it('silence outlives a reload of the page', () => {
  const kept = new Map<string, string>()
  const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k) }
  new Attention(() => Date.now(), () => prefs, storage).mute(true)
  expect(new Attention(() => Date.now(), () => prefs, storage).muted).toBe(true)
  vi.advanceTimersByTime(10 * 60_000)
  expect(new Attention(() => Date.now(), () => prefs, storage).muted).toBe(false)
})

/** Tabs of one browser; the first of them leads. */
class Browser {
  all: { leads: boolean; visible: boolean; hear: (word: Word) => void; onLead: () => void; attention: Attention }[] = []

  open(visible = false) {
    const mine = new Attention(() => Date.now(), () => prefs)
    const tab = { leads: !this.all.length, visible, hear: (_: Word) => {}, onLead: () => {}, attention: mine }
    this.all.push(tab)
    mine.bell = { ...attention.bell, visible: () => tab.visible }
    mine.join({
      get leads() {
        return tab.leads
      },
      start: (hear, onLead) => void Object.assign(tab, { hear, onLead }),
      say: (word) => this.all.forEach((other) => other !== tab && other.hear(structuredClone(word))),
      ifVisible: (then) => then(this.all.some((t) => t.visible)),
      stop: () => {},
    })
    return tab
  }

  close(tab: (typeof this.all)[0]) {
    tab.attention.reset()
    this.all = this.all.filter((t) => t !== tab)
    if (!tab.leads) return
    this.all[0]!.leads = true
    this.all[0]!.onLead()
  }
}

describe('several tabs of one operator', () => {
  const each = (browser: Browser, before: Row | undefined, after: Row) => browser.all.forEach((t) => t.attention.saw(before, after, 'o', false))
  const taken = () => waits({ session: { ...mine.session, assignee: { id: 'x', name: 'Марк' } } })

  it('one rings for all that see the same dialog, once each 20 s, until it is taken', () => {
    const browser = new Browser()
    for (let i = 0; i < 3; i++) browser.open()
    each(browser, undefined, waits())
    expect([rung.length, notes.length]).toEqual([1, 1])
    vi.advanceTimersByTime(20_000)
    expect([rung.length, notes.length]).toEqual([2, 2])
    each(browser, waits(), taken())
    vi.advanceTimersByTime(120_000)
    expect(rung).toHaveLength(2)
    expect(closed).toContain('d')
  })

  it('rings for a dialog that only another tab sees, as long as that one says it waits', () => {
    const browser = new Browser()
    browser.open()
    const other = browser.open()
    other.attention.saw(undefined, waits(), 'o', false)
    expect(rung).toEqual([['call', false]])
    vi.advanceTimersByTime(40_000)
    expect(rung).toHaveLength(3)
    browser.close(other)
    vi.advanceTimersByTime(60_000)
    expect(rung).toHaveLength(3)
  })

  it('softly, and without a notification, while any of them is looked at', () => {
    const browser = new Browser()
    browser.open()
    const seen = browser.open(true)
    each(browser, undefined, waits())
    vi.advanceTimersByTime(60_000)
    expect(rung).toEqual([['call', true]])
    expect(notes).toEqual([])
    seen.visible = false
    vi.advanceTimersByTime(20_000)
    expect(rung.at(-1)).toEqual(['call', false])
    expect(notes).toHaveLength(1)
  })

  it('the first repeat is 20 s after the call, whenever the leading tab last asked', () => {
    const browser = new Browser()
    const leads = browser.open()
    browser.open()
    leads.onLead()
    vi.advanceTimersByTime(15_000)
    each(browser, undefined, waits())
    vi.advanceTimersByTime(19_000)
    expect(rung).toHaveLength(1)
    vi.advanceTimersByTime(1_000)
    expect(rung).toHaveLength(2)
  })

  it('another one goes on when the one that rang is closed', () => {
    const browser = new Browser()
    const first = browser.open()
    const second = browser.open()
    second.attention.saw(undefined, waits(), 'o', false)
    browser.close(first)
    vi.advanceTimersByTime(20_000)
    expect(rung).toHaveLength(2)
  })

  it('what calls while none leads, since the one that did was just closed, is called by the next at once', () => {
    const browser = new Browser()
    const first = browser.open()
    const second = browser.open()
    first.leads = false
    second.attention.saw(undefined, waits(), 'o', false)
    expect(rung).toEqual([])
    first.leads = true
    browser.close(first)
    expect(rung).toEqual([['call', false]])
    vi.advanceTimersByTime(20_000)
    expect(rung).toHaveLength(2)
  })

  it('silence asked for in one is silence in all, in one opened later, too', () => {
    const browser = new Browser()
    const first = browser.open()
    browser.open().attention.mute(true)
    expect(first.attention.muted).toBe(true)
    expect(browser.open().attention.muted).toBe(true)
    each(browser, undefined, waits())
    vi.advanceTimersByTime(60_000)
    expect(rung).toEqual([])
  })

  it('no tick for a message that one of them shows', () => {
    const browser = new Browser()
    const leads = browser.open()
    const shows = browser.open(true)
    const [before, after] = [row('d', mine), row('d', { ...mine, rev: 2, unread: 1, unanswered: true })]
    leads.attention.saw(before, after, 'o', false)
    shows.attention.saw(before, after, 'o', true)
    vi.advanceTimersByTime(1000)
    expect(rung).toEqual([])
    leads.attention.saw({ ...after, unread: 0 }, { ...after, rev: 3 }, 'o', false)
    shows.attention.saw({ ...after, unread: 0 }, { ...after, rev: 3 }, 'o', false)
    vi.advanceTimersByTime(5000)
    expect(rung).toEqual([['tick', true]])
  })
})
