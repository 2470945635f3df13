import type { Event } from '../../../shared/api.gen.ts'
import { Command } from './command.ts'
import type { Drafts } from './drafts.ts'
import { Emitter } from './emitter.ts'
import type { Post } from './sendqueue.ts'

export interface Claim {
  text: string
  seenSeq: number
  /** The session that was to be taken: what was refused there says nothing of a later one. */
  sessionId: string
  busy: boolean
  error?: unknown
}

/**
 * The first reply of an untaken dialog takes it. It is not optimistic: the text stays in the box until the server
 * has decided who was first; whoever lost keeps his text (M-09).
 */
export class Claims extends Emitter {
  private claims = new Map<string, Claim>()
  private commands = new Map<string, Command>()
  private drafts: Drafts
  private post: Post
  private accepted: (dialogId: string, event: Event) => void

  constructor(drafts: Drafts, post: Post, accepted: (dialogId: string, event: Event) => void) {
    super()
    this.drafts = drafts
    this.post = post
    this.accepted = accepted
  }

  get(dialogId: string): Claim | undefined {
    return this.claims.get(dialogId)
  }

  async send(dialogId: string, sessionId: string, text: string, seenSeq: number) {
    if (this.claims.get(dialogId)?.busy) return
    let command = this.commands.get(dialogId)
    if (!command) this.commands.set(dialogId, (command = new Command()))
    // Pressing Send again with the same text after no answer is the same command, whatever has appeared on the screen since.
    const before = this.claims.get(dialogId)
    const seen = before?.text === text && command.id ? before.seenSeq : seenSeq
    this.set(dialogId, { text, sessionId, seenSeq: seen, busy: true })
    try {
      const answer = await command.run({ text, seen_seq: seen }, (body) => this.post(dialogId, body))
      this.done(dialogId, text)
      this.accepted(dialogId, answer.event)
    } catch (error) {
      // The log may have brought the message while the answer was lost.
      if (this.claims.has(dialogId)) this.set(dialogId, { text, sessionId, seenSeq: seen, busy: false, error })
    }
  }

  /** The log shows the reply: it was accepted, whatever became of the answer. */
  seen(dialogId: string, event: Event) {
    const claim = this.claims.get(dialogId)
    if (claim && event.client_id && event.client_id === this.commands.get(dialogId)?.id) this.done(dialogId, claim.text)
  }

  /** The notice has served: the text was changed or given up. */
  dismiss(dialogId: string) {
    if (this.claims.get(dialogId)?.busy === false) this.set(dialogId, undefined)
  }

  private done(dialogId: string, text: string) {
    this.commands.delete(dialogId)
    if (this.drafts.get(dialogId).trim() === text) this.drafts.set(dialogId, '')
    this.set(dialogId, undefined)
  }

  private set(dialogId: string, claim: Claim | undefined) {
    if (claim) this.claims.set(dialogId, claim)
    else this.claims.delete(dialogId)
    this.changed()
  }
}
