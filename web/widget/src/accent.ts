// Colours that follow from the one colour the owner sets: text on it, and whether it needs a border.

// Relative luminance (WCAG, near enough for the steps below) plus the 0.05 of its contrast formula.
const luminance = (hex: string) =>
  [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => sum + weight * (parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16) / 255) ** 2.2, 0.05);

export function accentColours(accent: string, dark: boolean) {
  if (dark && /#17392d/i.test(accent)) accent = "#35785C"; // the default has a dark twin
  const l = luminance(accent);
  // the text has 4.5 : 1 at least: white, for mid tones black, else the colour of our own text
  const on = l < 0.23 ? "#fff" : l < 0.277 ? "#000" : "#151c18";
  // a border where the colour has less than 3 : 1 on the panel
  return [accent, on, (dark ? l < 0.184 : l > 0.348) ? "#7d8a81" : accent] as const;
}
