import { type Key, type Lang, LETTERS } from "./keys";

let texts: string[];
export let lang: Lang;

export function setTexts(code: Lang, file: ArrayBuffer) {
  lang = code;
  texts = new TextDecoder("windows-1251").decode(file).replace(/[ђ-ћ]/g, (c) => LETTERS[c.charCodeAt(0) - 0x452]!).split("\n");
}

export const t = (key: Key, params?: Record<string, string>) => texts[key as unknown as number]!.replace(/\{(\w+)\}/g, (_, name) => params?.[name] ?? "");

// Marks a key that is not shown on the spot, see keys.ts.
export const k = (key: Key) => key;

// The language is the widget's setting; "page" means that of the host page, else Russian (D-56).
export function chooseLanguage(setting: string, page: string, override?: string): Lang {
  const code = override || (setting === "page" ? page : setting);
  return /^en/i.test(code) ? "en" : /^k[kz]/i.test(code) ? "kk" : "ru";
}

export const time = (at: string) => new Date(at).toLocaleTimeString("ru", { timeStyle: "short" });

// 22.11.2026, in English 22 Nov 2026 (glossary, section 6).
export const day = (at: string | number) =>
  new Date(at).toLocaleDateString(lang === "en" ? "en-GB" : "ru", { dateStyle: lang === "en" ? "medium" : "short" });
