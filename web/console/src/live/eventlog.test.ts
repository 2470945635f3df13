import { describe, expect, it } from 'vitest'
import { EventLog } from './eventlog.ts'
import { event, events } from './fixtures.ts'

const seqs = (list: readonly { seq: number }[]) => list.map((e) => e.seq)

describe('EventLog', () => {
  it('continues the end with pushed events', () => {
    const log = new EventLog()
    log.merge(events(5, 8))
    expect(log.push(event(9))).toBe('added')
    expect(seqs(log.tail())).toEqual([5, 6, 7, 8, 9])
  })

  it('takes the very first event of an empty log', () => {
    const log = new EventLog()
    expect(log.push(event(1))).toBe('added')
    expect(log.last()).toBe(1)
  })

  it('refuses an event behind a gap, so that there is never a hole', () => {
    const log = new EventLog()
    log.merge(events(1, 3))
    expect(log.push(event(5))).toBe('gap')
    expect(seqs(log.tail())).toEqual([1, 2, 3])
    expect(log.push(event(4))).toBe('added')
    expect(log.push(event(5))).toBe('added')
  })

  it('never shows an event twice', () => {
    const log = new EventLog()
    log.merge(events(1, 5))
    expect(log.push(event(4))).toBe('known')
    log.merge(events(2, 7))
    expect(seqs(log.tail())).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('replaces a known event: it may have been redacted', () => {
    const log = new EventLog()
    log.merge(events(1, 2))
    log.push(event(2, { text: '' }))
    expect(log.tail()[1]?.text).toBe('')
  })

  it('keeps a stretch of the past apart until it meets the end', () => {
    const log = new EventLog()
    log.merge(events(90, 100))
    log.merge(events(10, 20))
    expect(seqs(log.tail())).toEqual(seqs(events(90, 100)))
    expect(log.runWith(15)).toHaveLength(11)
    expect(log.runWith(50)).toBeUndefined()
    log.merge(events(21, 89))
    expect(log.tail()).toHaveLength(91)
  })

  it('does not bridge a hole inside a page', () => {
    const log = new EventLog()
    log.merge([event(1), event(2), event(4)])
    expect(seqs(log.runWith(1)!)).toEqual([1, 2])
    expect(seqs(log.tail())).toEqual([4])
  })

  it('ends with exactly the log after any order of pages and pushes', () => {
    for (let seed = 1; seed <= 50; seed++) {
      let x = seed
      const random = (n: number) => (x = (x * 48271) % 2147483647) % n
      const log = new EventLog()
      log.merge(events(1, 1))
      for (let i = 0; i < 60; i++) {
        const from = 1 + random(40)
        if (random(2)) log.merge(events(from, from + random(8)))
        else log.push(event(from))
        const all = seqs(log.tail())
        all.forEach((s, j) => j && expect(s).toBe(all[j - 1]! + 1))
      }
      log.merge(events(1, 48))
      expect(seqs(log.tail())).toEqual(seqs(events(1, 48)))
    }
  })
})
