import type { Prefs, Reason, Row } from '../../../shared/api.gen.ts'
import type { TextStorage } from './drafts.ts'
import { Emitter } from './emitter.ts'
import { Recent } from './recent.ts'
import { ALONE, type Tabs } from './tabs.ts'

/** Two notes for a dialog nobody answers, one for a transfer, a soft tick for a message in an own dialog. */
export type Sound = 'call' | 'transfer' | 'tick'

/** What the browser does; the tests put their own in its place. */
export interface Bell {
  visible: () => boolean
  ring: (sound: Sound, soft: boolean) => void
  notify: (row: Row, reason: Reason | undefined, withText: boolean) => void
  close: (dialogId: string) => void
}

/** What the operator's tabs tell each other; the one that leads acts on it. */
export type Word =
  | { type: 'call'; row: Row; sound: Sound }
  | { type: 'rung'; id: string } // the one that leads has called
  | { type: 'tick'; id: string; rev: number }
  | { type: 'seen'; id: string; rev: number } // open before him in a visible tab
  | { type: 'gone'; id: string }
  | { type: 'who' } // who has a dialog that still waits
  | { type: 'waits'; row: Row }
  | { type: 'mute'; until: number }
  | { type: 'hello' }

const SILENT: Bell = { visible: () => true, ring: () => {}, notify: () => {}, close: () => {} }
const REPEAT = 20_000
const MUTED_FOR = 10 * 60_000
const RECENT = 60_000
const SAME = 3_000 // several tabs see one change within this time
const TICK_AFTER = 200 // by then a tab that shows the dialog has said so
const KEPT = 200 // dialogs of which it is remembered that he has just seen them
const MUTED = 'otklik.muted'

export function isUntaken(row: Row): boolean {
  return !row.session.assignee && !row.session.closed_at && !row.blocked_ip && row.unanswered && row.groups.length > 0
}

/**
 * Calls the operator: a new untaken dialog, one that turned red, a message in his own. While all his tabs are hidden it repeats
 * every 20 s until the dialog is taken or he asks for 10 minutes of silence; a visible tab says it once, softly, and shows no
 * notification. Each tab hears of all his projects; one of them rings for all.
 */
export class Attention extends Emitter {
  bell: Bell = SILENT
  mutedUntil = 0
  private tabs: Tabs<Word> = ALONE
  private calling = new Map<string, Row>()
  /** Calls that no leading tab has acted on: the one that led may have been closed just then. */
  private unrung = new Map<string, { row: Row; sound: Sound }>()
  private said = new Map<string, number>()
  private seen = new Recent<number>(KEPT)
  private rungThisRound = false
  private timer?: ReturnType<typeof setTimeout>
  private now: () => number
  private prefs: () => Partial<Prefs>
  private storage?: TextStorage

  constructor(now: () => number, prefs: () => Partial<Prefs>, storage?: TextStorage) {
    super()
    this.now = now
    this.prefs = prefs
    this.storage = storage
    this.mutedUntil = Number(storage?.getItem(MUTED)) || 0
  }

  /** From here on this tab is one of several. The answer ends that. */
  join(tabs: Tabs<Word>): () => void {
    this.tabs = tabs
    tabs.start((word) => this.heard(word), () => this.lead())
    tabs.say({ type: 'hello' })
    return () => {
      tabs.stop()
      this.tabs = ALONE
    }
  }

  /** A row was pushed: `before` is how it stood, `open` whether it is in the window, `since` from when on what it says is news. */
  saw(before: Row | undefined, row: Row, meId: string | undefined, open: boolean, since = this.now() - RECENT) {
    if (!isUntaken(row)) this.gone(row.id)
    else if (this.calling.has(row.id)) this.calling.set(row.id, row)
    const mine = !!meId && row.session.assignee?.id === meId
    const concerns = mine || !row.session.assignee
    if (concerns && turnedRed(before, row, since)) return this.call(row, row.reasons.includes('transferred') ? 'transfer' : 'call')
    if (isUntaken(row) && isNew(before, row, since)) return this.call(row, 'call')
    if (!mine || !before || row.unread <= before.unread) return
    if (open && this.bell.visible()) this.tell({ type: 'seen', id: row.id, rev: row.rev })
    else this.tell({ type: 'tick', id: row.id, rev: row.rev })
  }

  gone(id: string) {
    if (!this.calling.delete(id)) return
    this.tell({ type: 'gone', id })
    if (!this.calling.size && this.tabs === ALONE) this.rest()
  }

  /** Of what calls, only these go on. */
  keep(fits: (row: Row) => boolean) {
    for (const row of [...this.calling.values()]) if (!fits(row)) this.gone(row.id)
  }

  reset() {
    this.keep(() => false)
  }

  get muted(): boolean {
    return this.now() < this.mutedUntil
  }

  mute(on: boolean) {
    this.tell({ type: 'mute', until: on ? this.now() + MUTED_FOR : 0 })
  }

  private call(row: Row, sound: Sound) {
    if (isUntaken(row)) this.calling.set(row.id, row)
    this.tell({ type: 'call', row, sound })
  }

  /** To all tabs, this one too. */
  private tell(word: Word) {
    this.note(word)
    this.tabs.say(word)
    this.hear(word)
  }

  private heard(word: Word) {
    this.note(word)
    this.hear(word)
  }

  /** Before the others answer to it. */
  private note(word: Word) {
    if (word.type === 'call') this.unrung.set(word.row.id, word)
    if (word.type === 'rung' || word.type === 'gone') this.unrung.delete(word.id)
  }

  private hear(word: Word) {
    if (word.type === 'mute') {
      this.mutedUntil = word.until
      this.storage?.setItem(MUTED, String(word.until))
      return this.changed()
    }
    if (word.type === 'hello') return void (this.muted && this.tabs.say({ type: 'mute', until: this.mutedUntil }))
    if (word.type === 'who') return this.answerWho()
    if (!this.tabs.leads) return
    switch (word.type) {
      case 'call':
        // Its own 20 s begin now, whenever the leading tab last asked.
        if (isUntaken(word.row)) this.rest()
        this.schedule()
        return this.firstCall(word)
      case 'waits':
        return void (this.rungThisRound || this.repeat(word.row))
      case 'gone':
        return this.bell.close(word.id)
      case 'seen':
        return void this.seen.set(word.id, word.rev)
      case 'tick':
        if (this.tabs === ALONE) return this.tick(word.id, word.rev)
        return void (this.first(`tick ${word.id} ${word.rev}`) && setTimeout(() => this.tick(word.id, word.rev), TICK_AFTER))
    }
  }

  /** This tab leads from now on. */
  private lead() {
    for (const call of [...this.unrung.values()]) this.firstCall(call)
    this.schedule()
  }

  private firstCall({ row, sound }: { row: Row; sound: Sound }) {
    this.tell({ type: 'rung', id: row.id })
    if (this.first(`${sound} ${row.id}`)) this.announce(row, sound)
  }

  private answerWho() {
    const [row] = this.calling.values()
    if (row) this.tabs.say({ type: 'waits', row })
  }

  /** False when another tab has just said the same. */
  private first(what: string): boolean {
    const now = Date.now()
    for (const [key, at] of this.said) if (now - at >= SAME) this.said.delete(key)
    if (this.said.has(what)) return false
    // A tab that is alone hears everything once.
    if (this.tabs !== ALONE) this.said.set(what, now)
    return true
  }

  private announce(row: Row, sound: Sound) {
    this.ifVisible((visible) => {
      this.ring(sound, visible)
      if (!visible && this.prefs().notify) this.bell.notify(row, row.reasons[0], !!this.prefs().notify_text)
    })
  }

  private tick(id: string, rev: number) {
    if ((this.seen.get(id) ?? -1) < rev) this.ifVisible((visible) => this.ring('tick', visible))
    this.seen.delete(id)
  }

  private ring(sound: Sound, soft: boolean) {
    if (this.prefs().sound !== false && !this.muted) this.bell.ring(sound, soft)
  }

  private ifVisible(then: (visible: boolean) => void) {
    if (this.bell.visible()) then(true)
    else this.tabs.ifVisible(then)
  }

  private schedule() {
    this.timer ??= setTimeout(() => this.round(), REPEAT)
  }

  private rest() {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  /** Once in 20 s the leading tab asks whether somebody still waits. */
  private round() {
    this.rest()
    if (!this.tabs.leads) return
    this.rungThisRound = false
    const [row] = this.calling.values()
    if (row) this.repeat(row)
    else if (this.tabs !== ALONE) {
      this.tabs.say({ type: 'who' })
      this.schedule()
    }
  }

  private repeat(row: Row) {
    this.rungThisRound = true
    this.schedule()
    if (this.muted) return
    this.ifVisible((visible) => {
      if (!visible) this.announce(row, 'call')
    })
  }
}

// A row that was not loaded before is news only when what it says has just begun.
function turnedRed(before: Row | undefined, row: Row, since: number): boolean {
  if (!row.important) return false
  if (before) return !before.important || (row.reasons.includes('transferred') && !before.reasons.includes('transferred'))
  return !!row.red_since && Date.parse(row.red_since) > since
}

function isNew(before: Row | undefined, row: Row, since: number): boolean {
  if (before) return !isUntaken(before)
  return !!row.session.waiting_since && Date.parse(row.session.waiting_since) > since
}
