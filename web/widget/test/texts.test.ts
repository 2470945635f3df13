import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { languageFile } from "../languages";
import { KEYS, type Lang, LANGUAGES } from "../src/keys";
import { day, lang as language, setTexts, t, time } from "../src/texts";

const read = (path: string) => readFileSync(`${import.meta.dirname}/../${path}`, "utf8");
const file = (lang: Lang) => languageFile(lang).buffer as ArrayBuffer;
const texts = (lang: string) => JSON.parse(read(`../../texts/${lang}.json`)) as Record<string, string>;
const sources = readdirSync(`${import.meta.dirname}/../src`).filter((f) => f.endsWith(".ts")).map((f) => read(`src/${f}`));

// D-56: RU, EN and KZ are complete; what the widget says is in its subset, and nothing else is.
describe("texts", () => {
  test.each(LANGUAGES)("%s has every key with the parameters of the Russian text", (lang) => {
    const parameters = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    for (const key of KEYS) {
      expect(texts(lang)[key], key).toBeTruthy();
      expect(parameters(texts(lang)[key]!), key).toEqual(parameters(texts("ru")[key]!));
    }
  });

  test("the sources use exactly the keys of the subset", () => {
    const used = new Set(sources.flatMap((s) => [...s.matchAll(/\b[tk]\("([\w.]+)"/g)].map((m) => m[1]!)));
    expect([...used].sort()).toEqual([...KEYS].sort());
  });

  test.each(LANGUAGES)("%s arrives as it was written", (lang) => {
    setTexts(file(lang));
    expect(language).toBe(lang);
    KEYS.forEach((key, i) => expect(t(i as never, { name: "{name}", max: "{max}", company: "{company}" })).toBe(texts(lang)[key]));
  });

  test("no words stand in the sources themselves", () => {
    for (const source of sources) expect(source.replace(/\/\/.*|LETTERS.*/g, "")).not.toMatch(/[а-яё]/i);
  });

  test("parameters are put in as they are", () => {
    setTexts(file("ru"));
    expect(t(KEYS.indexOf("operator.joined") as never, { name: "$& <b>" })).toBe("К диалогу подключился оператор $& <b>");
  });

  test("dates follow the glossary", () => {
    setTexts(file("ru"));
    expect(day("2026-11-22T12:05:00")).toBe("22.11.2026");
    expect(time("2026-11-22T14:05:00")).toBe("14:05");
    setTexts(file("en"));
    expect(day("2026-11-22T12:05:00")).toBe("22 Nov 2026");
    expect(time("2026-11-22T14:05:00")).toBe("14:05");
  });
});
