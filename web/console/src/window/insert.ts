/** A template goes in at the cursor, or in place of what is selected (D-35). The cursor stands after it. */
export function insertAt(text: string, from: number, to: number, piece: string): { text: string; cursor: number } {
  return { text: text.slice(0, from) + piece + text.slice(to), cursor: from + piece.length }
}
