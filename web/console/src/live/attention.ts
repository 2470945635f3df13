import type { Prefs, Reason, Row } from '../../../shared/api.gen.ts'
import { Emitter } from './emitter.ts'

/** Two notes for a dialog nobody answers, one for a transfer, a soft tick for a message in an own dialog. */
export type Sound = 'call' | 'transfer' | 'tick'

/** What the browser does; the tests put their own in its place. */
export interface Bell {
  visible: () => boolean
  ring: (sound: Sound, soft: boolean) => void
  notify: (row: Row, reason: Reason | undefined, withText: boolean) => void
  close: (dialogId: string) => void
}

const SILENT: Bell = { visible: () => true, ring: () => {}, notify: () => {}, close: () => {} }
const REPEAT = 20_000
const MUTED_FOR = 10 * 60_000
const RECENT = 60_000

export function isUntaken(row: Row): boolean {
  return !row.session.assignee && !row.session.closed_at && !row.blocked_ip && row.unanswered && row.groups.length > 0
}

/**
 * Calls the operator: a new untaken dialog, one that turned red, a message in his own. Hidden, it repeats every 20 s until the
 * dialog is taken or the operator asks for 10 minutes of silence; a visible tab says it once, softly, and shows no notification.
 */
export class Attention extends Emitter {
  bell: Bell = SILENT
  mutedUntil = 0
  private calling = new Set<string>()
  private timer?: ReturnType<typeof setInterval>
  private now: () => number
  private prefs: () => Partial<Prefs>

  constructor(now: () => number, prefs: () => Partial<Prefs>) {
    super()
    this.now = now
    this.prefs = prefs
  }

  /** A row was pushed: `before` is how it stood, `open` whether it is in the window. */
  saw(before: Row | undefined, row: Row, meId: string | undefined, open: boolean) {
    if (!isUntaken(row)) this.gone(row.id)
    const mine = !!meId && row.session.assignee?.id === meId
    const concerns = mine || !row.session.assignee
    if (concerns && turnedRed(before, row, this.now())) return this.call(row, row.reasons.includes('transferred') ? 'transfer' : 'call')
    if (isUntaken(row) && isNew(before, row, this.now())) return this.call(row, 'call')
    if (mine && before && row.unread > before.unread && !(open && this.bell.visible())) this.ring('tick')
  }

  gone(id: string) {
    if (!this.calling.delete(id)) return
    this.bell.close(id)
    this.schedule()
  }

  /** Another project is looked at: its rows say anew what calls. */
  reset() {
    for (const id of [...this.calling]) this.gone(id)
  }

  get muted(): boolean {
    return this.now() < this.mutedUntil
  }

  mute(on: boolean) {
    this.mutedUntil = on ? this.now() + MUTED_FOR : 0
    this.changed()
  }

  private call(row: Row, sound: Sound) {
    if (isUntaken(row)) this.calling.add(row.id)
    this.schedule()
    this.ring(sound)
    if (!this.bell.visible() && this.prefs().notify) this.bell.notify(row, row.reasons[0], !!this.prefs().notify_text)
  }

  private ring(sound: Sound) {
    if (this.prefs().sound === false || this.muted) return
    this.bell.ring(sound, this.bell.visible())
  }

  private schedule() {
    if (this.calling.size && !this.timer)
      this.timer = setInterval(() => {
        if (!this.bell.visible()) this.ring('call')
      }, REPEAT)
    else if (!this.calling.size) {
      clearInterval(this.timer)
      this.timer = undefined
    }
  }
}

// A row that was not loaded before is news only when what it says has just begun.
function turnedRed(before: Row | undefined, row: Row, now: number): boolean {
  if (!row.important) return false
  if (before) return !before.important || (row.reasons.includes('transferred') && !before.reasons.includes('transferred'))
  return !!row.red_since && now - Date.parse(row.red_since) < RECENT
}

function isNew(before: Row | undefined, row: Row, now: number): boolean {
  if (before) return !isUntaken(before)
  return !!row.session.waiting_since && now - Date.parse(row.session.waiting_since) < RECENT
}
