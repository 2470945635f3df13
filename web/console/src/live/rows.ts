import { replaceEqualDeep } from '@tanstack/react-query'
import type { Group, Row } from '../../../shared/api.gen.ts'
import { Emitter } from './emitter.ts'

const KEPT_GONE = 50 // rows of no list that are kept: one may be open in the window, an older page may bring one back

export type Sort = 'priority' | 'newest' | 'oldest'

type Order = (a: Row, b: Row) => number

export interface PageRead {
  startedAt: number
  group: Group
  sort: Sort
  /** The last row of the page before it; undefined: this is the first one. */
  after?: Row
}

/** All rows of one project, upserted by rev; which tab a row stands in is said by the row itself. */
export class RowStore extends Emitter {
  private rows = new Map<string, Row>()
  private touched = new Map<string, number>()
  private views = new Map<string, View>()
  /** Rows that stand in no list any more, those that went last at the end. */
  private left = new Set<string>()
  private reddened: Row[] = []
  private step = 0

  get(id: string): Row | undefined {
    return this.rows.get(id)
  }

  /** Every row that is known, in whatever tab it stands. */
  all(): Row[] {
    return [...this.rows.values()].filter((row) => row.groups.length)
  }

  /** A newer row has a higher rev; with the same rev the later one wins. */
  upsert(row: Row): boolean {
    const before = this.rows.get(row.id)
    const taken = this.put(row)
    // A row that was not known, and is pushed as important, is news too: a transfer.
    if (taken && row.important && !before) this.redden(row)
    if (taken) this.changed()
    return taken
  }

  /** What turned important since this was last asked. */
  takeReddened(): Row[] {
    return this.reddened.splice(0)
  }

  /** No longer in this operator's lists. The row itself stays for a while, its dialog may be open in the window. */
  gone(id: string, rev: number) {
    const row = this.rows.get(id)
    if (!row || rev < row.rev || row.groups.length === 0) return
    this.touched.set(id, ++this.step)
    this.set({ ...row, rev, groups: [], unread: 0 })
    this.changed()
  }

  /** Opening a dialog turns its number into the dot at once (D-11); the next row of the server says it for good. */
  markRead(id: string) {
    const row = this.rows.get(id)
    if (!row || row.unread === 0) return
    this.set({ ...row, unread: 0 })
    this.changed()
  }

  /** Call before asking for a page, so that rows pushed while it was under way are not taken for missing ones. */
  startRead(group: Group, sort: Sort, first: boolean, after = first ? undefined : this.views.get(viewKey(group, sort))?.end): PageRead {
    return { startedAt: this.step, group, sort, after }
  }

  takePage(read: PageRead, rows: readonly Row[], cursor?: string) {
    const key = viewKey(read.group, read.sort)
    let view = this.views.get(key)
    if (!view) this.views.set(key, (view = new View(read.group, read.sort, this.rows.values())))
    const end = cursor ? rows.at(-1) : undefined
    const ids = new Set(rows.map((r) => r.id))
    for (const row of view.between(read.after, end)) {
      if (ids.has(row.id) || (this.touched.get(row.id) ?? 0) > read.startedAt) continue
      // Touched, so that an older page that comes late does not bring it back.
      this.touched.set(row.id, ++this.step)
      this.set({ ...row, groups: row.groups.filter((g) => g !== read.group) })
    }
    for (const row of rows) {
      const known = this.rows.get(row.id)
      // A push that overtook the page is newer even with the same rev.
      if (known && known.rev === row.rev && (this.touched.get(row.id) ?? 0) > read.startedAt) continue
      this.put(row)
    }
    view.hasRead(end, cursor)
    this.changed()
  }

  /** Rows of a tab in order, up to where it has been read; undefined before the first page. The same array until one changes. */
  list(group: Group, sort: Sort): readonly Row[] | undefined {
    return this.views.get(viewKey(group, sort))?.list()
  }

  cursor(group: Group, sort: Sort): string | undefined {
    return this.views.get(viewKey(group, sort))?.cursor
  }

  /** Whether more has been read than up to this row. */
  reachesBeyond(group: Group, sort: Sort, row: Row): boolean {
    return this.views.get(viewKey(group, sort))?.reachesBeyond(row) ?? false
  }

  /** What was read of the other tabs is not kept true while nothing is pushed. */
  forgetOthers(group: Group, sort: Sort) {
    const key = viewKey(group, sort)
    for (const other of [...this.views.keys()]) if (other !== key) this.views.delete(other)
  }

  clear() {
    this.rows.clear()
    this.touched.clear()
    this.left.clear()
    this.views.clear()
    this.reddened = []
    this.changed()
  }

  private redden(row: Row) {
    this.reddened = [...this.reddened.slice(-9), row]
  }

  private put(row: Row): boolean {
    const known = this.rows.get(row.id)
    if (known && row.rev < known.rev) return false
    this.touched.set(row.id, ++this.step)
    this.set(row)
    return true
  }

  private set(news: Row) {
    const before = this.rows.get(news.id)
    // A page brings most rows as they are known: what has not changed is not drawn again.
    const row = before ? replaceEqualDeep(before, news) : news
    if (row === before) return
    this.rows.set(row.id, row)
    if (row.important && before && !before.important) this.redden(row)
    for (const view of this.views.values()) view.move(before, row)
    this.left.delete(row.id)
    if (!row.groups.length) this.leave(row.id)
  }

  /** Of rows that left only the last are kept: over a day thousands do. */
  private leave(id: string) {
    this.left.add(id)
    if (this.left.size <= KEPT_GONE) return
    const [oldest] = this.left
    this.left.delete(oldest!)
    this.rows.delete(oldest!)
    this.touched.delete(oldest!)
  }
}

/** One tab in one order, kept sorted: with thousands of rows a change must not cost sorting them. */
class View {
  cursor?: string
  /** The last row of the last page. Rows beyond it are not shown, else there would be holes. */
  end?: Row
  private read = false
  private group: Group
  private order: Order
  private sorted: Row[]
  private shown?: readonly Row[]

  constructor(group: Group, sort: Sort, rows: Iterable<Row>) {
    this.group = group
    this.order = compare(sort)
    this.sorted = [...rows].filter((r) => r.groups.includes(group)).sort(this.order)
  }

  move(before: Row | undefined, after: Row) {
    const was = before?.groups.includes(this.group) ? before : undefined
    const is = after.groups.includes(this.group)
    if (!was && !is) return
    this.shown = undefined
    if (was && is && this.order(was, after) === 0) {
      this.sorted[this.upTo(was) - 1] = after
      return
    }
    if (was) this.sorted.splice(this.upTo(was) - 1, 1)
    if (is) this.sorted.splice(this.upTo(after), 0, after)
  }

  /** A page that ends here was read. Reading the first one again does not make the list shorter. */
  hasRead(end: Row | undefined, cursor: string | undefined) {
    if (this.read && (!this.end || (end && this.reachesBeyond(end)))) return
    this.read = true
    this.end = end
    this.cursor = cursor
    this.shown = undefined
  }

  reachesBeyond(row: Row): boolean {
    return this.read && (!this.end || this.order(this.end, row) > 0)
  }

  list(): readonly Row[] {
    if (this.shown) return this.shown
    const to = this.end ? this.upTo(this.end) : this.sorted.length
    const shown = this.sorted.slice(0, to)
    // The last row of the page is shown also when it has moved on.
    const { end } = this
    const moved = end && this.sorted[to - 1]?.id !== end.id ? this.sorted.slice(to).find((r) => r.id === end.id) : undefined
    if (moved) shown.push(moved)
    return (this.shown = shown)
  }

  between(after: Row | undefined, end: Row | undefined): Row[] {
    return this.sorted.slice(after ? this.upTo(after) : 0, end ? this.upTo(end) : this.sorted.length)
  }

  /** How many rows stand up to this one, itself included. */
  private upTo(row: Row): number {
    let low = 0
    let high = this.sorted.length
    while (low < high) {
      const mid = (low + high) >> 1
      if (this.order(this.sorted[mid]!, row) <= 0) low = mid + 1
      else high = mid
    }
    return low
  }
}

const viewKey = (group: Group, sort: Sort) => `${group} ${sort}`

const lastAt = (row: Row) => row.last?.at ?? row.session.started_at

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

// Without the Z, where it matters: the server writes no zeros at the end, and 05.12Z is before 05.123Z.
function byTime(a: Row, b: Row): number {
  const [x, y] = [lastAt(a), lastAt(b)]
  return x.length === y.length ? byText(x, y) : byText(x.slice(0, -1), y.slice(0, -1))
}

/** The server decides the order (D-15); here it is only repeated for rows that were pushed. */
export function compare(sort: Sort): Order {
  switch (sort) {
    case 'priority':
      return (a, b) => byText(a.rank, b.rank) || byText(a.id, b.id)
    case 'newest':
      return (a, b) => byTime(b, a) || byText(a.id, b.id)
    case 'oldest':
      return (a, b) => byTime(a, b) || byText(a.id, b.id)
  }
}
