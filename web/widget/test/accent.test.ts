import { expect, test } from "vitest";
import { accentColours } from "../src/accent";

// Any colour the owner may choose is readable: the rules of «Widget accent» in the tokens.
const luminance = (hex: string) =>
  [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const c = parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16) / 255;
    return sum + weight * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  }, 0.05);
const ratio = (a: string, b: string) => Math.max(luminance(a) / luminance(b), luminance(b) / luminance(a));
const long = (hex: string) => (hex.length > 4 ? hex : `#${[...hex.slice(1)].map((c) => c + c).join("")}`);
const colours = (accent: string, dark: boolean) => {
  const [ac, on, border] = accentColours(accent, dark);
  return { accent: ac, on: long(on), border };
};

test("text and border follow from the accent", () => {
  expect(colours("#17392D", false)).toEqual({ accent: "#17392D", on: "#ffffff", border: "#17392D" });
  expect(colours("#17392d", true).accent).toBe("#35785C");
  expect(colours("#F2C230", false)).toEqual({ accent: "#F2C230", on: "#151c18", border: "#7d8a81" });
  expect(colours("#9A3E1B", true)).toEqual({ accent: "#9A3E1B", on: "#ffffff", border: "#7d8a81" });
});

test("no colour leaves text below 4.5 to 1, or an edge below 3 to 1", () => {
  for (let n = 0; n < 0x1000; n++) {
    const accent = `#${[8, 4, 0].map((shift) => ((n >> shift) & 15).toString(16).repeat(2)).join("")}`;
    for (const dark of [false, true]) {
      const c = colours(accent, dark);
      expect(ratio(accent, c.on), accent).toBeGreaterThanOrEqual(4.5);
      expect(ratio(c.border, dark ? "#161c19" : "#ffffff"), accent).toBeGreaterThanOrEqual(3);
    }
  }
});
