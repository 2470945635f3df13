import type { SearchMatch, SearchPage } from '../../../shared/api.gen.ts'
import { Emitter } from './emitter.ts'

const PAUSE = 300
const PAGE = 100

export interface SearchOptions {
  fetchPage: (query: { q: string; cursor?: string; limit: number }) => Promise<SearchPage>
  /** Loads a match if needed and scrolls to it. */
  show: (seq: number) => unknown
}

/** The search in one dialog: what is typed, what was found, and which match one stands at. */
export class DialogSearch extends Emitter {
  text = ''
  /** What the matches are of; empty while there are none to speak of. */
  query = ''
  total = 0
  at = 0
  busy = false
  error = false
  private found: SearchMatch[] = []
  private cursor?: string
  private timer?: ReturnType<typeof setTimeout>
  private run = 0
  private options: SearchOptions

  constructor(options: SearchOptions) {
    super()
    this.options = options
  }

  /** seq of the match one stands at. */
  get current(): number | undefined {
    return this.found[this.at]?.seq
  }

  /** From the first character on, after a pause (D-47). */
  type(text: string) {
    this.text = text
    this.run++
    this.error = false
    clearTimeout(this.timer)
    const q = text.trim()
    if (q && q !== this.query) this.timer = setTimeout(() => void this.find(q), PAUSE)
    if (!q) this.take('', { total: 0, matches: [] })
    this.busy = !!q && q !== this.query
    this.changed()
  }

  /** Up is older, down is newer, round and round. */
  async step(older: boolean) {
    if (this.total < 2 || this.busy) return
    const next = (this.at + (older ? 1 : -1) + this.total) % this.total
    if (!(await this.reach(next))) return
    this.at = Math.min(next, this.found.length - 1)
    this.changed()
    if (this.current !== undefined) this.options.show(this.current)
  }

  /** Something was said since: the matches are read anew, the place stays. */
  async refresh() {
    const { query, current, run } = this
    if (!query) return
    try {
      const page = await this.options.fetchPage({ q: query, limit: PAGE })
      if (run !== this.run || query !== this.query) return
      this.take(query, page)
      const at = this.found.findIndex((m) => m.seq === current)
      this.at = Math.max(0, at)
      this.changed()
    } catch {
      // What was found stays.
    }
  }

  private async find(q: string) {
    const run = ++this.run
    try {
      const page = await this.options.fetchPage({ q, limit: PAGE })
      if (run !== this.run) return
      this.take(q, page)
      if (this.current !== undefined) this.options.show(this.current) // the newest first
    } catch {
      if (run !== this.run) return
      this.take('', { total: 0, matches: [] })
      this.error = true
    }
    this.busy = false
    this.changed()
  }

  /** Reads on until the match of that place is known. */
  private async reach(place: number): Promise<boolean> {
    const run = this.run
    while (this.found.length <= place && this.cursor) {
      this.busy = true
      this.changed()
      try {
        const page = await this.options.fetchPage({ q: this.query, cursor: this.cursor, limit: PAGE })
        if (run !== this.run) return false
        this.found.push(...page.matches)
        this.cursor = page.next_cursor
      } catch {
        this.error = run === this.run
        place = -1
      }
      this.busy = false
      this.changed()
    }
    return place >= 0
  }

  private take(query: string, page: SearchPage) {
    this.query = query
    this.total = page.total
    this.found = [...page.matches]
    this.cursor = page.next_cursor
    this.at = 0
  }
}
