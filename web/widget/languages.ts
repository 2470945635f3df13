import { readFileSync } from "node:fs";
import { KEYS, type Lang, LETTERS } from "./src/keys.ts";

// The file of one language: the texts of keys.ts in their order, a line each, then the language, one byte per letter (see LETTERS). Half of
// what a Cyrillic text weighs in UTF-8, gzip or not.
export const textsFile = (lang: Lang) => `${import.meta.dirname}/../../texts/${lang}.json`;

export function languageFile(lang: Lang): Uint8Array {
  const all = JSON.parse(readFileSync(textsFile(lang), "utf8")) as Record<string, string>;
  const text = [...KEYS.map((key) => all[key] || lacks(`${lang}: ${key}`)), lang].join("\n");
  return Uint8Array.from(text, (letter) => BYTES.get(letter) ?? lacks(letter));
}

const BYTES = new Map([...new TextDecoder("windows-1251").decode(Uint8Array.from({ length: 256 }, (_, byte) => byte))].map((letter, byte) => [letter, byte]));
[..."ђѓєѕіїјљњћ"].forEach((place, i) => BYTES.set(LETTERS[i]!, BYTES.get(place)!));

function lacks(what: string): never {
  throw new Error(`languages: no ${what}`);
}
