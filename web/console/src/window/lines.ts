import type { Event } from '../../../shared/api.gen.ts'
import { sameDay } from '../text/format.ts'

/** One line of the stream: an event, or what stands between events. */
export type Line =
  | { kind: 'session'; key: string; sessionId: string; at: string }
  | { kind: 'day'; key: string; at: string }
  | { kind: 'event'; key: string; event: Event; follows: boolean }

/**
 * The events as they are shown: separators between sessions and days, an author named once per run of his messages.
 * Entries meant for the visitor only keep the sequence whole and are left out.
 */
export function linesOf(events: readonly Event[], beginning: boolean): Line[] {
  const lines: Line[] = []
  let before: Event | undefined
  for (const event of events) {
    const shown = event.audience !== 'visitor'
    const newSession = before ? before.session_id !== event.session_id : beginning
    if (newSession)
      lines.push({ kind: 'session', key: `s${event.session_id}`, sessionId: event.session_id, at: event.at })
    else if (shown && (!before || !sameDay(new Date(before.at), new Date(event.at))))
      lines.push({ kind: 'day', key: `d${event.seq}`, at: event.at })
    if (shown) {
      const last = lines.at(-1)
      const follows = last?.kind === 'event' && last.event.kind === 'message' && event.kind === 'message' && authorOf(last.event) === authorOf(event)
      lines.push({ kind: 'event', key: `e${event.seq}`, event, follows })
    }
    before = event
  }
  return lines
}

function authorOf(e: Event): string {
  return e.author === 'operator' ? `o${e.operator?.id}` : e.author
}
