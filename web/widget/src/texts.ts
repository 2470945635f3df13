import { type Key, LETTERS } from "./keys";

let texts: string[];
export let lang: string;

export function setTexts(file: ArrayBuffer) {
  texts = new TextDecoder("windows-1251").decode(file).replace(/[ђ-ћ]/g, (c) => LETTERS[c.charCodeAt(0) - 0x452]!).split("\n");
  lang = texts.pop()!;
}

export const t = (key: Key, params?: Record<string, string>) => texts[key as unknown as number]!.replace(/\{(\w+)\}/g, (_, name) => params?.[name] ?? "");

// Marks a key that is not shown on the spot, see keys.ts.
export const k = (key: Key) => key;

export const time = (at: string) => new Date(at).toTimeString().slice(0, 5);

// 22.11.2026, in English 22 Nov 2026 (glossary, section 6).
export const day = (at: string | number) =>
  new Date(at).toLocaleDateString(lang === "en" ? "en-GB" : "ru", { dateStyle: lang === "en" ? "medium" : "short" });
