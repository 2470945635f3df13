// The preview of a colour that is not saved yet; api/accent.go works out what the widget gets, by the same rules.

// Relative luminance (WCAG, near enough for the steps below) plus the 0.05 of its contrast formula.
const luminance = (hex: string) =>
  [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => sum + weight * (parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16) / 255) ** 2.2, 0.05)

/** The fill, the text on it (4.5 : 1 at least) and its border (3 : 1 on white). */
export function accentColours(accent: string): [fill: string, text: string, border: string] {
  const l = luminance(accent)
  return [accent, l < 0.23 ? '#ffffff' : l < 0.277 ? '#000000' : '#151c18', l > 0.348 ? '#7d8a81' : accent]
}
