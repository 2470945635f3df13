import type { Event, EventPage } from '../../../shared/api.gen.ts'
import { isMissing } from '../api/errors.ts'
import { Backoff } from './backoff.ts'
import { Emitter } from './emitter.ts'
import { EventLog } from './eventlog.ts'

export type PageQuery = { after?: number; before?: number; limit?: number }

export interface FeedOptions {
  fetchPage: (query: PageQuery) => Promise<EventPage>
  /** Something between the last event and a pushed one is missing: have it sent again. */
  onGap: () => void
  /** The newest page is here, however often it had to be asked for. */
  onReady?: () => void
}

const PAGE = 80
const AGAIN = 1_000 // the first pause after a failed reading
const AGAIN_AT_MOST = 30_000
const CONTEXT = 20 // events shown before the one jumped to

/** The log of one dialog as the window shows it: the end of it, or a stretch of the past somebody jumped to. */
export class Feed extends Emitter {
  readonly log = new EventLog()
  ready = false
  error = false
  loadingBefore = false
  loadingAfter = false
  /** seq to stand at; the reader is at the end when undefined. */
  anchor?: number
  /** Jump target to scroll to and mark; a new object for every jump. A quiet one has marks of its own. */
  target?: { seq: number; quiet: boolean }
  /** Last event that has stood on the screen (D-65). */
  seenSeq = 0
  /** Last event that the visitor has read (D-72). */
  readSeq = 0
  /** Wish to show the end; a new object for every wish. */
  endWish?: object
  private loading?: Promise<void>
  private pauses = new Backoff(AGAIN, AGAIN_AT_MOST)
  private again?: ReturnType<typeof setTimeout>
  private missing = false
  private reaching = 0
  private options: FeedOptions

  constructor(options: FeedOptions) {
    super()
    this.options = options
  }

  /**
   * Reads the newest page once; may be called with every drawing. What failed is read again by itself after pauses that
   * double, while somebody looks at it; what is not there, or not for this operator, only when somebody asks for it.
   */
  load(): Promise<void> {
    return (this.loading ??= this.readNewest())
  }

  /** Now, and with short pauses again. */
  reload(): Promise<void> {
    this.pauses.reset()
    this.error = false
    const reading = this.loadAgain()
    this.changed()
    return reading
  }

  /** There is a reason to think that what failed will succeed; `missing`: also what was not there. */
  retry(missing: boolean) {
    if (this.ready || !(this.again !== undefined || (missing && this.missing))) return
    this.pauses.reset()
    void this.loadAgain()
  }

  private loadAgain(): Promise<void> {
    this.stopWaiting()
    this.missing = false
    this.loading = undefined
    return this.load()
  }

  private stopWaiting() {
    clearTimeout(this.again)
    this.again = undefined
  }

  /** Bodies were erased on the server (D-64): nothing read before may stay here. */
  forget(): Promise<void> {
    this.log.clear()
    this.anchor = undefined
    this.target = undefined
    this.ready = false
    return this.reload()
  }

  /** Events shown, without holes. */
  shown(): readonly Event[] {
    return (this.anchor !== undefined && this.log.runWith(this.anchor)) || this.log.tail()
  }

  get atEnd(): boolean {
    return this.shown() === this.log.tail()
  }

  get moreBefore(): boolean {
    return (this.shown()[0]?.seq ?? 1) > 1
  }

  push(event: Event): boolean {
    if (!this.ready) return false // the page being read will bring it
    const result = this.log.push(event)
    if (result === 'gap') this.options.onGap()
    else this.changed()
    return result !== 'gap'
  }

  hasRead(seq: number) {
    if (seq <= this.readSeq) return
    this.readSeq = seq
    this.changed()
  }

  async older() {
    const first = this.shown()[0]
    if (!first || first.seq <= 1 || this.loadingBefore) return
    this.loadingBefore = true
    this.changed()
    await this.read({ before: first.seq, limit: PAGE })
    this.loadingBefore = false
    this.changed()
  }

  async newer() {
    const last = this.shown().at(-1)
    if (!last || this.atEnd || this.loadingAfter) return
    this.loadingAfter = true
    this.changed()
    await this.read({ after: last.seq, limit: PAGE })
    this.loadingAfter = false
    if (this.atEnd) this.anchor = undefined
    this.changed()
  }

  /** Reads what follows the last event, for when there is no socket to send it. */
  async catchUp() {
    for (;;) {
      const last = this.log.last()
      const page = await this.read({ after: last, limit: 200 })
      this.changed()
      if (!page || !page.more_after || this.log.last() === last) return
    }
  }

  /** First or last message of a session: a line the reader sees, so not an entry meant for the visitor. */
  async jump(session: { first_seq: number; last_seq: number; first_message_seq?: number; last_message_seq?: number }, to: 'first' | 'last', quiet = false) {
    const seq = to === 'first' ? session.first_seq : session.last_seq
    const said = to === 'first' ? session.first_message_seq : session.last_message_seq
    if (said) return this.show(said, quiet)
    if (!(await this.reach(seq, to === 'last' ? PAGE / 2 : 0))) return
    const inside = (e: Event) => e.seq >= session.first_seq && e.seq <= session.last_seq && e.audience !== 'visitor'
    const run = (this.log.runWith(seq) ?? []).filter(inside)
    const messages = run.filter((e) => e.kind === 'message')
    const found = to === 'first' ? (messages[0] ?? run[0]) : (messages.at(-1) ?? run.at(-1))
    if (found) this.standAt(found.seq, quiet)
  }

  /** Goes to an event, loading what is around it if needed; the last wish wins. */
  async show(seq: number, quiet = false) {
    if (await this.reach(seq)) this.standAt(seq, quiet)
  }

  /** false: it could not be loaded, or something else was asked for meanwhile. */
  private async reach(seq: number, more = 0): Promise<boolean> {
    const run = ++this.reaching
    const before = CONTEXT + more
    if (!this.log.runWith(seq) && !(await this.read({ after: Math.max(0, seq - before), limit: PAGE }))) this.changed()
    return run === this.reaching && !!this.log.runWith(seq)
  }

  private standAt(seq: number, quiet: boolean) {
    this.anchor = seq
    if (this.atEnd) this.anchor = undefined
    this.target = { seq, quiet }
    this.changed()
  }

  toEnd() {
    this.anchor = undefined
    this.target = undefined
    this.endWish = {}
    this.changed()
  }

  private async readNewest() {
    const page = await this.read({ limit: PAGE })
    this.stopWaiting()
    if (page) {
      this.ready = true
      this.options.onReady?.()
    } else if (!this.missing) {
      this.again = setTimeout(() => {
        this.stopWaiting()
        this.loading = undefined
        // Nobody looks: whoever looks next reads it.
        if (this.watched) void this.load()
      }, this.pauses.next())
    }
    this.changed()
  }

  private async read(query: PageQuery): Promise<EventPage | undefined> {
    try {
      const page = await this.options.fetchPage(query)
      this.log.merge(page.events)
      this.error = false
      return page
    } catch (e) {
      this.error = true
      this.missing = isMissing(e)
      return undefined
    }
  }
}
