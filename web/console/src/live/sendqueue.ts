import type { Event, MessageAnswer } from '../../../shared/api.gen.ts'
import { codeOf, isTransient } from '../api/errors.ts'
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

/**
 * Messages on their way (I-10). Of one dialog one is sent at a time, so that order is kept; a retry carries the same client_id,
 * so that an answer lost on the way back cannot double the message. What was not accepted outlives a reload as «Не отправлено».
 */
export class SendQueue extends Emitter {
  private items: Outgoing[] = []
  private running = new Set<string>()
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
    this.save()
    void this.run(dialogId)
  }

  retry(clientId: string) {
    this.update(clientId, { state: 'sending', code: undefined })
    const item = this.items.find((m) => m.clientId === clientId)
    if (item) void this.run(item.dialogId)
  }

  remove(clientId: string) {
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
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.post(item.dialogId, { client_id: item.clientId, text: item.text, seen_seq: item.seenSeq })
        this.accepted(item.dialogId, answer.event)
        this.remove(item.clientId)
        return
      } catch (e) {
        if (!this.items.includes(item) && !this.items.some((m) => m.clientId === item.clientId)) return
        if (!isTransient(e) || attempt === TRIES) return this.update(item.clientId, { state: 'failed', code: codeOf(e) })
        await new Promise((done) => setTimeout(done, waits.next()))
      }
    }
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
