import { describe, expect, it } from 'vitest'
import { row } from './fixtures.ts'
import { RowStore } from './rows.ts'

const ids = (list: { id: string }[] | undefined) => list?.map((r) => r.id)

function filled(...rows: ReturnType<typeof row>[]) {
  const store = new RowStore()
  store.takePage(store.startRead('all', 'priority', true), rows)
  return store
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

  it('turns the number off at once when the dialog is read', () => {
    const store = filled(row('a', { unread: 3 }))
    store.markRead('a')
    expect(store.get('a')?.unread).toBe(0)
  })
})
