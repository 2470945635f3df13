import { describe, expect, it, vi } from 'vitest'
import { NoAnswer } from '../api/errors.ts'
import { Feed, type PageQuery } from './feed.ts'
import { event, page } from './fixtures.ts'

const seqs = (feed: Feed) => feed.shown().map((e) => e.seq)

function setup(head: number) {
  const log = { head }
  const asked: PageQuery[] = []
  const onGap = vi.fn()
  const feed = new Feed({
    fetchPage: (q) => {
      asked.push(q)
      return Promise.resolve(page(log.head, q))
    },
    onGap,
  })
  return { feed, asked, onGap, log }
}

describe('Feed', () => {
  it('reads the newest page, then older ones until the beginning', async () => {
    const { feed } = setup(200)
    await feed.load()
    expect(seqs(feed)[0]).toBe(121)
    await feed.older()
    await feed.older()
    await feed.older()
    expect(seqs(feed)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    expect(feed.moreBefore).toBe(false)
  })

  it('waits for its first page before it takes pushed events', async () => {
    const { feed, onGap } = setup(3)
    feed.push(event(4))
    expect(onGap).not.toHaveBeenCalled()
    await feed.load()
    expect(feed.push(event(4))).toBe(true)
    expect(seqs(feed)).toEqual([1, 2, 3, 4])
  })

  it('asks again after a gap instead of showing a hole', async () => {
    const { feed, onGap } = setup(3)
    await feed.load()
    expect(feed.push(event(6))).toBe(false)
    expect(onGap).toHaveBeenCalledTimes(1)
    expect(seqs(feed)).toEqual([1, 2, 3])
  })

  it('catches up without a socket', async () => {
    const { feed, log } = setup(3)
    await feed.load()
    log.head = 450
    await feed.catchUp()
    expect(feed.log.last()).toBe(450)
    expect(seqs(feed)).toHaveLength(450)
  })

  it('jumps to a session that is not loaded and walks back to the end (R-099)', async () => {
    const { feed } = setup(1000)
    await feed.load()
    await feed.jump({ first_seq: 300, last_seq: 330 }, 'first')
    expect(feed.target?.seq).toBe(300)
    expect(feed.atEnd).toBe(false)
    expect(seqs(feed)[0]).toBe(280 + 1)
    while (!feed.atEnd) await feed.newer()
    expect(feed.anchor).toBeUndefined()
    expect(seqs(feed).at(-1)).toBe(1000)
  })

  it('live events go to the end also while the past is looked at', async () => {
    const { feed } = setup(1000)
    await feed.load()
    await feed.jump({ first_seq: 1, last_seq: 5 }, 'last')
    feed.push(event(1001))
    expect(feed.atEnd).toBe(false)
    feed.toEnd()
    expect(seqs(feed).at(-1)).toBe(1001)
  })

  it('says when it could not be read and can try again', async () => {
    let fail = true
    const feed = new Feed({ fetchPage: (q) => (fail ? Promise.reject(new Error()) : Promise.resolve(page(2, q))), onGap: () => {} })
    await feed.load()
    expect(feed.error).toBe(true)
    expect(feed.ready).toBe(false)
    fail = false
    await feed.reload()
    expect(feed.ready).toBe(true)
    expect(feed.error).toBe(false)
  })

  it('the pauses between failed readings grow to half a minute, and begin short again when somebody asks', async () => {
    vi.useFakeTimers()
    const fetchPage = vi.fn(() => Promise.reject(new NoAnswer()))
    const feed = new Feed({ fetchPage, onGap: () => {} })
    feed.subscribe(() => void feed.load())
    await feed.load()
    await vi.advanceTimersByTimeAsync(10 * 60_000)
    expect(fetchPage.mock.calls.length).toBeGreaterThan(20)
    expect(fetchPage.mock.calls.length).toBeLessThan(50)
    fetchPage.mockClear()
    await feed.reload()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(fetchPage).toHaveBeenCalledTimes(2)
    vi.useRealTimers()
  })
})
