import { describe, expect, it } from 'vitest'
import { ago, remaining, ServerClock, share, splitDuration } from './clock.ts'

describe('ServerClock', () => {
  it('runs on the server time, whatever the local clock says', () => {
    let local = 1_000_000
    const clock = new ServerClock(() => local)
    clock.sync(new Date(5_000_000).toISOString(), 999_900) // 100 ms there and back
    expect(clock.now()).toBe(5_000_050)
    local += 2_000
    expect(clock.now()).toBe(5_002_050)
  })

  it('prefers the answer that came faster', () => {
    let local = 0
    const clock = new ServerClock(() => local)
    clock.sync(new Date(10_000).toISOString(), -20)
    const good = clock.now()
    local = 1000
    clock.sync(new Date(11_400).toISOString(), 0) // a slow answer, off by almost a second
    expect(clock.now()).toBe(good + 1000)
  })

  it('follows when one of the clocks is moved', () => {
    let local = 0
    const clock = new ServerClock(() => local)
    clock.sync(new Date(0).toISOString(), -10)
    local = 1000
    clock.sync(new Date(3_601_000).toISOString(), 960)
    expect(clock.now()).toBe(3_601_020)
  })

  it('ignores nonsense', () => {
    const clock = new ServerClock(() => 42)
    clock.sync('yesterday')
    expect(clock.now()).toBe(42)
  })
})

describe('figures', () => {
  it('shows m:ss below an hour', () => {
    expect(splitDuration(84_900)).toEqual({ text: '1:24' })
    expect(splitDuration(-5)).toEqual({ text: '0:00' })
    expect(splitDuration(3_599_999)).toEqual({ text: '59:59' })
  })
  it('shows hours and minutes below a day, then days', () => {
    expect(splitDuration(80 * 60_000)).toEqual({ hours: 1, minutes: 20 })
    expect(splitDuration(49 * 3_600_000)).toEqual({ days: 2, hours: 1 })
  })
  it('counts down to the instant itself', () => {
    expect(remaining(10_000, 9_001)).toBe(1000)
    expect(remaining(10_000, 10_000)).toBe(0)
    expect(remaining(10_000, 12_000)).toBe(0)
  })
  it('gives the share of a wait that has passed', () => {
    expect(share(0, 200, 50)).toBe(0.25)
    expect(share(0, 200, 500)).toBe(1)
    expect(share(200, 200, 0)).toBe(1)
  })
  it('says elapsed time in the largest unit (D-17)', () => {
    expect(ago(59_999)).toEqual({ unit: 'now' })
    expect(ago(5 * 60_000)).toEqual({ unit: 'minutes', n: 5 })
    expect(ago(3 * 3_600_000)).toEqual({ unit: 'hours', n: 3 })
    expect(ago(2 * 86_400_000)).toEqual({ unit: 'days', n: 2 })
    expect(ago(9 * 86_400_000)).toEqual({ unit: 'date' })
  })
})
