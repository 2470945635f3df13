import { expect, it } from 'vitest'
import { event } from '../live/fixtures.ts'
import { clean } from './Composer.tsx'
import { linesOf } from './lines.ts'

const kinds = (lines: ReturnType<typeof linesOf>) => lines.map((l) => (l.kind === 'event' ? l.event.seq : l.kind))

it('separates sessions, and names an author once', () => {
  const list = [event(1), event(2), event(3, { session_id: 's2', session_no: 2 }), event(4, { session_id: 's2', author: 'operator' })]
  const lines = linesOf(list, true)
  expect(kinds(lines)).toEqual(['session', 1, 2, 'session', 3, 4])
  expect(lines.filter((l) => l.kind === 'event').map((l) => l.follows)).toEqual([false, true, false, false])
})

it('begins with the day when older events are not loaded', () => {
  expect(kinds(linesOf([event(80), event(81)], false))).toEqual(['day', 80, 81])
})

it('does not show what is meant for the visitor only, and keeps the separator after it', () => {
  const list = [event(1), event(2, { audience: 'visitor', kind: 'system' }), event(3, { audience: 'visitor', session_id: 's2' }), event(4, { session_id: 's2' })]
  expect(kinds(linesOf(list, true))).toEqual(['session', 1, 'session', 4])
})

it('cleans text as the contract takes it', () => {
  expect(clean('  a\r\nb\u0000\tc \n')).toBe('a\nb\tc')
  expect(clean(' \n\t ')).toBe('')
})
