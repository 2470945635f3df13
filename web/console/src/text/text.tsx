import { createContext, use, useEffect, useState, type ReactNode } from 'react'
import { fill, isLocale, type Locale, type Params, pluralForm, type TextKey, type Texts } from '../../../shared/i18n.ts'

export interface Reader {
  locale: Locale
  texts: Texts
  setLocale: (locale: Locale) => void
  t: (key: TextKey, params?: Params) => string
  /** A count with its noun: `plural('messages', 3)`. */
  plural: (noun: 'messages' | 'sessions', n: number) => string
}

const LOCALE_KEY = 'otklik.locale'

// Only the chosen language is loaded.
const loaders: Record<Locale, () => Promise<{ default: Texts }>> = {
  ru: () => import('../../../../texts/ru.json'),
  en: () => import('../../../../texts/en.json'),
  kk: () => import('../../../../texts/kk.json'),
}

export function hasSavedLocale(): boolean {
  return isLocale(localStorage.getItem(LOCALE_KEY))
}

export function savedLocale(): Locale {
  const saved = localStorage.getItem(LOCALE_KEY)
  if (isLocale(saved)) return saved
  const wanted = navigator.languages.map((l) => l.slice(0, 2)).find(isLocale)
  return wanted ?? 'ru'
}

export async function loadTexts(locale: Locale): Promise<Texts> {
  return (await loaders[locale]()).default
}

export function makeReader(locale: Locale, texts: Texts, setLocale: (locale: Locale) => void): Reader {
  const t = (key: TextKey, params?: Params) => fill(texts[key] ?? key, params)
  return { locale, texts, setLocale, t, plural: (noun, n) => t(`plural.${noun}.${pluralForm(locale, n)}`, { n }) }
}

export const ReaderContext = createContext<Reader | null>(null)

export function TextProvider(props: { locale: Locale; texts: Texts; children: ReactNode }) {
  const [state, setState] = useState({ locale: props.locale, texts: props.texts })
  const setLocale = (locale: Locale) => {
    localStorage.setItem(LOCALE_KEY, locale)
    void loadTexts(locale).then((texts) => setState({ locale, texts }))
  }
  useEffect(() => {
    document.documentElement.lang = state.locale
  }, [state.locale])
  return <ReaderContext value={makeReader(state.locale, state.texts, setLocale)}>{props.children}</ReaderContext>
}

export function useText(): Reader {
  const reader = use(ReaderContext)
  if (!reader) throw new Error('no texts above')
  return reader
}
