// The arithmetic of working hours as the editor needs it (D-22). The server decides; this only shows and checks what is typed.
import type { Hours, HoursInterval } from '../../../shared/api.gen.ts'

export const DAY = 1440

export interface Wall {
  /** 2026-11-22 */
  date: string
  /** 0 is Monday */
  weekday: number
  minute: number
}

/** «9», «930», «9.30» and «9:30» are all understood; undefined when it is no time of a day. Only an end may be 24:00. */
export function parseTime(text: string, end = false): string | undefined {
  const m = /^\s*(\d{1,2})(?:[:.\-\s]?(\d{2}))?\s*$/.exec(text)
  if (!m) return undefined
  const hour = Number(m[1])
  const minute = Number(m[2] ?? 0)
  const all = hour * 60 + minute
  if (minute > 59 || all > DAY || (all === DAY && !end)) return undefined
  return write(all === 0 && end ? DAY : all)
}

export function write(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

export function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

export type Problem = 'format' | 'overlap'

/** What is wrong with the intervals of one day, by the rule of the server: in order, apart, and only the last past midnight. */
export function dayProblem(day: readonly HoursInterval[]): { at: number; problem: Problem } | undefined {
  const bad = day.findIndex((x) => parseTime(x.from) !== x.from || parseTime(x.to, true) !== x.to)
  if (bad >= 0) return { at: bad, problem: 'format' }
  const sorted = day.map((x, at) => ({ at, from: minutes(x.from), to: minutes(x.to) })).sort((a, b) => a.from - b.from)
  let end = 0
  for (const [i, x] of sorted.entries()) {
    if (x.from < end || (x.to <= x.from && i < sorted.length - 1)) return { at: x.at, problem: 'overlap' }
    end = x.to
  }
  return undefined
}

/** Fields that are wrong, named as the server names them: hours.week.0, hours.exceptions.2. */
export function hoursProblems(hours: Hours): Record<string, Problem | 'undated' | 'twice'> {
  const out: Record<string, Problem | 'undated' | 'twice'> = {}
  if (hours.always) return out
  hours.week.forEach((day, i) => {
    const p = dayProblem(day)
    if (p) out[`hours.week.${i}`] = p.problem
  })
  const seen = new Set<string>()
  hours.exceptions.forEach((e, i) => {
    const p = dayProblem(e.intervals)
    if (!/^\d{4}-\d{2}-\d{2}$/.test(e.date)) out[`hours.exceptions.${i}`] = 'undated'
    else if (seen.has(e.date)) out[`hours.exceptions.${i}`] = 'twice'
    else if (p) out[`hours.exceptions.${i}`] = p.problem
    seen.add(e.date)
  })
  return out
}

export interface Segment {
  from: number
  to: number
  /** The rest of an interval that began the day before. */
  spill?: boolean
}

/** Bars of one day of the week: what begins on it, and what runs into it past midnight. */
export function segments(week: readonly (readonly HoursInterval[])[], day: number): Segment[] {
  const ok = (x: HoursInterval) => parseTime(x.from) === x.from && parseTime(x.to, true) === x.to
  const out: Segment[] = []
  for (const x of (week[(day + 6) % 7] ?? []).filter(ok)) if (minutes(x.to) <= minutes(x.from)) out.push({ from: 0, to: minutes(x.to), spill: true })
  for (const x of (week[day] ?? []).filter(ok)) {
    const to = minutes(x.to)
    out.push({ from: minutes(x.from), to: to <= minutes(x.from) ? DAY : to })
  }
  return out
}

export function copyToWeekdays(hours: Hours): Hours {
  const monday = hours.week[0] ?? []
  return { ...hours, week: hours.week.map((day, i) => (i < 5 ? monday.map((x) => ({ ...x })) : day)) }
}

/** What one would add after the intervals that are there. */
export function nextInterval(day: readonly HoursInterval[]): HoursInterval {
  const last = Math.max(0, ...day.map((x) => minutes(parseTime(x.to, true) ?? '00:00')))
  if (!day.length || last + 60 > DAY - 60) return { from: '09:00', to: '18:00' }
  return { from: write(last + 60), to: write(Math.min(last + 240, DAY)) }
}

export function isWeek(hours: Hours): boolean {
  return hours.week.some((day) => day.length > 0)
}

/** Office hours, for a schedule that is begun. */
export const FIRST_WEEK: Hours['week'] = Array.from({ length: 7 }, (_, i) => (i < 5 ? [{ from: '09:00', to: '18:00' }] : []))

const formats = new Map<string, Intl.DateTimeFormat>()

/** The wall clock in a zone. An unknown zone is UTC: the server refuses it anyway. */
export function wallClock(zone: string, at: number): Wall {
  let f = formats.get(zone)
  if (!f) {
    const options: Intl.DateTimeFormatOptions = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
    try {
      f = new Intl.DateTimeFormat('en-CA', { ...options, timeZone: zone })
    } catch {
      f = new Intl.DateTimeFormat('en-CA', { ...options, timeZone: 'UTC' })
    }
    formats.set(zone, f)
  }
  const part = Object.fromEntries(f.formatToParts(at).map((p) => [p.type, p.value]))
  const date = `${part.year}-${part.month}-${part.day}`
  return { date, weekday: weekdayOf(date), minute: Number(part.hour) * 60 + Number(part.minute) }
}

export function weekdayOf(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

export interface OpenState {
  open: boolean
  /** When that changes: a number of days from today and a minute of that day. Absent: never. */
  changes?: { days: number; minute: number }
}

const AHEAD = 400 // as far as the server looks

/** Open or closed at this moment by the hours as typed, and until when. */
export function openState(hours: Hours, now: Wall): OpenState {
  if (hours.always) return { open: true }
  const spans: { from: number; to: number }[] = []
  for (let d = -1; d <= AHEAD; d++) {
    const date = addDays(now.date, d)
    const day = hours.exceptions.find((e) => e.date === date)?.intervals ?? hours.week[weekdayOf(date)] ?? []
    if (dayProblem(day)) continue
    for (const x of day) {
      const from = minutes(x.from)
      const to = minutes(x.to)
      spans.push({ from: d * DAY + from, to: d * DAY + (to <= from ? to + DAY : to) })
    }
  }
  spans.sort((a, b) => a.from - b.from)
  let end: number | undefined
  for (const x of spans) {
    if (x.to <= now.minute) continue
    if (x.from <= (end ?? now.minute)) end = Math.max(end ?? 0, x.to)
    else if (end === undefined) return { open: false, changes: split(x.from) }
    else break
  }
  if (end === undefined) return { open: false }
  return { open: true, changes: end >= AHEAD * DAY ? undefined : split(end) }
}

/** 24:00 of a day is said as such, not as 00:00 of the next. */
function split(at: number): { days: number; minute: number } {
  const days = Math.floor(at / DAY)
  const minute = at % DAY
  return minute === 0 ? { days: days - 1, minute: DAY } : { days, minute }
}
