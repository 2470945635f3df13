export type Piece = { text: string; href?: undefined } | { text: string; href: string }

const URL_LIKE = /\bhttps?:\/\/[^\s<>"'`«»]+/giu
const TRAILING = /[.,;:!?…)\]}]+$/u

/** Splits a text into plain pieces and links. Only http and https become links; everything else stays text (I-11). */
export function pieces(text: string): Piece[] {
  const out: Piece[] = []
  let from = 0
  for (const match of text.matchAll(URL_LIKE)) {
    let shown = match[0]
    const tail = TRAILING.exec(shown)?.[0] ?? ''
    // A bracket that closes one opened inside the address belongs to it.
    shown = shown.slice(0, shown.length - tail.length)
    if (tail.startsWith(')') && shown.includes('(')) shown += ')'
    const href = safeHref(shown)
    if (!href) continue
    if (match.index > from) out.push({ text: text.slice(from, match.index) })
    out.push({ text: shown, href })
    from = match.index + shown.length
  }
  if (from < text.length) out.push({ text: text.slice(from) })
  return out
}

function safeHref(address: string): string | undefined {
  try {
    const url = new URL(address)
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined
  } catch {
    return undefined
  }
}
