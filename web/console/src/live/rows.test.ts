import { describe, expect, it } from 'vitest'
import { row } from './fixtures.ts'
import { RowStore } from './rows.ts'

const ids = (list: readonly { id: string }[] | undefined) => list?.map((r) => r.id)

function filled(...rows: ReturnType<typeof row>[]) {
  const store = new RowStore()
  store.takePage(store.startRead('all', 'priority', true), rows)
  return store
}

/** The same numbers at every run. */
function randomOf(seed: number) {
  return (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * below)
  }
}

describe('RowStore', () => {
  it('knows nothing before the first page', () => {
    expect(new RowStore().list('all', 'priority')).toBeUndefined()
  })

  it('takes a newer revision and the later frame of the same one', () => {
    const store = filled(row('a', { rev: 3, unread: 1 }))
    store.upsert(row('a', { rev: 2, unread: 9 }))
    expect(store.get('a')?.unread).toBe(1)
    store.upsert(row('a', { rev: 3, unread: 0 }))
    expect(store.get('a')?.unread).toBe(0)
  })

  it('orders by the rank of the server, by code units', () => {
    const store = filled(row('a', { rank: '2' }), row('b', { rank: '10' }), row('c', { rank: '1' }))
    expect(ids(store.list('all', 'priority'))).toEqual(['c', 'b', 'a'])
  })

  it('orders by last message when asked to, ignoring rank (R-015)', () => {
    const last = (at: string) => ({ last: { kind: 'message', author: 'visitor', at } as const })
    const store = filled(row('a', { rank: '1', ...last('2026-01-01T10:00:00Z') }), row('b', { rank: '2', ...last('2026-01-01T11:00:00Z') }))
    store.takePage(store.startRead('all', 'newest', true), [store.get('b')!, store.get('a')!])
    store.takePage(store.startRead('all', 'oldest', true), [store.get('a')!, store.get('b')!])
    expect(ids(store.list('all', 'newest'))).toEqual(['b', 'a'])
    expect(ids(store.list('all', 'oldest'))).toEqual(['a', 'b'])
  })

  it('moves a row to the tabs it says', () => {
    const store = filled(row('a', { groups: ['all', 'unassigned'] }))
    store.takePage(store.startRead('unassigned', 'priority', true), [store.get('a')!])
    store.upsert(row('a', { rev: 2, groups: ['all', 'mine'] }))
    expect(store.list('unassigned', 'priority')).toEqual([])
    expect(ids(store.list('all', 'priority'))).toEqual(['a'])
  })

  it('drops a row that is gone, unless it is older news', () => {
    const store = filled(row('a', { rev: 5 }))
    store.gone('a', 4)
    expect(ids(store.list('all', 'priority'))).toEqual(['a'])
    store.gone('a', 6)
    expect(store.list('all', 'priority')).toEqual([])
    store.upsert(row('a', { rev: 5 }))
    expect(store.list('all', 'priority')).toEqual([])
  })

  it('keeps some of the rows that left, and all that stand in a list: a day does not grow in it', () => {
    const store = filled(row('stays'), row('back'))
    const sizes = () => ['rows', 'touched', 'left'].map((name) => (store as unknown as Record<string, Map<string, unknown>>)[name]!.size)
    store.gone('back', 2)
    const pass = (n: number) => {
      store.upsert(row(`d${n}`))
      store.upsert(row(`d${n}`, { rev: 2, groups: [] }))
    }
    for (let n = 0; n < 40; n++) pass(n)
    // Of one that has just left the row is still known: its dialog may be open.
    expect(store.get('back')?.groups).toEqual([])
    store.upsert(row('back', { rev: 3 }))
    for (let n = 40; n < 2000; n++) pass(n)
    expect(ids(store.list('all', 'priority'))).toEqual(['back', 'stays'])
    expect(store.get('d1999')?.rev).toBe(2)
    expect(sizes()).toEqual([52, 52, 50])
  })

  it('a page that says what is known leaves the rows, and the list, as they are', () => {
    const store = filled(row('a', { labels: [{ id: 'l', name: 'VIP', color: 'red' }] as never }), row('b'))
    const [list, a] = [store.list('all', 'priority'), store.get('a')]
    store.takePage(store.startRead('all', 'priority', true), [row('a', { labels: [{ id: 'l', name: 'VIP', color: 'red' }] as never }), row('b', { unread: 1 })])
    expect(store.get('a')).toBe(a)
    expect(store.get('b')?.unread).toBe(1)
    expect(store.list('all', 'priority')).not.toBe(list)
    const after = store.list('all', 'priority')
    store.takePage(store.startRead('all', 'priority', true), [row('a', { labels: [{ id: 'l', name: 'VIP', color: 'red' }] as never }), row('b', { unread: 1 })])
    expect(store.list('all', 'priority')).toBe(after)
  })

  it('drops what a fresh page no longer has', () => {
    const store = filled(row('a'), row('b'))
    store.takePage(store.startRead('all', 'priority', true), [row('b')])
    expect(ids(store.list('all', 'priority'))).toEqual(['b'])
  })

  it('does not take back what a newer page has removed', () => {
    const store = filled(row('a'), row('b'))
    const slow = store.startRead('all', 'priority', true)
    store.takePage(store.startRead('all', 'priority', true), [row('b')])
    store.takePage(slow, [row('a'), row('b')])
    expect(ids(store.list('all', 'priority'))).toEqual(['b'])
  })

  it('keeps a row pushed while the page was on its way', () => {
    const store = filled(row('a'))
    const read = store.startRead('all', 'priority', true)
    store.upsert(row('b'))
    store.upsert(row('a', { unread: 7 }))
    store.takePage(read, [row('a', { unread: 0 })])
    expect(ids(store.list('all', 'priority'))).toEqual(['a', 'b'])
    expect(store.get('a')?.unread).toBe(7)
  })

  it('does not show rows beyond what has been read: there would be holes', () => {
    const store = new RowStore()
    store.takePage(store.startRead('all', 'priority', true), [row('a'), row('c')], 'next')
    store.upsert(row('b'))
    store.upsert(row('x'))
    expect(ids(store.list('all', 'priority'))).toEqual(['a', 'b', 'c'])
    store.takePage(store.startRead('all', 'priority', false), [row('d'), row('x')])
    expect(ids(store.list('all', 'priority'))).toEqual(['a', 'b', 'c', 'd', 'x'])
    expect(store.cursor('all', 'priority')).toBeUndefined()
  })

  it('a second page does not remove rows of the first', () => {
    const store = new RowStore()
    store.takePage(store.startRead('all', 'priority', true), [row('a'), row('b')], 'next')
    store.takePage(store.startRead('all', 'priority', false), [row('c')])
    expect(ids(store.list('all', 'priority'))).toEqual(['a', 'b', 'c'])
  })

  it('reading the first page again does not make a list shorter that was read further, and takes out what is gone', () => {
    const store = new RowStore()
    store.takePage(store.startRead('all', 'priority', true), [row('a'), row('b')], 'second')
    store.takePage(store.startRead('all', 'priority', false), [row('c'), row('d')], 'third')
    store.takePage(store.startRead('all', 'priority', true), [row('b'), row('bb')], 'again')
    expect(ids(store.list('all', 'priority'))).toEqual(['b', 'bb', 'c', 'd'])
    expect(store.cursor('all', 'priority')).toBe('third')
    expect(store.reachesBeyond('all', 'priority', row('bb'))).toBe(true)
    store.takePage(store.startRead('all', 'priority', false, row('bb')), [row('d')], 'third')
    expect(ids(store.list('all', 'priority'))).toEqual(['b', 'bb', 'd'])
    expect(store.reachesBeyond('all', 'priority', row('d'))).toBe(false)
  })

  it('what was read of other tabs is read again after nothing was pushed for a while', () => {
    const store = filled(row('a'))
    store.takePage(store.startRead('mine', 'priority', true), [])
    store.forgetOthers('mine', 'priority')
    expect(store.list('all', 'priority')).toBeUndefined()
    expect(store.list('mine', 'priority')).toEqual([])
  })

  it('stays sorted through any changes, in every tab and order', () => {
    const store = new RowStore()
    const random = randomOf(7)
    const kinds = ['mine', 'important', 'unassigned', 'all'] as const
    const sorts = ['priority', 'newest', 'oldest'] as const
    for (const g of kinds) for (const s of sorts) store.takePage(store.startRead(g, s, true), [])
    for (let rev = 1; rev < 2000; rev++) {
      const id = `d${random(60)}`
      if (random(10) === 0) store.gone(id, rev)
      else {
        const at = new Date(1_700_000_000_000 + random(50) * 100).toISOString().replace(/\.?0+Z$/, 'Z')
        store.upsert(row(id, { rev, rank: `${random(4)}${random(5)}`, groups: kinds.filter(() => random(2)), last: { kind: 'message', author: 'visitor', at } }))
      }
    }
    const time = (r: { last?: { at: string } }) => Date.parse(r.last!.at)
    for (const g of kinds) {
      const of = store.all().filter((r) => r.groups.includes(g))
      const by = (key: (a: (typeof of)[0], b: (typeof of)[0]) => number) => ids([...of].sort((a, b) => key(a, b) || (a.id < b.id ? -1 : 1)))
      expect(of.length).toBeGreaterThan(5)
      expect(ids(store.list(g, 'priority'))).toEqual(by((a, b) => Number(a.rank) - Number(b.rank)))
      expect(ids(store.list(g, 'newest'))).toEqual(by((a, b) => time(b) - time(a)))
      expect(ids(store.list(g, 'oldest'))).toEqual(by((a, b) => time(a) - time(b)))
    }
  })

  it('gives the same list until a row of it changes', () => {
    const store = filled(row('a', { groups: ['all', 'mine'] }))
    const before = store.list('all', 'priority')
    expect(store.list('all', 'priority')).toBe(before)
    store.upsert(row('b', { groups: ['mine'] }))
    expect(store.list('all', 'priority')).toBe(before)
    store.upsert(row('a', { rev: 2 }))
    expect(store.list('all', 'priority')).not.toBe(before)
  })

  it('says what turned important, and what comes as important from elsewhere; a page that was never seen is no news', () => {
    const store = filled(row('a'), row('b', { important: true }))
    store.upsert(row('a', { rev: 2, important: true }))
    store.upsert(row('b', { rev: 2, important: true }))
    store.upsert(row('c', { important: true }))
    expect(ids(store.takeReddened())).toEqual(['a', 'c'])
    expect(store.takeReddened()).toEqual([])
  })

  it('tells of a burst once, when its pace says so', () => {
    let tell = () => {}
    let told = 0
    const store = new RowStore((now) => (tell = now))
    store.subscribe(() => told++)
    for (let rev = 1; rev < 10; rev++) store.upsert(row('a', { rev }))
    expect([told, store.get('a')?.rev]).toEqual([0, 9])
    tell()
    expect(told).toBe(1)
    store.upsert(row('a', { rev: 10 }))
    tell()
    expect(told).toBe(2)
  })

  it('turns the number off at once when the dialog is read', () => {
    const store = filled(row('a', { unread: 3 }))
    store.markRead('a')
    expect(store.get('a')?.unread).toBe(0)
  })
})
