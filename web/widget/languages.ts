import { readFileSync } from "node:fs";
import { KEYS, type Lang, LETTERS } from "./src/keys.ts";

// The file of one language: the texts of keys.ts in their order, a line each, one byte per letter (see keys.ts). Half of
// what a Cyrillic text weighs in UTF-8, gzip or not.
export const textsFile = (lang: Lang) => `${import.meta.dirname}/../../texts/${lang}.json`;

export function languageFile(lang: Lang): Uint8Array {
  const all = JSON.parse(readFileSync(textsFile(lang), "utf8")) as Record<string, string>;
  return Uint8Array.from(KEYS.map((key) => all[key] || lacks(`${lang}: ${key}`)).join("\n"), (letter) => byte(letter) ?? lacks(letter));
}

function byte(letter: string) {
  const code = letter.charCodeAt(0);
  const other = LETTERS.indexOf(letter);
  if (code < 128) return code;
  if (other >= 0) return 208 + other;
  return code >= 0x410 && code < 0x460 ? code - 0x390 : undefined;
}

function lacks(what: string): never {
  throw new Error(`languages: no ${what}`);
}
