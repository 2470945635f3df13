import type { Event, MessageAnswer } from '../../../shared/api.gen.ts'
import { codeOf, isTransient, Refusal } from '../api/errors.ts'
import { Backoff } from './backoff.ts'
import type { TextStorage } from './drafts.ts'
import { Emitter } from './emitter.ts'

export type OutState = 'sending' | 'failed'

export interface Outgoing {
  clientId: string
  dialogId: string
  text: string
  /** Last event on the screen when Send was pressed; the same in every retry. */
  seenSeq: number
  at: number
  state: OutState
  /** Code of the refusal, or no_answer. */
  code?: string
}

export type Post = (dialogId: string, message: { client_id: string; text: string; seen_seq: number }) => Promise<MessageAnswer>

const STORE_KEY = 'otklik.outbox'
const TRIES = 4

/** Nothing was decided about the message: it may be sent again when there is a connection, or a sign-in, again. */
function isUndecided(e: unknown): boolean {
  return isTransient(e) || (e instanceof Refusal && e.status === 401)
}

/**
 * Messages on their way (I-10). Of one dialog one is sent at a time, so that order is kept: while nothing is decided about one,
 * later ones wait for it. A retry carries the same client_id, so that an answer lost on the way back cannot double the message.
 * What was not accepted outlives a reload as «Не отправлено».
 */
export class SendQueue extends Emitter {
  private items: Outgoing[] = []
  private running = new Set<string>()
  /** Failed, and nothing was decided. Not kept over a reload: who signs in then may be somebody else. */
  private waiting = new Set<string>()
  private resumed = 0
  private post: Post
  private accepted: (dialogId: string, event: Event) => void
  private now: () => number
  private storage?: TextStorage

  constructor(options: {
    post: Post
    accepted: (dialogId: string, event: Event) => void
    now: () => number
    storage?: TextStorage
  }) {
    super()
    this.post = options.post
    this.accepted = options.accepted
    this.now = options.now
    this.storage = options.storage
    this.items = this.restore()
  }

  of(dialogId: string): Outgoing[] {
    return this.items.filter((m) => m.dialogId === dialogId)
  }

  send(dialogId: string, text: string, seenSeq: number) {
    this.items = [...this.items, { clientId: newClientId(), dialogId, text, seenSeq, at: this.now(), state: 'sending' }]
    this.resume(dialogId)
    void this.run(dialogId)
  }

  retry(clientId: string) {
    this.update(clientId, { state: 'sending', code: undefined })
    const item = this.items.find((m) => m.clientId === clientId)
    if (!item) return
    this.resume(item.dialogId)
    void this.run(item.dialogId)
  }

  /** There is a connection again: what waits for it goes out by itself, in its order; of one dialog, or of all. */
  resume(dialogId?: string) {
    if (!dialogId) this.resumed++
    const again = this.items.filter((m) => this.waiting.has(m.clientId) && (!dialogId || m.dialogId === dialogId))
    again.forEach((m) => this.waiting.delete(m.clientId))
    this.items = this.items.map((m) => (again.includes(m) ? { ...m, state: 'sending', code: undefined } : m))
    this.save()
    for (const id of new Set(again.map((m) => m.dialogId))) void this.run(id)
  }

  remove(clientId: string) {
    this.waiting.delete(clientId)
    this.items = this.items.filter((m) => m.clientId !== clientId)
    this.save()
  }

  /** The log shows the message: it was accepted, whatever became of the answer. */
  seen(event: Event) {
    if (event.client_id && this.items.some((m) => m.clientId === event.client_id)) this.remove(event.client_id)
  }

  clear() {
    this.items = []
    this.save()
  }

  private async run(dialogId: string) {
    if (this.running.has(dialogId)) return
    this.running.add(dialogId)
    try {
      for (;;) {
        const next = this.items.find((m) => m.dialogId === dialogId && m.state === 'sending')
        if (!next) return
        await this.deliver(next)
      }
    } finally {
      this.running.delete(dialogId)
    }
  }

  private async deliver(item: Outgoing) {
    const waits = new Backoff(500, 4000)
    let since = this.resumed
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.post(item.dialogId, { client_id: item.clientId, text: item.text, seen_seq: item.seenSeq })
        this.accepted(item.dialogId, answer.event)
        this.remove(item.clientId)
        return
      } catch (e) {
        if (!this.items.includes(item) && !this.items.some((m) => m.clientId === item.clientId)) return
        // It failed on the old connection, and there is another one: as if it were sent only now.
        const anew = isUndecided(e) && since !== this.resumed
        if (anew) attempt = 0
        since = this.resumed
        if (anew || (isTransient(e) && attempt < TRIES)) {
          await new Promise((done) => setTimeout(done, waits.next()))
          continue
        }
        return isUndecided(e) ? this.hold(item.dialogId, codeOf(e)) : this.update(item.clientId, { state: 'failed', code: codeOf(e) })
      }
    }
  }

  /** All of a dialog that is on its way: what was written later must not overtake. */
  private hold(dialogId: string, code: string) {
    const held = (m: Outgoing) => m.dialogId === dialogId && m.state === 'sending'
    this.items.filter(held).forEach((m) => this.waiting.add(m.clientId))
    this.items = this.items.map((m) => (held(m) ? { ...m, state: 'failed', code } : m))
    this.save()
  }

  private update(clientId: string, change: Partial<Outgoing>) {
    this.items = this.items.map((m) => (m.clientId === clientId ? { ...m, ...change } : m))
    this.save()
  }

  private save() {
    try {
      if (this.items.length) this.storage?.setItem(STORE_KEY, JSON.stringify(this.items))
      else this.storage?.removeItem(STORE_KEY)
    } catch {
      // See Drafts.
    }
    this.changed()
  }

  private restore(): Outgoing[] {
    try {
      const items = JSON.parse(this.storage?.getItem(STORE_KEY) ?? '[]') as Outgoing[]
      return items.map((m) => ({ ...m, state: 'failed', code: 'no_answer' }))
    } catch {
      return []
    }
  }
}

export function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}
