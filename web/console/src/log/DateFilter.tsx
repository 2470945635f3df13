import { useText } from '../text/text.tsx'
import { useNow } from '../ui/hooks.ts'
import { dayOf, type Filters } from './useLog.ts'

const PERIODS = [1, 7, 30] as const

/** Two days, each of them included; or one of the usual periods. */
export function DateFilter({ filters, onChange, onDone }: { filters: Filters; onChange: (change: Filters) => void; onDone: () => void }) {
  const { t } = useText()
  const today = new Date(useNow(60_000))
  const field = (name: 'from' | 'to', label: string) => (
    <label>
      {label}
      <input className="in" type="date" value={filters[name] ?? ''} min={name === 'to' ? filters.from : undefined} max={name === 'from' ? filters.to : undefined} onChange={(e) => onChange({ [name]: e.target.value || undefined })} />
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
