import type { Group, Row } from '../../../shared/api.gen.ts'
import { Emitter } from './emitter.ts'

export type Sort = 'priority' | 'newest' | 'oldest'

/** How far a group has been read: rows beyond the last one of the last page are not shown, else there would be holes. */
interface Page {
  cursor?: string
  end?: Row
}

export interface PageRead {
  startedAt: number
  group: Group
  sort: Sort
  first: boolean
}

/** All rows of one project, upserted by rev; which tab a row stands in is said by the row itself. */
export class RowStore extends Emitter {
  private rows = new Map<string, Row>()
  private touched = new Map<string, number>()
  private pages = new Map<string, Page>()
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
    const taken = this.put(row)
    if (taken) this.changed()
    return taken
  }

  /** No longer in this operator's lists. The row itself stays, its dialog may be open in the window. */
  gone(id: string, rev: number) {
    const row = this.rows.get(id)
    if (!row || rev < row.rev || row.groups.length === 0) return
    this.touched.set(id, ++this.step)
    this.rows.set(id, { ...row, rev, groups: [], unread: 0 })
    this.changed()
  }

  /** Opening a dialog turns its number into the dot at once (D-11); the next row of the server says it for good. */
  markRead(id: string) {
    const row = this.rows.get(id)
    if (!row || row.unread === 0) return
    this.rows.set(id, { ...row, unread: 0 })
    this.changed()
  }

  /** Call before asking for a page, so that rows pushed while it was under way are not taken for missing ones. */
  startRead(group: Group, sort: Sort, first: boolean): PageRead {
    return { startedAt: this.step, group, sort, first }
  }

  takePage(read: PageRead, rows: readonly Row[], cursor?: string) {
    const key = pageKey(read.group, read.sort)
    const before = read.first ? undefined : this.pages.get(key)?.end
    const order = compare(read.sort)
    const end = cursor ? rows.at(-1) : undefined
    const ids = new Set(rows.map((r) => r.id))
    for (const row of this.rows.values()) {
      if (ids.has(row.id) || !row.groups.includes(read.group)) continue
      if ((this.touched.get(row.id) ?? 0) > read.startedAt) continue
      const inside = (!before || order(row, before) > 0) && (!end || order(row, end) <= 0)
      if (!inside) continue
      // Touched, so that an older page that comes late does not bring it back.
      this.touched.set(row.id, ++this.step)
      this.rows.set(row.id, { ...row, groups: row.groups.filter((g) => g !== read.group) })
    }
    for (const row of rows) {
      const known = this.rows.get(row.id)
      // A push that overtook the page is newer even with the same rev.
      if (known && known.rev === row.rev && (this.touched.get(row.id) ?? 0) > read.startedAt) continue
      this.put(row)
    }
    this.pages.set(key, { cursor, end })
    this.changed()
  }

  /** Rows of a tab in order, up to where it has been read; undefined before the first page. */
  list(group: Group, sort: Sort): Row[] | undefined {
    const page = this.pages.get(pageKey(group, sort))
    if (!page) return undefined
    const order = compare(sort)
    const end = page.end && (this.rows.get(page.end.id) ?? page.end)
    return [...this.rows.values()]
      .filter((r) => r.groups.includes(group) && (!end || order(r, page.end!) <= 0 || r.id === end.id))
      .sort(order)
  }

  cursor(group: Group, sort: Sort): string | undefined {
    return this.pages.get(pageKey(group, sort))?.cursor
  }

  clear() {
    this.rows.clear()
    this.touched.clear()
    this.pages.clear()
    this.changed()
  }

  private put(row: Row): boolean {
    const known = this.rows.get(row.id)
    if (known && row.rev < known.rev) return false
    this.touched.set(row.id, ++this.step)
    this.rows.set(row.id, row)
    return true
  }
}

const pageKey = (group: Group, sort: Sort) => `${group} ${sort}`

const lastAt = (row: Row) => row.last?.at ?? row.session.started_at

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** The server decides the order (D-15); here it is only repeated for rows that were pushed. */
export function compare(sort: Sort): (a: Row, b: Row) => number {
  switch (sort) {
    case 'priority':
      return (a, b) => byText(a.rank, b.rank) || byText(a.id, b.id)
    case 'newest':
      return (a, b) => byText(lastAt(b), lastAt(a)) || byText(a.id, b.id)
    case 'oldest':
      return (a, b) => byText(lastAt(a), lastAt(b)) || byText(a.id, b.id)
  }
}
