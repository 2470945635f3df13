import { expect, test } from "vitest";
import { accentColours, contrast } from "../src/accent";

// Any colour the owner may choose is readable: the rules of «Widget accent» in the tokens.
test("known pairs have the ratios of the table", () => {
  expect(contrast("#FFFFFF", "#17392D")).toBeCloseTo(12.65, 2);
  expect(contrast("#FFFFFF", "#35785C")).toBeCloseTo(5.26, 2);
  expect(contrast("#9A3E1B", "#161C19")).toBeCloseTo(2.54, 2);
  expect(contrast("#151C18", "#F2C230")).toBeCloseTo(10.35, 2);
});

test("text and border follow from the accent", () => {
  expect(accentColours("#17392D", false)).toEqual({ accent: "#17392D", on: "#FFFFFF", border: "#17392D" });
  expect(accentColours("#17392d", true).accent).toBe("#35785C");
  expect(accentColours("#F2C230", false)).toEqual({ accent: "#F2C230", on: "#151C18", border: "#7D8A81" });
  expect(accentColours("#9A3E1B", true)).toEqual({ accent: "#9A3E1B", on: "#FFFFFF", border: "#7D8A81" });
});

test("no colour leaves text below 4.5 to 1", () => {
  for (let n = 0; n < 0x1000; n++) {
    const accent = `#${[8, 4, 0].map((shift) => ((n >> shift) & 15).toString(16).repeat(2)).join("")}`;
    const { on } = accentColours(accent, false);
    expect(contrast(accent, on), accent).toBeGreaterThanOrEqual(4.5);
  }
});
