import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ChangesWatch } from './changes.ts'

beforeEach(() => void vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

const at = (ms: number) => new Date(ms).toISOString()

it('asks one second after the nearest promise that was not kept', () => {
  const ask = vi.fn()
  const watch = new ChangesWatch(() => Date.now(), ask)
  watch.expect([at(20_000), undefined, at(5_000)])
  vi.advanceTimersByTime(5_999)
  expect(ask).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(ask).toHaveBeenCalledTimes(1)
})

it('does not ask when the push came', () => {
  const ask = vi.fn()
  const watch = new ChangesWatch(() => Date.now(), ask)
  watch.expect([at(5_000)])
  vi.advanceTimersByTime(5_500)
  watch.expect([at(60_000)])
  vi.advanceTimersByTime(30_000)
  expect(ask).not.toHaveBeenCalled()
})

it('asks about the same moment ever more seldom, however often other rows change', () => {
  const asked: number[] = []
  const watch = new ChangesWatch(
    () => Date.now(),
    () => asked.push(Date.now()),
  )
  watch.expect([at(1_000)])
  for (let i = 0; i < 300; i++) {
    vi.advanceTimersByTime(100)
    watch.expect([at(1_000)])
  }
  expect(asked.map((t) => Math.round(t / 1000))).toEqual([2, 4, 8, 16])
})

it('has nothing to wait for when nothing is promised', () => {
  const ask = vi.fn()
  const watch = new ChangesWatch(() => Date.now(), ask)
  watch.expect([at(1_000)])
  watch.expect([undefined])
  vi.advanceTimersByTime(60_000)
  expect(ask).not.toHaveBeenCalled()
})
