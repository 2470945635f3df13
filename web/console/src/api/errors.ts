import type { Error as ErrorBody, Person } from '../../../shared/api.gen.ts'

/** The server refused: `code` is stable, the text shown is chosen by it. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly operator?: Person
  readonly max?: number
  readonly field?: string
  readonly retryAfter?: number

  constructor(status: number, body: Partial<ErrorBody>, retryAfter?: number) {
    super(body.message ?? `HTTP ${status}`)
    this.name = 'Refusal'
    this.status = status
    this.code = body.code ?? (status === 401 ? 'unauthenticated' : status >= 500 ? 'unavailable' : 'unknown')
    this.operator = body.operator
    this.max = body.max
    this.field = body.field
    this.retryAfter = retryAfter
  }
}

/** No answer: the command may or may not have been accepted; only the same client_id may be tried again (I-10). */
export class NoAnswer extends Error {
  constructor(cause?: unknown) {
    super('no answer from the server', { cause })
    this.name = 'NoAnswer'
  }
}

/** Worth trying again by itself: nothing was decided. */
export function isTransient(e: unknown): boolean {
  return e instanceof NoAnswer || (e instanceof Refusal && (e.status >= 500 || e.status === 429))
}

/** It is not there, or not for this operator: what is known of it is no longer his to see. */
export function isMissing(e: unknown): boolean {
  return e instanceof Refusal && (e.status === 404 || e.status === 403)
}

export function codeOf(e: unknown): string {
  return e instanceof Refusal ? e.code : e instanceof NoAnswer ? 'no_answer' : 'unknown'
}
