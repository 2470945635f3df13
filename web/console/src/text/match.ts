/** Text that compares alike for letter case and ё (D-47); every letter stays in its place, so that places in it are places in the text. */
function folded(text: string): string {
  return [...text]
    .map((c) => {
      const low = c.toLowerCase()
      return low === 'ё' ? 'е' : low.length === c.length ? low : c
    })
    .join('')
}

export interface Part {
  text: string
  hit: boolean
}

/** The text in pieces, those that match the query marked. */
export function matchParts(text: string, query: string): Part[] {
  const wanted = folded(query)
  if (!wanted) return [{ text, hit: false }]
  const where = folded(text)
  const parts: Part[] = []
  let from = 0
  for (let at = where.indexOf(wanted); at >= 0; at = where.indexOf(wanted, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), hit: false })
    from = at + wanted.length
    parts.push({ text: text.slice(at, from), hit: true })
  }
  if (from < text.length) parts.push({ text: text.slice(from), hit: false })
  return parts
}

export function matches(text: string, query: string): boolean {
  return folded(text).includes(folded(query))
}
