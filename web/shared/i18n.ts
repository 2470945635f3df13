// Texts of both front ends: keys and params in, a sentence in the reader's language out (D-56).
import type settings from '../../texts/settings/ru.json'
import type ru from '../../texts/ru.json'

export const LOCALES = ['ru', 'en', 'kk'] as const
export type Locale = (typeof LOCALES)[number]
/** The words of the settings come with their screens. */
export type Texts = typeof ru & Partial<typeof settings>
export type TextKey = keyof Texts
export type Params = Record<string, string | number>

/** What the reader sees on the switch: the page says KZ where the locale code is kk. */
export const LOCALE_NAMES: Record<Locale, string> = { ru: 'RU', en: 'EN', kk: 'KZ' }

export function isLocale(x: unknown): x is Locale {
  return LOCALES.includes(x as Locale)
}

/** Puts params into the braces of a text. A missing param stays visible as its name, so that it is noticed. */
export function fill(text: string, params?: Params): string {
  return params ? text.replace(/\{(\w+)\}/g, (all, name: string) => (name in params ? String(params[name]) : all)) : text
}

export type PluralForm = 'one' | 'few' | 'many' | 'other'

const rules = new Map<Locale, Intl.PluralRules>()

export function pluralForm(locale: Locale, n: number): PluralForm {
  let r = rules.get(locale)
  if (!r) rules.set(locale, (r = new Intl.PluralRules(locale)))
  const form = r.select(n)
  return form === 'one' || form === 'few' || form === 'many' ? form : 'other'
}
