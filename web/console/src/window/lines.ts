import type { Event } from '../../../shared/api.gen.ts'
import { sameDay } from '../text/format.ts'

/** One line of the stream: an event, or what stands between events. */
export type Line =
  | { kind: 'session'; key: string; sessionId: string; at: string }
  | { kind: 'day'; key: string; at: string }
  | { kind: 'event'; key: string; event: Event; follows: boolean }

/**
 * The events as they are shown: separators between sessions and days, an author named once per run of his messages.
 * What stands above the first one is not known before the page above it is read: it gets no separator that would go again.
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
    else if (shown && before && !sameDay(new Date(before.at), new Date(event.at)))
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

/** The message under which it says that the visitor has read it (D-72): the last one, while he has not answered. */
export function readMessage(events: readonly Event[], readSeq: number): Event | undefined {
  const last = events.findLast((e) => e.kind === 'message')
  return last?.author === 'operator' && last.seq <= readSeq ? last : undefined
}

/** What stands in the stream as one: an event with the separators above it, or separators that nothing follows yet. */
export interface Block {
  key: string
  lines: Line[]
  event?: Event
}

/**
 * Separators belong to the event below them: an event keeps its key, and with it its place on the screen, when older
 * pages change what stands above it. A message of one's own keeps the key it had on its way.
 */
export function blocksOf(lines: readonly Line[]): Block[] {
  const blocks: Block[] = []
  let above: Line[] = []
  for (const line of lines) {
    above.push(line)
    if (line.kind !== 'event') continue
    const { event } = line
    blocks.push({ key: event.client_id ? sentKey(event.client_id) : line.key, lines: above, event })
    above = []
  }
  if (above.length) blocks.push({ key: above[0]!.key, lines: above })
  return blocks
}

export const sentKey = (clientId: string) => `c${clientId}`

function authorOf(e: Event): string {
  return e.author === 'operator' ? `o${e.operator?.id}` : e.author
}
