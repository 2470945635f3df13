// Colours that follow from the one colour the owner sets: text on it, and whether it needs a border.

const luminance = (hex: string) =>
  [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const c = parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16) / 255;
    return sum + weight * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  }, 0.05);

export function contrast(a: string, b: string) {
  const ratio = luminance(a) / luminance(b);
  return ratio < 1 ? 1 / ratio : ratio;
}

export function accentColours(accent: string, dark: boolean) {
  if (dark && accent.toUpperCase() === "#17392D") accent = "#35785C"; // the default has a dark twin
  let on = contrast(accent, "#FFFFFF") >= contrast(accent, "#151C18") ? "#FFFFFF" : "#151C18";
  if (contrast(accent, on) < 4.5) on = "#000000"; // mid tones: black is never below 4.58 here
  return { accent, on, border: contrast(accent, dark ? "#161C19" : "#FFFFFF") < 3 ? "#7D8A81" : accent };
}
