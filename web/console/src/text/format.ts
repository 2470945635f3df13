import type { Locale } from '../../../shared/i18n.ts'
import { ago, splitDuration } from '../live/clock.ts'
import type { Reader } from './text.tsx'

// British English: day before month and a 24-hour clock, as in the other two languages.
const TAGS: Record<Locale, string> = { ru: 'ru-RU', en: 'en-GB', kk: 'kk-KZ' }

const cache = new Map<string, Intl.DateTimeFormat>()

function formatter(locale: Locale, name: string, options: Intl.DateTimeFormatOptions) {
  const key = `${locale} ${name}`
  let f = cache.get(key)
  if (!f) cache.set(key, (f = new Intl.DateTimeFormat(TAGS[locale], options)))
  return f
}

type Time = string | number | Date

export function clockTime(locale: Locale, at: Time, seconds = false): string {
  const options: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
  if (seconds) options.second = '2-digit'
  return formatter(locale, seconds ? 'time-s' : 'time', options).format(new Date(at))
}

/** 18.11.2026, in English 18 Nov 2026. Browsers differ on numeric Kazakh dates, so figures are put together here. */
export function shortDate(locale: Locale, at: Time): string {
  const d = new Date(at)
  if (locale === 'en') return formatter(locale, 'date', { day: 'numeric', month: 'short', year: 'numeric' }).format(d)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(d.getDate())}.${two(d.getMonth() + 1)}.${d.getFullYear()}`
}

export function dateTime(locale: Locale, at: Time, seconds = false): string {
  return `${shortDate(locale, at)}${locale === 'en' ? ', ' : ' '}${clockTime(locale, at, seconds)}`
}

/** A heading of a day in the log: today, yesterday, else «18 ноября», with the year when it is another one. */
export function dayName(r: Reader, at: Time, now: number): string {
  const d = new Date(at)
  const today = new Date(now)
  if (sameDay(d, today)) return capital(r.t('ago.today'))
  if (sameDay(d, new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1))) return capital(r.t('ago.yesterday'))
  const year = d.getFullYear() === today.getFullYear() ? undefined : 'numeric'
  return formatter(r.locale, year ? 'day-y' : 'day', { day: 'numeric', month: 'long', year }).format(d)
}

export function sameDay(a: Date, b: Date): boolean {
  return a.getFullYear() === b.getFullYear() && a.getMonth() === b.getMonth() && a.getDate() === b.getDate()
}

const capital = (s: string) => s.charAt(0).toUpperCase() + s.slice(1)

/** From here on a wait is said by its figure alone: «1 ч 20 мин» is long enough for a line. */
export const LONG_WAIT = 3_600_000

/** m:ss below an hour, «1 ч 20 мин» below a day, then days and hours. */
export function duration(r: Reader, ms: number): string {
  const d = splitDuration(ms)
  if ('text' in d) return d.text
  if ('days' in d) return `${r.t('ago.days', { n: d.days })} ${r.t('ago.hours', { n: d.hours })}`
  return d.minutes ? `${r.t('ago.hours', { n: d.hours })} ${r.t('ago.minutes', { n: d.minutes })}` : r.t('ago.hours', { n: d.hours })
}

/** Time since the last message of a row (D-17). */
export function elapsed(r: Reader, at: Time, now: number): string {
  const a = ago(now - new Date(at).getTime())
  switch (a.unit) {
    case 'now':
      return r.t('ago.now')
    case 'minutes':
      return r.t('ago.minutes', { n: a.n })
    case 'hours':
      return r.t('ago.hours', { n: a.n })
    case 'days':
      return r.t('ago.days', { n: a.n })
    case 'date':
      return shortDate(r.locale, at)
  }
}
