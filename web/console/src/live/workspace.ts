import type { QueryClient } from '@tanstack/react-query'
import type { Counts, Dialog, DialogPage, Event, Group, Me, OperatorServerFrame, Prefs, Project, Row } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { Attention, isUntaken } from './attention.ts'
import { ChangesWatch, LATE_AFTER } from './changes.ts'
import { Claims } from './claims.ts'
import { ServerClock } from './clock.ts'
import { Drafts, type TextStorage } from './drafts.ts'
import { Emitter, type Pace } from './emitter.ts'
import { Feed } from './feed.ts'
import { Recent } from './recent.ts'
import { RowStore, type Sort } from './rows.ts'
import { DialogSearch } from './search.ts'
import { type Post, SendQueue } from './sendqueue.ts'
import { LiveSocket, type Wire } from './socket.ts'

const KEPT = 200 // dialogs something small is remembered of
const KEPT_OPEN = 20 // dialogs that stay subscribed, so that going back to one shows it at once
const TYPING_FOR = 5_000
const PAGE_OF_ROWS = 100
const PAGE_OF_MORE = 200
const PROBE_EVERY = 10_000
const TOASTS = 3
const LATE = 1_000 // a push comes that much after what it tells, at most

/** The operator's side of everything live: one socket, the rows of the watched project, the logs of open dialogs. */
export class Workspace extends Emitter {
  readonly clock = new ServerClock()
  readonly rows: RowStore
  readonly drafts: Drafts
  readonly sends: SendQueue
  readonly claims: Claims
  readonly socket: LiveSocket
  readonly attention: Attention
  project?: string
  group: Group = 'all'
  sort: Sort = 'priority'
  counts?: Counts
  listError = false
  delayed = false
  dialogId?: string
  /** Dialogs just transferred to this operator, for the toasts (M-16), whatever project he looks at. */
  transferred: readonly Row[] = []
  /** Dialogs that call him and are not among the rows here: of projects he does not look at. */
  private elsewhere = new Map<string, Row>()
  /** When the server was heard last, and when the connection before this one was. */
  private heardAt?: number
  private lostAt?: number
  /** Who took a dialog that left this operator's lists with it (M-09). */
  private takenBy = new Recent<string>(KEPT)
  private changesAt?: string
  private searching?: { dialogId: string; search: DialogSearch }
  private watch: ChangesWatch
  private feeds = new Map<string, Feed>()
  private typing = new Recent<number>(KEPT)
  private askedAfter = new Recent<{ seq: number; at: number }>(KEPT)
  private reading = new Recent<number>(KEPT)
  private listRun = 0
  private readingMore = false
  private lastTyping = 0
  private patching = 0
  private probedAt = -Infinity
  private query: QueryClient

  /** pace: rows come in bursts, and need not be drawn one by one. */
  constructor(options: { query: QueryClient; connect: () => Wire; onSignedOut: () => void; storage?: TextStorage; pace?: Pace }) {
    super()
    this.query = options.query
    this.rows = new RowStore(options.pace)
    this.attention = new Attention(
      () => this.clock.now(),
      () => this.prefs,
      options.storage,
    )
    this.drafts = new Drafts(options.storage)
    const post: Post = (dialog_id, body) => call('post', '/operator/dialogs/{dialog_id}/messages', { path: { dialog_id }, body })
    const accepted = (dialogId: string, event: Event) => this.take(dialogId, event)
    this.sends = new SendQueue({ storage: options.storage, now: () => this.clock.now(), post, accepted })
    this.claims = new Claims(this.drafts, post, (dialogId, event) => {
      accepted(dialogId, event)
      // Own load and the row change; without a socket nobody would say so.
      void this.refreshMe()
      void this.refreshDialog(dialogId)
    })
    this.watch = new ChangesWatch(
      () => this.clock.now(),
      // With thousands of rows one that is late must not cost reading them all.
      () => void this.loadList(() => !this.isLate()),
    )
    this.rows.subscribe(() => this.expectChanges())
    this.socket = new LiveSocket({
      connect: options.connect,
      onFrame: (frame) => this.receive(frame),
      onHello: () => this.hello(),
      onPong: (now, askedAt) => this.clock.sync(now, askedAt),
      onSignedOut: options.onSignedOut,
      onRefused: () => this.probe(),
    })
  }

  me(): Me | undefined {
    return this.query.getQueryData<Me>(['me'])
  }

  projectOf(id = this.project): Project | undefined {
    return this.me()?.projects.find((p) => p.id === id)
  }

  /** One project is watched at a time; its rows are pushed from then on. */
  watchProject(id: string) {
    if (id === this.project) return
    this.project = id
    this.counts = undefined
    this.changesAt = undefined
    this.listError = false
    // What calls goes on calling from there.
    for (const row of this.rows.all()) if (calls(row)) this.elsewhere.set(row.id, row)
    this.rows.clear()
    this.takenBy.clear()
    this.changed()
    // The list is read after `watching`, so that nothing between reading and watching is missed.
    if (!this.socket.send({ type: 'watch', project_id: id })) void this.loadList()
  }

  showList(group: Group, sort: Sort) {
    if (group === this.group && sort === this.sort) return
    this.group = group
    this.sort = sort
    this.changed()
    void this.loadPage(++this.listRun)
  }

  /** Reads the list anew, as far as it has been read: what came after the first page must not be old either. */
  async loadList(enough = () => false) {
    const { group, sort } = this
    const run = ++this.listRun
    let page = await this.loadPage(run)
    while (page?.next_cursor && run === this.listRun && !enough()) {
      const end = page.rows.at(-1)!
      if (!this.rows.reachesBeyond(group, sort, end)) return
      page = await this.loadPage(run, { cursor: page.next_cursor, end })
    }
  }

  /** The page after the last one that was read. */
  async loadMore() {
    const cursor = this.rows.cursor(this.group, this.sort)
    if (!cursor || this.readingMore) return
    this.readingMore = true
    await this.loadPage(this.listRun, { cursor })
    this.readingMore = false
  }

  private async loadPage(run: number, after?: { cursor: string; end?: Row }): Promise<DialogPage | undefined> {
    const { project, group, sort } = this
    if (!project) return undefined
    const read = this.rows.startRead(group, sort, !after, after?.end)
    try {
      const asked = Date.now()
      const page = await call('get', '/operator/projects/{project_id}/dialogs', {
        path: { project_id: project },
        query: { group, sort, cursor: after?.cursor, limit: after ? PAGE_OF_MORE : PAGE_OF_ROWS },
      })
      if (project !== this.project || (after && run !== this.listRun)) return undefined
      this.clock.sync(page.now, asked)
      this.counts = page.counts
      this.changesAt = page.changes_at
      this.listError = false
      this.rows.takePage(read, page.rows, page.next_cursor)
      this.changed()
      return page
    } catch {
      if (project !== this.project) return undefined
      this.listError = true
      this.expectChanges()
      this.changed()
      return undefined
    }
  }

  /** The dialog in the window; its events keep coming also when another one is looked at. */
  openDialog(id: string | undefined) {
    if (id === this.dialogId) return
    this.dialogId = id
    if (id) {
      this.feed(id).retry(true)
      this.dismissTransferred(id)
    }
    this.changed()
  }

  feed(id: string): Feed {
    const known = this.feeds.get(id)
    if (known) {
      this.feeds.delete(id)
      this.feeds.set(id, known)
      if (!known.ready) void known.load()
      return known
    }
    const feed: Feed = new Feed({
      fetchPage: async (query) => {
        const page = await call('get', '/operator/dialogs/{dialog_id}/events', { path: { dialog_id: id }, query })
        page.events.forEach((event) => this.sends.seen(event))
        return page
      },
      onGap: () => this.fillGap(id),
      onReady: () => this.subscribeTo(id, feed),
    })
    this.feeds.set(id, feed)
    for (const old of [...this.feeds.keys()].slice(0, -KEPT_OPEN)) {
      this.feeds.delete(old)
      this.socket.send({ type: 'close', dialog_id: old })
    }
    void feed.load()
    return feed
  }

  /** The search in the dialog that is looked at; another dialog begins with an empty one. */
  search(dialogId: string): DialogSearch {
    if (this.searching?.dialogId !== dialogId) {
      const search = new DialogSearch({
        fetchPage: (query) => call('get', '/operator/dialogs/{dialog_id}/search', { path: { dialog_id: dialogId }, query }),
        show: (seq) => this.feed(dialogId).show(seq, true),
      })
      this.searching = { dialogId, search }
    }
    return this.searching.search
  }

  /** An event of an answer or of the socket; both may bring the same one. */
  take(dialogId: string, event: Event) {
    const feed = this.feeds.get(dialogId)
    if (!feed?.push(event)) return
    // Everything before it was emptied: what is kept here is read again (D-64).
    const erased = event.kind === 'erased'
    if (erased) {
      void feed.forget()
      this.query.removeQueries({ queryKey: ['log'], type: 'inactive' })
      void this.query.invalidateQueries({ queryKey: ['log'] })
    }
    this.sends.seen(event)
    this.claims.seen(dialogId, event)
    if (event.author === 'visitor') this.typing.delete(dialogId)
    if (this.searching?.dialogId === dialogId && (erased || event.author !== 'system')) void this.searching.search.refresh()
    // Card, sessions and the right to download change with these.
    const known = this.query.getQueryData<Dialog>(['dialog', dialogId])
    const failed = this.query.getQueryState(['dialog', dialogId])?.error
    if (event.kind !== 'message' || failed || !known?.can_download || known.row.session.id !== event.session_id) void this.refreshDialog(dialogId)
  }

  /** Read means: open in the window of a visible tab (D-11). */
  markRead(dialogId: string, seq: number) {
    if (seq <= (this.reading.get(dialogId) ?? 0)) return
    this.reading.set(dialogId, seq)
    this.rows.markRead(dialogId)
    call('post', '/operator/dialogs/{dialog_id}/read', { path: { dialog_id: dialogId }, body: { seq } }).catch(() => {
      if (this.reading.get(dialogId) === seq) this.reading.delete(dialogId)
    })
  }

  /** Who has it now, of a dialog that can no longer be seen. */
  winnerOf(dialogId: string): string | undefined {
    return this.takenBy.get(dialogId)
  }

  isTyping(dialogId: string): boolean {
    return (this.typing.get(dialogId) ?? 0) > Date.now()
  }

  sayTyping(dialogId: string) {
    if (Date.now() - this.lastTyping < 3000) return
    this.lastTyping = Date.now()
    this.socket.send({ type: 'typing', dialog_id: dialogId })
  }

  refreshMe() {
    return this.query.invalidateQueries({ queryKey: ['me'] })
  }

  get prefs(): Partial<Prefs> {
    return this.me()?.operator.prefs ?? {}
  }

  /** Own settings (D-04, D-16): shown at once, taken back when the server refuses. */
  async patchMe(change: { away?: boolean; prefs?: Partial<Prefs> }) {
    const before = this.me()
    if (!before) return
    const run = ++this.patching
    const operator = { ...before.operator, away: change.away ?? before.operator.away, prefs: { ...before.operator.prefs, ...change.prefs } }
    this.query.setQueryData<Me>(['me'], { ...before, operator })
    this.changed()
    try {
      // What is not named keeps its value, so a part is enough.
      const me = await call('patch', '/operator/me', { body: change as { away?: boolean; prefs?: Prefs } })
      if (run === this.patching) this.query.setQueryData<Me>(['me'], me)
    } catch (e) {
      if (run === this.patching) void this.refreshMe()
      throw e
    }
  }

  /** What is only remembered for the next time may fail in silence. */
  remember(prefs: Partial<Prefs>) {
    const known = this.prefs
    if (Object.entries(prefs).every(([k, v]) => known[k as keyof Prefs] === v)) return
    this.patchMe({ prefs }).catch(() => {})
  }

  /** The dialog could be read: so can its log, if that failed. */
  dialogRead(id: string) {
    this.feeds.get(id)?.retry(true)
  }

  refreshDialog(id: string) {
    return this.query.invalidateQueries({ queryKey: ['dialog', id] })
  }

  setDelayed(delayed: boolean) {
    if (delayed === this.delayed) return
    this.delayed = delayed
    this.changed()
  }

  dismissTransferred(id: string) {
    this.keepTransferred((row) => row.id !== id)
  }

  stop() {
    this.socket.stop()
    this.attention.reset()
    this.watch.stop()
  }

  /** Asks whether this sign-in still holds: a 401 shows the sign-in page above this one. */
  private probe() {
    if (Date.now() - this.probedAt < PROBE_EVERY) return
    this.probedAt = Date.now()
    call('get', '/operator/me').catch(() => {})
  }

  private hello() {
    if (this.project) this.socket.send({ type: 'watch', project_id: this.project })
    for (const [id, feed] of this.feeds) {
      this.subscribeTo(id, feed)
      feed.retry(false)
    }
    // What happened to rights and own data while the connection was away was not pushed.
    void this.refreshMe()
    if (this.dialogId) void this.refreshDialog(this.dialogId)
    this.sends.resume()
  }

  private subscribeTo(id: string, feed: Feed) {
    if (feed.ready) this.socket.send({ type: 'open', dialog_id: id, after: feed.log.last() })
  }

  /** Asks again from the last event there is; once per place, the answer to the first question is on its way. */
  private fillGap(id: string) {
    const feed = this.feeds.get(id)
    if (!feed) return
    const seq = feed.log.last()
    const asked = this.askedAfter.get(id)
    if (asked && asked.seq === seq && Date.now() - asked.at < 1000) return
    this.askedAfter.set(id, { seq, at: Date.now() })
    if (!this.socket.send({ type: 'open', dialog_id: id, after: seq })) void feed.catchUp()
  }

  private receive(frame: OperatorServerFrame) {
    const heardAt = this.heardAt
    this.heardAt = this.clock.now()
    switch (frame.type) {
      case 'hello':
        this.lostAt = heardAt
        if (frame.now) this.clock.sync(frame.now)
        return
      case 'watching':
        if (frame.project_id !== this.project) return
        this.rows.forgetOthers(this.group, this.sort)
        return void this.loadList()
      case 'event':
        if (frame.dialog_id && frame.event) this.take(frame.dialog_id, frame.event)
        return
      case 'row':
      case 'call':
        if (frame.row) this.takeRow(frame.row)
        return
      case 'calls':
        return this.takeCalls(frame.rows ?? [])
      case 'gone':
        if (!frame.dialog_id) return
        this.rows.gone(frame.dialog_id, frame.rev ?? Infinity)
        this.elsewhere.delete(frame.dialog_id)
        this.attention.gone(frame.dialog_id)
        this.dismissTransferred(frame.dialog_id)
        if (frame.operator && this.drafts.get(frame.dialog_id)) this.takenBy.set(frame.dialog_id, frame.operator.name)
        // Also one that is looked at later: what was read of it says that it goes on.
        void this.refreshDialog(frame.dialog_id)
        return
      case 'counts':
        if (frame.project_id !== this.project || !frame.counts) return
        this.counts = frame.counts
        this.changesAt = frame.changes_at
        this.expectChanges()
        this.changed()
        return
      case 'projects':
        return this.takeDots(frame)
      case 'typing':
        if (!frame.dialog_id) return
        this.typing.set(frame.dialog_id, Date.now() + TYPING_FOR)
        setTimeout(() => this.changed(), TYPING_FOR + 50)
        return this.changed()
      case 'read':
        if (frame.dialog_id && frame.seq) this.feeds.get(frame.dialog_id)?.hasRead(frame.seq)
        return
      case 'me':
        return void this.refreshMe()
      case 'timers':
        return this.setDelayed(frame.delayed ?? false)
      case 'card':
        if (frame.dialog_id) void this.refreshDialog(frame.dialog_id)
        return
      case 'backlog':
        return this.takeProject(frame.project_id, { backlog: frame.backlog ?? 0, backlog_queues: frame.backlog_queues, offer_at: frame.offer_at })
      case 'hours':
        if (frame.hours) this.takeProject(frame.project_id, { hours: frame.hours })
        return
      case 'error':
        if (frame.dialog_id) void this.refreshDialog(frame.dialog_id)
        return
    }
  }

  /** `since`: from when on it is news; not given: it has just been pushed. */
  private takeRow(row: Row, since?: number) {
    const before = this.rows.get(row.id) ?? this.elsewhere.get(row.id)
    if (row.project_id === this.project ? !this.rows.upsert(row) : !this.keepElsewhere(row)) return
    this.attention.saw(before, row, this.me()?.operator.id, row.id === this.dialogId, since)
    if (!isTransferred(row)) this.dismissTransferred(row.id)
    else if (row.id !== this.dialogId && (before ? !isTransferred(before) : since !== Infinity)) {
      this.transferred = [...this.transferred.filter((r) => r.id !== row.id), row].slice(-TOASTS)
      this.changed()
    }
    const session = before?.session
    const changed = session && (session.id !== row.session.id || session.closed_at !== row.session.closed_at)
    // What is pushed goes on, and may be seen.
    const read = this.query.getQueryState<Dialog>(['dialog', row.id])
    if (row.id === this.dialogId && (changed || read?.error || read?.data?.read_only)) void this.refreshDialog(row.id)
  }

  private keepElsewhere(row: Row): boolean {
    const known = this.elsewhere.get(row.id)
    if (known && row.rev < known.rev) return false
    if (calls(row)) this.elsewhere.set(row.id, row)
    else this.elsewhere.delete(row.id)
    return true
  }

  /** All that calls, once per connection. What began while there was none is news; nothing is when the page has just come. */
  private takeCalls(rows: Row[]) {
    const since = this.lostAt === undefined ? Infinity : this.lostAt - LATE
    for (const row of rows) this.takeRow(row, since)
    const still = new Set(rows.map((row) => row.id))
    this.attention.keep((row) => still.has(row.id))
    this.keepTransferred((row) => still.has(row.id))
    for (const id of [...this.elsewhere.keys()]) if (!still.has(id)) this.elsewhere.delete(id)
  }

  private keepTransferred(fits: (row: Row) => boolean) {
    const kept = this.transferred.filter(fits)
    if (kept.length === this.transferred.length) return
    this.transferred = kept
    this.changed()
  }

  private takeDots(frame: OperatorServerFrame) {
    const dots = new Map(frame.projects?.map((p) => [p.id, p]))
    // The hours of a project end, or his access to it: nothing there calls him any more.
    this.attention.keep((row) => (dots.get(row.project_id)?.dot ?? 'none') !== 'none')
    const me = this.me()
    if (!me) return
    if (dots.size !== me.projects.length || me.projects.some((p) => !dots.has(p.id))) void this.refreshMe()
    this.query.setQueryData<Me>(['me'], {
      ...me,
      projects: me.projects.map((p) => ({ ...p, ...dots.get(p.id) })),
    })
  }

  private takeProject(id: string | undefined, change: Partial<Project>) {
    const me = this.me()
    if (!me || !id) return
    this.query.setQueryData<Me>(['me'], { ...me, projects: me.projects.map((p) => (p.id === id ? { ...p, ...change } : p)) })
    this.changed()
  }

  /** A row of the list says that it had to change before now, and nothing came. */
  private isLate(): boolean {
    const next = nextChange(this.rows.list(this.group, this.sort) ?? [])
    return !!next && Date.parse(next) + LATE_AFTER <= this.clock.now()
  }

  private expectChanges() {
    this.watch.expect([this.changesAt, nextChange(this.rows.list(this.group, this.sort) ?? [])])
  }
}

const calls = (row: Row) => isUntaken(row) || row.important
const isTransferred = (row: Row) => row.reasons.includes('transferred')

// Asked of every row each time one changes: a time is read once.
const changesAt = new WeakMap<Row, number>()

function nextChange(rows: readonly Row[]): string | undefined {
  let next = Infinity
  let of: Row | undefined
  for (const row of rows) {
    if (!row.changes_at) continue
    let at = changesAt.get(row)
    if (at === undefined) changesAt.set(row, (at = Date.parse(row.changes_at)))
    if (at >= next) continue
    next = at
    of = row
  }
  return of?.changes_at
}
