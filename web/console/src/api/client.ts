// A thin fetch wrapper whose paths, bodies and answers are checked against api/openapi.yaml.
import type { Error as ErrorBody, paths } from '../../../shared/api.gen.ts'
import { NoAnswer, Refusal } from './errors.ts'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type PathOf<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths]
type Op<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never
type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B : undefined
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? Q : undefined
type PathParams<P> = P extends { parameters: { path: infer V } } ? V : Record<string, never>
type OneOf<R> = R extends { 200: infer A } ? A : R extends { 201: infer A } ? A : R extends { 202: infer A } ? A : undefined
type AnswerOf<O> = O extends { responses: infer R } ? (OneOf<R> extends { content: { 'application/json': infer A } } ? A : undefined) : undefined

export interface CallOptions<P extends keyof paths, M extends Method> {
  path?: PathParams<paths[P]> | PathParams<Op<P, M>>
  query?: QueryOf<Op<P, M>>
  body?: BodyOf<Op<P, M>>
  signal?: AbortSignal
}

export const API_BASE = '/api/v1'
const TIMEOUT_MS = 10_000

let csrf = ''
let onSignedOut: () => void = () => {}

export function setCsrf(token: string) {
  csrf = token
}

/** Called when any request finds that this sign-in has ended. */
export function setSignedOutHandler(handler: () => void) {
  onSignedOut = handler
}

export function urlOf(path: string, params?: object, query?: object): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String((params as Record<string, unknown>)[name])),
  )
  const search = new URLSearchParams()
  for (const [k, v] of Object.entries(query ?? {}))
    for (const one of Array.isArray(v) ? v : [v]) if (one !== undefined) search.append(k, String(one))
  const tail = search.toString()
  return API_BASE + filled + (tail ? `?${tail}` : '')
}

export async function call<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  options: CallOptions<P, M> = {},
): Promise<AnswerOf<Op<P, M>>> {
  const { path: params, query, body, signal } = options
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'get') headers['X-CSRF-Token'] = csrf
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  let response: Response
  let text: string
  try {
    response = await fetch(urlOf(path, params as object, query as object), {
      method: method.toUpperCase(),
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    text = await response.text()
  } catch (e) {
    if (signal?.aborted) throw e
    throw new NoAnswer(e)
  }
  const data: unknown = text && response.headers.get('Content-Type')?.includes('json') ? JSON.parse(text) : undefined
  if (response.ok) return data as AnswerOf<Op<P, M>>
  if (response.status === 401 && path !== '/operator/sign-in') onSignedOut()
  const retryAfter = Number(response.headers.get('Retry-After')) || undefined
  throw new Refusal(response.status, (data ?? {}) as Partial<ErrorBody>, retryAfter)
}
