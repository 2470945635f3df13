import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Event, MessageAnswer } from '../../../shared/api.gen.ts'
import { NoAnswer, Refusal } from '../api/errors.ts'
import { Claims } from './claims.ts'
import { Command } from './command.ts'
import { Drafts } from './drafts.ts'
import { event } from './fixtures.ts'
import { SendQueue } from './sendqueue.ts'

function memory() {
  const map = new Map<string, string>()
  return {
    map,
    getItem: (k: string) => map.get(k) ?? null,
    setItem: (k: string, v: string) => void map.set(k, v),
    removeItem: (k: string) => void map.delete(k),
  }
}

function setup(answers: (Error | 'ok')[], storage = memory()) {
  const posts: { id: string; text: string }[] = []
  const accepted: Event[] = []
  const queue = new SendQueue({
    post: (_dialog, { client_id: id, text }): Promise<MessageAnswer> => {
      posts.push({ id, text })
      const next = answers.shift() ?? 'ok'
      if (next instanceof Promise) return next
      return next === 'ok' ? Promise.resolve({ event: event(posts.length, { client_id: id, text }) }) : Promise.reject(next)
    },
    accepted: (_dialog, e) => accepted.push(e),
    now: () => 0,
    storage,
  })
  return { queue, posts, accepted, storage }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('SendQueue', () => {
  it('sends one after the other, in order', async () => {
    const s = setup([])
    s.queue.send('d', 'one', 7)
    s.queue.send('d', 'two', 7)
    expect(s.queue.of('d').map((m) => m.state)).toEqual(['sending', 'sending'])
    await vi.runAllTimersAsync()
    expect(s.posts.map((p) => p.text)).toEqual(['one', 'two'])
    expect(s.accepted).toHaveLength(2)
    expect(s.queue.of('d')).toEqual([])
  })

  it('tries again by itself with the same id when nothing was decided (I-10)', async () => {
    const s = setup([new NoAnswer(), new Refusal(503, { code: 'unavailable' }), 'ok'])
    s.queue.send('d', 'one', 7)
    await vi.runAllTimersAsync()
    expect(s.posts).toHaveLength(3)
    expect(new Set(s.posts.map((p) => p.id)).size).toBe(1)
    expect(s.queue.of('d')).toEqual([])
  })

  it('says not sent after four tries; a retry keeps the id', async () => {
    const s = setup(Array.from({ length: 4 }, () => new NoAnswer()))
    s.queue.send('d', 'one', 7)
    await vi.runAllTimersAsync()
    const failed = s.queue.of('d')[0]!
    expect(failed).toMatchObject({ state: 'failed', code: 'no_answer' })
    s.queue.retry(failed.clientId)
    await vi.runAllTimersAsync()
    expect(s.posts.at(-1)!.id).toBe(failed.clientId)
    expect(s.queue.of('d')).toEqual([])
  })

  const none = (n: number) => Array.from({ length: n }, () => new NoAnswer())

  it('what was written without a connection goes out by itself when there is one again, in order, with its ids (I-10)', async () => {
    const s = setup(none(4))
    s.queue.send('d', 'one', 7)
    s.queue.send('d', 'two', 7)
    await vi.runAllTimersAsync()
    expect(s.queue.of('d').map((m) => [m.state, m.code])).toEqual([['failed', 'no_answer'], ['failed', 'no_answer']])
    const ids = s.queue.of('d').map((m) => m.clientId)
    s.posts.length = 0
    s.queue.resume()
    await vi.runAllTimersAsync()
    expect(s.posts.map((p) => p.text)).toEqual(['one', 'two'])
    expect(s.posts.map((p) => p.id)).toEqual(ids)
    expect(s.queue.of('d')).toEqual([])
  })

  it('a later one does not overtake what waits; a retry of the later one sends the earlier one too', async () => {
    for (const again of [(s: ReturnType<typeof setup>) => s.queue.send('d', 'two', 7), (s: ReturnType<typeof setup>) => s.queue.retry(s.queue.of('d')[1]!.clientId)]) {
      const s = setup(none(8))
      s.queue.send('d', 'one', 7)
      await vi.runAllTimersAsync()
      s.queue.send('d', 'two', 7)
      await vi.runAllTimersAsync()
      s.posts.length = 0
      again(s)
      await vi.runAllTimersAsync()
      expect(s.posts.map((p) => p.text).slice(0, 2)).toEqual(['one', 'two'])
      expect(s.queue.of('d')).toEqual([])
    }
  })

  it('one that still hangs on the lost connection when there is another one is sent over that', async () => {
    let fail = (_: Error) => {}
    const s = setup([...none(3), new Promise((_, reject) => (fail = reject)) as never])
    s.queue.send('d', 'one', 7)
    await vi.runAllTimersAsync()
    s.queue.resume()
    fail(new NoAnswer())
    await vi.runAllTimersAsync()
    expect(s.queue.of('d')).toEqual([])
  })

  it('a message refused because the sign-in has ended goes out after the next one; a refused one does not', async () => {
    const s = setup([new Refusal(401, {}), new Refusal(403, { code: 'not_assignee' })])
    s.queue.send('d', 'one', 7)
    s.queue.send('e', 'two', 7)
    await vi.runAllTimersAsync()
    expect(s.queue.of('d')[0]).toMatchObject({ state: 'failed', code: 'unauthenticated' })
    s.queue.resume()
    await vi.runAllTimersAsync()
    expect(s.posts.map((p) => p.text)).toEqual(['one', 'two', 'one'])
    expect(s.queue.of('e')).toHaveLength(1)
  })

  it('does not repeat a refused message', async () => {
    const s = setup([new Refusal(403, { code: 'not_assignee' })])
    s.queue.send('d', 'one', 7)
    s.queue.send('d', 'two', 7)
    await vi.runAllTimersAsync()
    expect(s.posts).toHaveLength(2)
    expect(s.queue.of('d').map((m) => [m.text, m.state, m.code])).toEqual([['one', 'failed', 'not_assignee']])
  })

  it('believes the log when the answer was lost', async () => {
    const s = setup(Array.from({ length: 4 }, () => new NoAnswer()))
    s.queue.send('d', 'one', 7)
    await vi.advanceTimersByTimeAsync(0)
    s.queue.seen(event(1, { client_id: s.posts[0]!.id }))
    expect(s.queue.of('d')).toEqual([])
    await vi.runAllTimersAsync()
    expect(s.queue.of('d')).toEqual([])
  })

  it('keeps what was not accepted over a reload, with its id', async () => {
    const storage = memory()
    const s = setup([new Promise(() => {}) as never], storage)
    s.queue.send('d', 'one', 7)
    const again = setup([], storage)
    again.queue.resume() // who signs in now may be somebody else
    const kept = again.queue.of('d')[0]!
    expect(kept).toMatchObject({ text: 'one', state: 'failed' })
    again.queue.retry(kept.clientId)
    await vi.runAllTimersAsync()
    expect(again.posts[0]!.id).toBe(kept.clientId)
    expect(storage.map.size).toBe(0)
  })
})

describe('Command', () => {
  it('keeps its id while nobody knows, and only for the same content', async () => {
    const command = new Command()
    const ids: string[] = []
    const lost = (b: { client_id: string }) => (ids.push(b.client_id), Promise.reject(new NoAnswer()))
    const done = (b: { client_id: string }) => (ids.push(b.client_id), Promise.resolve('ok'))
    await command.run({ tags: ['a'] }, lost).catch(() => {})
    await command.run({ tags: ['a'] }, lost).catch(() => {})
    await command.run({ tags: ['b'] }, done)
    await command.run({ tags: ['b'] }, done)
    expect(ids[0]).toBe(ids[1])
    expect(new Set(ids).size).toBe(3)
  })

  it('takes a new id after a refusal', async () => {
    const command = new Command()
    const ids: string[] = []
    const refuse = (b: { client_id: string }) => (ids.push(b.client_id), Promise.reject(new Refusal(409, { code: 'unseen_message' })))
    await command.run({}, refuse).catch(() => {})
    await command.run({}, refuse).catch(() => {})
    expect(ids[0]).not.toBe(ids[1])
  })
})

describe('Claims', () => {
  const make = (post: (id: string) => Promise<MessageAnswer>) => {
    const drafts = new Drafts(memory())
    const taken: Event[] = []
    const claims = new Claims(drafts, (_d, body) => post(body.client_id), (_d, e) => taken.push(e))
    return { drafts, taken, claims }
  }

  it('clears the box only when the reply was accepted', async () => {
    const c = make((id) => Promise.resolve({ event: event(1, { client_id: id }), claimed: true }))
    c.drafts.set('d', 'hello')
    const sent = c.claims.send('d', 's', 'hello', 7)
    expect(c.drafts.get('d')).toBe('hello')
    expect(c.claims.get('d')?.busy).toBe(true)
    await sent
    expect(c.drafts.get('d')).toBe('')
    expect(c.claims.get('d')).toBeUndefined()
    expect(c.taken).toHaveLength(1)
  })

  it('keeps the text of the one who lost (M-09)', async () => {
    const c = make(() => Promise.reject(new Refusal(409, { code: 'already_claimed', message: '', operator: { id: 'o', name: 'Марк' } })))
    c.drafts.set('d', 'hello')
    await c.claims.send('d', 's', 'hello', 7)
    expect(c.drafts.get('d')).toBe('hello')
    expect((c.claims.get('d')?.error as Refusal).operator?.name).toBe('Марк')
  })

  it('is done when the log brings the reply though the answer was lost', async () => {
    let id = ''
    const c = make((x) => ((id = x), Promise.reject(new NoAnswer())))
    c.drafts.set('d', 'hello')
    await c.claims.send('d', 's', 'hello', 7)
    c.claims.seen('d', event(1, { client_id: id }))
    expect(c.drafts.get('d')).toBe('')
    expect(c.claims.get('d')).toBeUndefined()
  })
})

describe('Drafts', () => {
  it('outlives a reload', () => {
    const storage = memory()
    new Drafts(storage).set('d', 'half a sen')
    expect(new Drafts(storage).get('d')).toBe('half a sen')
    const drafts = new Drafts(storage)
    drafts.set('d', '')
    expect(storage.map.size).toBe(0)
  })

  it('of what was sent or taken back nothing is left', () => {
    const drafts = new Drafts(memory())
    for (let n = 0; n < 10; n++) {
      drafts.set(`d${n}`, 'half a sen')
      drafts.set(`d${n}`, '')
    }
    expect((drafts as unknown as { memory: Map<string, string> }).memory.size).toBe(0)
  })
})
