import { useEffect, useState } from 'react'
import { useText } from '../text/text.tsx'
import { useNow } from '../ui/hooks.ts'
import { dayOf, dayStart, type Filters } from './useLog.ts'

const PERIODS = [1, 7, 30] as const

/** Two days, each of them included; or one of the usual periods. */
export function DateFilter({ filters, onChange, onDone }: { filters: Filters; onChange: (change: Filters) => void; onDone: () => void }) {
  const { t } = useText()
  const today = new Date(useNow(60_000))
  const field = (name: 'from' | 'to', label: string) => (
    <label>
      {label}
      <DayField value={filters[name]} min={name === 'to' ? filters.from : undefined} max={name === 'from' ? filters.to : undefined} onChange={(day) => onChange({ [name]: day })} />
    </label>
  )
  return (
    <>
      <div className="date-quick">
        {PERIODS.map((n) => (
          <button
            key={n}
            className="b sm"
            onClick={() => {
              onChange({ from: dayOf(new Date(today.getFullYear(), today.getMonth(), today.getDate() - n + 1)), to: dayOf(today) })
              onDone()
            }}
          >
            {n === 1 ? t('log.today') : t('log.days', { n })}
          </button>
        ))}
      </div>
      <div className="date-fields">
        {field('from', t('log.from'))}
        {field('to', t('log.to'))}
      </div>
    </>
  )
}

/** A year that is being typed is 0002 at first: only a day that may be meant is asked for. */
function DayField({ value = '', onChange, min, max = '9999-12-31' }: { value?: string; min?: string; max?: string; onChange: (day: string | undefined) => void }) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  return (
    <input
      className="in"
      type="date"
      value={text}
      min={min}
      max={max}
      onChange={(e) => {
        const day = e.target.value
        setText(day)
        if (!day || dayStart(day)) onChange(day || undefined)
      }}
    />
  )
}
