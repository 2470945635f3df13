import { expect, it } from 'vitest'
import { event } from '../live/fixtures.ts'
import { clean } from './Composer.tsx'
import { blocksOf, linesOf, readMessage, sentKey } from './lines.ts'

const kinds = (lines: ReturnType<typeof linesOf>) => lines.map((l) => (l.kind === 'event' ? l.event.seq : l.kind))

it('separates sessions, and names an author once', () => {
  const list = [event(1), event(2), event(3, { session_id: 's2', session_no: 2 }), event(4, { session_id: 's2', author: 'operator' })]
  const lines = linesOf(list, true)
  expect(kinds(lines)).toEqual(['session', 1, 2, 'session', 3, 4])
  expect(lines.filter((l) => l.kind === 'event').map((l) => l.follows)).toEqual([false, true, false, false])
})

it('separates days, but nothing above the first event while older ones are not loaded', () => {
  const list = [event(80, { at: '2026-11-20T10:00:00Z' }), event(81, { at: '2026-11-20T10:01:00Z' }), event(82, { at: '2026-11-22T10:00:00Z' })]
  expect(kinds(linesOf(list, false))).toEqual([80, 81, 'day', 82])
})

it('a block keeps its key when an older page comes above it, and when the message on its way is accepted', () => {
  const sent = event(82, { client_id: 'x' })
  const keys = (list: ReturnType<typeof event>[], beginning: boolean) => blocksOf(linesOf(list, beginning)).map((b) => b.key)
  expect(keys([event(81), sent], false)).toEqual(['e81', sentKey('x')])
  expect(keys([event(80), event(81), sent], true)).toEqual(['e80', 'e81', sentKey('x')])
})

it('separators stand in the block of the event below them, or alone while nothing follows', () => {
  const next = event(2, { session_id: 's2', audience: 'visitor', kind: 'system' })
  const blocks = blocksOf(linesOf([event(1), next], true))
  expect(blocks.map((b) => [b.event?.seq, b.lines.map((l) => l.kind)])).toEqual([[1, ['session', 'event']], [undefined, ['session']]])
})

it('does not show what is meant for the visitor only, and keeps the separator after it', () => {
  const list = [event(1), event(2, { audience: 'visitor', kind: 'system' }), event(3, { audience: 'visitor', session_id: 's2' }), event(4, { session_id: 's2' })]
  expect(kinds(linesOf(list, true))).toEqual(['session', 1, 'session', 4])
})

it('cleans text as the contract takes it', () => {
  expect(clean('  a\r\nb\u0000\tc \n')).toBe('a\nb\tc')
  expect(clean(' \n\t ')).toBe('')
})

it('says of the last message that it is read, until it is answered (D-72)', () => {
  const mine = event(2, { author: 'operator' })
  const joined = event(3, { kind: 'system', author: 'system' })
  expect(readMessage([event(1), mine, joined], 1)).toBeUndefined()
  expect(readMessage([event(1), mine, joined], 2)).toBe(mine)
  expect(readMessage([event(1), mine, joined, event(4)], 4)).toBeUndefined()
})
