import type { Event, EventPage, Row } from '../../../shared/api.gen.ts'

const START = Date.parse('2026-11-25T10:00:00Z')

export function event(seq: number, change: Partial<Event> = {}): Event {
  return {
    seq,
    session_id: 's1',
    session_no: 1,
    kind: 'message',
    author: 'visitor',
    audience: 'all',
    text: `text ${seq}`,
    at: new Date(START + seq * 1000).toISOString(),
    ...change,
  }
}

export function events(from: number, to: number): Event[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => event(from + i))
}

/** A page as the server would answer it from a log of `head` events. */
export function page(head: number, query: { after?: number; before?: number; limit?: number }): EventPage {
  const limit = query.limit ?? 100
  let list: Event[]
  if (query.after !== undefined) list = events(query.after + 1, Math.min(head, query.after + limit))
  else if (query.before !== undefined) list = events(Math.max(1, query.before - limit), query.before - 1)
  else list = events(Math.max(1, head - limit + 1), head)
  return { events: list, head_seq: head, more_before: (list[0]?.seq ?? 1) > 1, more_after: (list.at(-1)?.seq ?? head) < head }
}

export function row(id: string, change: Partial<Row> = {}): Row {
  return {
    id,
    project_id: 'p',
    rev: 1,
    visitor: { id: `v${id}`, number: '7C41' },
    session: { id: `s${id}`, no: 1, started_at: new Date(START).toISOString(), tags: [] },
    unread: 0,
    unanswered: false,
    important: false,
    reasons: [],
    groups: ['all'],
    rank: id,
    can: { write: 'ok', transfer: 'not_claimed', leave: 'not_claimed', block: 'ok', edit: 'ok' },
    ...change,
  }
}
