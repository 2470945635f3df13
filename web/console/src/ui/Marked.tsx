import { matchParts } from '../text/match.ts'

/** A text with the places that match the search; those of the match stood at look different. */
export function Marked({ text, query, now }: { text: string; query?: string; now?: boolean }) {
  if (!query) return text
  return matchParts(text, query).map((p, i) =>
    p.hit ? (
      <mark key={i} className={now ? 'now' : undefined}>
        {p.text}
      </mark>
    ) : (
      p.text
    ),
  )
}
