import { describe, expect, it } from 'vitest'
import type { Hours } from '../../../shared/api.gen.ts'
import { copyToWeekdays, dayProblem, hoursProblems, nextInterval, openState, parseTime, segments, type Wall, wallClock, weekdayOf } from './hours.ts'

const hours = (week: Hours['week'], exceptions: Hours['exceptions'] = []): Hours => ({ always: false, week, exceptions })
const empty: Hours['week'] = [[], [], [], [], [], [], []]
const office: Hours['week'] = [0, 1, 2, 3, 4].map(() => [{ from: '09:00', to: '18:00' }] as Hours['week'][number]).concat([[], []])
const monday = (time: string): Wall => ({ date: '2026-11-23', weekday: 0, minute: Number(time.slice(0, 2)) * 60 + Number(time.slice(3)) })

describe('what is typed (D-22)', () => {
  it('becomes a time of a day, or is none', () => {
    expect(['9', '09', '9:5', '930', '0930', '9.30', ' 9:30 ', '23:59'].map((t) => parseTime(t))).toEqual(['09:00', '09:00', undefined, '09:30', '09:30', '09:30', '09:30', '23:59'])
    expect(['24', '24:00', '25', '9:60', '', 'утро', '24:01', '12345'].map((t) => parseTime(t))).toEqual(Array(8).fill(undefined))
  })
  it('may end at 24:00, and an end at midnight is the end of the day', () => {
    expect(['24', '24:00', '0', '00:00', '24:01'].map((t) => parseTime(t, true))).toEqual(['24:00', '24:00', '24:00', '24:00', undefined])
  })
})

describe('a day', () => {
  it('is refused by the rule of the server: in order, apart, only the last past midnight (D-22)', () => {
    expect(dayProblem([])).toBeUndefined()
    expect(dayProblem([{ from: '14:00', to: '20:00' }, { from: '09:00', to: '14:00' }])).toBeUndefined()
    expect(dayProblem([{ from: '09:00', to: '14:01' }, { from: '14:00', to: '20:00' }])).toEqual({ at: 1, problem: 'overlap' })
    expect(dayProblem([{ from: '09:00', to: '13:00' }, { from: '22:00', to: '06:00' }])).toBeUndefined()
    expect(dayProblem([{ from: '08:00', to: '06:00' }, { from: '22:00', to: '23:00' }])?.problem).toBe('overlap')
    expect(dayProblem([{ from: '9', to: '18:00' }])).toEqual({ at: 0, problem: 'format' })
  })
  it('names its place as the server does; a date twice and a date that is none are wrong', () => {
    const week = empty.map((d, i) => (i === 2 ? [{ from: '25:00', to: '26:00' }] : d))
    const x = { date: '2026-12-31', intervals: [] }
    expect(hoursProblems(hours(week, [x, x, { date: '', intervals: [] }]))).toEqual({ 'hours.week.2': 'format', 'hours.exceptions.1': 'twice', 'hours.exceptions.2': 'undated' })
    expect(hoursProblems({ ...hours(week), always: true })).toEqual({})
  })
  it('is drawn with what runs into it past midnight', () => {
    const week = empty.map((d, i) => (i === 6 ? [{ from: '22:00', to: '06:00' }] : d))
    expect(segments(week, 6)).toEqual([{ from: 1320, to: 1440 }])
    expect(segments(week, 0)).toEqual([{ from: 0, to: 360, spill: true }])
  })
  it('is copied from Monday to Friday, and only there', () => {
    const copied = copyToWeekdays(hours([[{ from: '08:00', to: '12:00' }], ...empty.slice(1, 6), [{ from: '10:00', to: '11:00' }]]))
    expect(copied.week.slice(0, 5)).toEqual(Array(5).fill([{ from: '08:00', to: '12:00' }]))
    expect(copied.week[6]).toEqual([{ from: '10:00', to: '11:00' }])
    copied.week[0]![0]!.from = '07:00'
    expect(copied.week[1]![0]!.from).toBe('08:00') // each day its own
  })
  it('offers a next interval that does not overlap', () => {
    for (const day of [[], [{ from: '09:00', to: '13:00' }], [{ from: '09:00', to: '18:00' }]]) expect(dayProblem([...day, nextInterval(day)])).toBeUndefined()
  })
})

describe('open or closed, and until when (D-22)', () => {
  it('is half-open: closed at the very end', () => {
    expect(openState(hours(office), monday('17:59'))).toEqual({ open: true, changes: { days: 0, minute: 1080 } })
    expect(openState(hours(office), monday('18:00'))).toEqual({ open: false, changes: { days: 1, minute: 540 } })
    expect(openState(hours(office), { ...monday('18:00'), date: '2026-11-27', weekday: 4 })).toEqual({ open: false, changes: { days: 3, minute: 540 } })
  })
  it('goes on past midnight and over intervals that touch', () => {
    const night = empty.map((d, i) => (i === 6 ? [{ from: '22:00', to: '06:00' }] : i === 0 ? [{ from: '06:00', to: '12:00' }] : d))
    expect(openState(hours(night), monday('01:00'))).toEqual({ open: true, changes: { days: 0, minute: 720 } })
  })
  it('follows exceptions: a day off, other hours', () => {
    expect(openState(hours(office, [{ date: '2026-11-23', intervals: [] }]), monday('10:00'))).toEqual({ open: false, changes: { days: 1, minute: 540 } })
    expect(openState(hours(office, [{ date: '2026-11-23', intervals: [{ from: '20:00', to: '24:00' }] }]), monday('21:00'))).toEqual({ open: true, changes: { days: 0, minute: 1440 } })
  })
  it('never changes round the clock, all week, or without any hours', () => {
    expect(openState({ ...hours(empty), always: true }, monday('10:00'))).toEqual({ open: true })
    expect(openState(hours(Array.from({ length: 7 }, () => [{ from: '00:00', to: '24:00' }])), monday('10:00'))).toEqual({ open: true, changes: undefined })
    expect(openState(hours(empty), monday('10:00'))).toEqual({ open: false })
  })
  it('runs by the clock of the project: Kazakhstan is UTC+5', () => {
    expect(wallClock('Asia/Almaty', Date.parse('2026-11-22T19:30:00Z'))).toEqual({ date: '2026-11-23', weekday: 0, minute: 30 })
    expect(wallClock('Europe/Moscow', Date.parse('2026-11-22T19:30:00Z'))).toEqual({ date: '2026-11-22', weekday: 6, minute: 1350 })
    expect(weekdayOf('2026-11-22')).toBe(6)
  })
})
