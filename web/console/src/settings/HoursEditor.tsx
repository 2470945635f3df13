import { useEffect, useId, useState } from 'react'
import type { Hours, HoursInterval } from '../../../shared/api.gen.ts'
import { type Reader, useText } from '../text/text.tsx'
import { shortDate } from '../text/format.ts'
import { useNow } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { Newer, Toggle, Wrong } from './fields.tsx'
import { useFormContext } from './form.ts'
import { addDays, copyToWeekdays, DAY, FIRST_WEEK, hoursProblems, isWeek, nextInterval, openState, parseTime, segments, type Wall, wallClock, weekdayOf, write } from './hours.ts'

const DAYS = [1, 2, 3, 4, 5, 6, 7] as const
const MARKS = [0, 4, 8, 12, 16, 20, 24]

/** Errors of a timetable as texts, for the check of a form. */
export function hoursErrors(r: Reader, hours: Hours): Record<string, string> {
  return Object.fromEntries(Object.entries(hoursProblems(hours)).map(([field, p]) => [field, r.t(`set.hours.${p}`)]))
}

/** Working hours of a widget, a department or an operator (D-22): the whole week at a glance, one day in figures below. */
export function HoursEditor({ name, label, zone, hint }: { name: string; label: string; zone: string; hint?: string }) {
  const r = useText()
  const form = useFormContext()
  const hours = form.value[name] as Hours
  const id = useId()
  const now = wallClock(zone, useNow(60_000))
  const [day, setDay] = useState(now.weekday)
  const change = (next: Hours) => form.set({ [name]: next })
  const wrongDay = DAYS.findIndex((_, i) => form.errors[`${name}.week.${i}`])
  useEffect(() => {
    if (wrongDay >= 0) setDay(wrongDay)
  }, [wrongDay])

  return (
    <fieldset className="fr hours">
      <legend className="flab">{label}</legend>
      <div className="flex hours-head">
        <Toggle
          on={hours.always}
          label={r.t('set.hours.always')}
          onChange={(always) => change({ ...hours, always, week: always || isWeek(hours) ? hours.week : FIRST_WEEK })}
        />
        <span className="sp" />
        {hours.always ? null : (
          <button type="button" className="b gh sm" onClick={() => change(copyToWeekdays(hours))}>
            <Icon name="copy" size={14} />
            {r.t('set.hours.copy')}
          </button>
        )}
      </div>
      <Newer name={name} />
      <Wrong text={form.errors[name]} />
      {hours.always ? null : (
        <>
          <div className="week">
            <div className="wk scale t12 mut" aria-hidden="true">
              <span />
              <span>
                {MARKS.map((m) => (
                  <span key={m}>{m}</span>
                ))}
              </span>
              <span />
            </div>
            <div role="radiogroup" aria-label={r.t('set.hours.day')}>
              {DAYS.map((n, i) => (
                <Row key={n} name={id} hours={hours} day={i} chosen={i === day} wrong={!!form.errors[`${name}.week.${i}`]} onChoose={() => setDay(i)} />
              ))}
            </div>
            <Intervals
              what={r.t(`set.day.${DAYS[day]!}`)}
              value={hours.week[day]!}
              error={form.errors[`${name}.week.${day}`]}
              onChange={(list) => change({ ...hours, week: hours.week.map((d, i) => (i === day ? list : d)) })}
            />
          </div>
          <Exceptions name={name} hours={hours} change={change} today={now.date} />
        </>
      )}
      <p className="hlp">
        {hours.always ? null : `${r.t('set.hours.hint')}. `}
        {`${r.t('set.timezone')}: ${zone}. `}
        <b className={openState(hours, now).open ? 'open' : 'closed'}>{stateText(r, hours, now)}</b>
        {hint ? `. ${hint}` : null}
      </p>
    </fieldset>
  )
}

function Row(props: { name: string; hours: Hours; day: number; chosen: boolean; wrong: boolean; onChoose: () => void }) {
  const { t } = useText()
  const { hours, day, chosen } = props
  const own = hours.week[day]!
  return (
    <label className={`wk wday${chosen ? ' on' : ''}${own.length ? '' : ' mut'}`}>
      <input type="radio" className="vh" name={props.name} checked={chosen} onChange={props.onChoose} />
      <span className="d">{t(`day.${DAYS[day]!}`)}</span>
      <span className="bar" aria-hidden="true">
        {segments(hours.week, day).map((s, i) => (
          <i key={i} className={s.spill ? 'spill' : undefined} style={{ left: `${(s.from / DAY) * 100}%`, width: `${((s.to - s.from) / DAY) * 100}%` }} />
        ))}
      </span>
      <span className="t12">
        {props.wrong ? <Icon name="warn" size={14} /> : null}
        {own.length ? own.map((x) => `${x.from}–${x.to}`).join(', ') : t('set.hours.dayOff')}
      </span>
    </label>
  )
}

/** The intervals of one day as figures. What is typed is put into shape when the field is left. */
function Intervals({ what, value, error, onChange }: { what: string; value: HoursInterval[]; error?: string; onChange: (list: HoursInterval[]) => void }) {
  const { t } = useText()
  const id = useId()
  const put = (at: number, patch: Partial<HoursInterval>) => onChange(value.map((x, i) => (i === at ? { ...x, ...patch } : x)))
  const field = (at: number, end: boolean) => {
    const key = end ? 'to' : 'from'
    const text = value[at]![key]
    const bad = parseTime(text, end) === undefined
    return (
      <input
        className="in time"
        aria-label={`${what}: ${t(end ? 'set.hours.to' : 'set.hours.from')}${value.length > 1 ? ` ${at + 1}` : ''}`}
        aria-invalid={bad || !!error ? true : undefined}
        aria-describedby={error ? id : undefined}
        inputMode="numeric"
        maxLength={5}
        value={text}
        onChange={(e) => put(at, { [key]: e.target.value })}
        onBlur={() => put(at, { [key]: parseTime(text, end) ?? text })}
        onKeyDown={(e) => {
          // Quarter hours by the arrows.
          const step = e.key === 'ArrowUp' ? 15 : e.key === 'ArrowDown' ? -15 : 0
          const time = parseTime(text, end)
          if (!step || !time) return
          e.preventDefault()
          const m = Number(time.slice(0, 2)) * 60 + Number(time.slice(3)) + step
          put(at, { [key]: write(Math.min(Math.max(m, end ? 15 : 0), end ? DAY : DAY - 15)) })
        }}
      />
    )
  }
  return (
    <div className="ivs">
      <div className="flex ivs-row t13">
        <span className="semi ivs-day">{what}</span>
        {value.map((_, i) => (
          <span className="flex g4 iv" key={i}>
            {field(i, false)}—{field(i, true)}
            <button type="button" className="b gh sm ic" aria-label={`${t('set.hours.remove')}: ${what} ${value[i]!.from}–${value[i]!.to}`} onClick={() => onChange(value.filter((_, k) => k !== i))}>
              <Icon name="x" size={14} />
            </button>
          </span>
        ))}
        {value.length ? null : <span className="mut">{t('set.hours.dayOff')}</span>}
        {value.length < 10 ? (
          <button type="button" className="b gh sm" aria-label={`${t('set.hours.add')}: ${what}`} onClick={() => onChange([...value, nextInterval(value)])}>
            <Icon name="plus" size={14} />
            {t('set.hours.interval')}
          </button>
        ) : null}
      </div>
      <Wrong id={id} text={error} />
    </div>
  )
}

function Exceptions({ name, hours, change, today }: { name: string; hours: Hours; change: (h: Hours) => void; today: string }) {
  const r = useText()
  const form = useFormContext()
  const list = hours.exceptions
  const put = (at: number, patch: Partial<Hours['exceptions'][number]>) => change({ ...hours, exceptions: list.map((e, i) => (i === at ? { ...e, ...patch } : e)) })
  const add = () => {
    let date = addDays(today, 1)
    while (list.some((e) => e.date === date)) date = addDays(date, 1)
    change({ ...hours, exceptions: [...list, { date, intervals: [] }] })
  }
  return (
    <div className="exceptions">
      <div className="flex g8">
        <span className="t13 med">{r.t('set.hours.exceptions')}</span>
        <span className="sp" />
        <button type="button" className="b gh sm" onClick={add}>
          <Icon name="plus" size={14} />
          {r.t('set.hours.addDate')}
        </button>
      </div>
      {list.map((e, i) => (
        <div className="exception" key={i}>
          <input
            type="date"
            className="in date"
            aria-label={r.t('set.hours.exceptionDate')}
            aria-invalid={form.errors[`${name}.exceptions.${i}`] ? true : undefined}
            value={e.date}
            onChange={(ev) => put(i, { date: ev.target.value })}
          />
          <Intervals what={e.date ? `${shortDate(r.locale, `${e.date}T12:00:00`)}, ${r.t(`day.${DAYS[weekdayOf(e.date)]!}`)}` : '—'} value={e.intervals} error={form.errors[`${name}.exceptions.${i}`]} onChange={(intervals) => put(i, { intervals })} />
          <button type="button" className="b gh sm ic" aria-label={`${r.t('set.hours.removeDate')}: ${e.date}`} onClick={() => change({ ...hours, exceptions: list.filter((_, k) => k !== i) })}>
            <Icon name="trash" size={14} />
          </button>
        </div>
      ))}
    </div>
  )
}

/** «20:00», «завтра в 10:00», «Пн 10:00», «31.12.2026 10:00». */
function when(r: Reader, now: Wall, change: { days: number; minute: number }): string {
  const time = write(change.minute)
  if (change.days === 0) return time
  if (change.days === 1) return r.t('set.hours.tomorrow', { t: time })
  const date = addDays(now.date, change.days)
  return change.days < 7 ? `${r.t(`day.${DAYS[weekdayOf(date)]!}`)} ${time}` : `${shortDate(r.locale, `${date}T12:00:00`)} ${time}`
}

/** Open or closed now, until when, and for how long. */
export function stateText(r: Reader, hours: Hours, now: Wall): string {
  const { open, changes } = openState(hours, now)
  if (!changes) return r.t(open ? 'set.hours.nowAlways' : 'set.hours.nowNever')
  const left = changes.days * DAY + changes.minute - now.minute
  const h = Math.floor(left / 60)
  const span = [h ? r.t('ago.hours', { n: h }) : '', left % 60 ? r.t('ago.minutes', { n: left % 60 }) : ''].filter(Boolean).join(' ')
  return r.t(open ? 'set.hours.nowOpen' : 'set.hours.nowClosed', { t: when(r, now, changes), span: left < DAY ? ` (${span})` : '' })
}

/** The same in two words, for a row of a list. */
export function stateShort(r: Reader, hours: Hours, now: Wall): { open: boolean; text: string } {
  const { open, changes } = openState(hours, now)
  if (!changes) return { open, text: r.t(open ? 'set.hours.rowAlways' : 'set.hours.rowNever') }
  return { open, text: r.t(open ? 'set.hours.rowOpen' : 'set.hours.rowClosed', { t: when(r, now, changes) }) }
}
