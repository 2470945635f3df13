import { isTransient } from '../api/errors.ts'
import { newClientId } from './sendqueue.ts'

/**
 * The client_id of a command (I-10): the same one while nobody knows whether it was accepted and its content is the same,
 * a new one after any definite answer.
 */
export class Command {
  private pending?: { body: string; id: string }

  async run<B extends object, T>(body: B, send: (body: B & { client_id: string }) => Promise<T>): Promise<T> {
    const content = JSON.stringify(body)
    if (this.pending?.body !== content) this.pending = { body: content, id: newClientId() }
    try {
      const answer = await send({ ...body, client_id: this.pending.id })
      this.pending = undefined
      return answer
    } catch (e) {
      if (!isTransient(e)) this.pending = undefined
      throw e
    }
  }

  get id(): string | undefined {
    return this.pending?.id
  }
}
