import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { Me } from '../../../shared/api.gen.ts'
import type { TextKey } from '../../../shared/i18n.ts'
import { go } from '../app/route.ts'
import { shortDate } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { swatchClass } from '../ui/labels.ts'
import { Icon } from '../ui/marks.tsx'
import { PickList } from '../ui/PickList.tsx'
import { PopButton } from '../ui/PopButton.tsx'
import { DateFilter } from './DateFilter.tsx'
import { acrossProjects, dayStart, type FilterName, type Filters, useLogNames } from './useLog.ts'

interface Choice {
  id: string
  name: string
  color?: number
}

/**
 * Date, operator, tag, label, department and the client (D-63). Nothing chosen filters nothing.
 * `found`: how many there are, once all are read.
 */
export function LogFilters(props: { me: Me; projectId: string; filters: Filters; onChange: (filters: Filters) => void; found?: number }) {
  const r = useText()
  const { me, projectId, filters, onChange, found } = props
  const names = useLogNames(projectId).data
  const set = (change: Filters) => onChange({ ...filters, ...change })
  const days = [filters.from, filters.to].map((d) => d && dayStart(d))
  const period = days.some(Boolean) ? days.map((d) => (d ? shortDate(r.locale, d) : '…')).join(' — ') : undefined
  const labels = names?.labels.map((l) => ({ id: l.id, name: l.text, color: l.color }))
  const lists: [FilterName, TextKey, Choice[] | undefined][] = [
    ['operator', 'who.operator', names?.operators],
    ['tag', 'log.tag', names?.tags],
    ['label', 'label.one', labels],
    ['department', 'dept.one', names?.departments],
  ]
  return (
    <div className="log-bar" role="search" aria-label={r.t('log.filters')}>
      <ProjectPick me={me} projectId={projectId} filters={filters} />
      <TextFilter value={filters.q ?? ''} onChange={(q) => set({ q })} />
      <Filter name={r.t('log.dates')} value={period} onClear={() => set({ from: undefined, to: undefined })} popClass="date-pop">
        {(close) => <DateFilter filters={filters} onChange={set} onDone={close} />}
      </Filter>
      {lists.map(([name, title, all]) => (
        <Filter key={name} name={r.t(title)} value={filters[name] && (all?.find((c) => c.id === filters[name])?.name ?? '…')} onClear={() => set({ [name]: undefined })} popClass="filter-pop">
          {(close) => (
            <PickList
              label={r.t(title)}
              placeholder={r.t(title)}
              empty={r.t(names ? 'search.none' : 'win.more')}
              groups={[{ id: name, items: (all ?? []).map((c) => ({ id: c.id, text: c.name, selected: c.id === filters[name], view: <ChoiceLine choice={c} on={c.id === filters[name]} /> })) }]}
              onPick={(item) => {
                set({ [name]: item.id })
                close()
              }}
            />
          )}
        </Filter>
      ))}
      <span className="sp" />
      <span className="t13 sec" role="status">
        {found === undefined ? null : r.plural('sessions', found)}
      </span>
    </div>
  )
}

function ChoiceLine({ choice, on }: { choice: Choice; on: boolean }) {
  return (
    <>
      <span className="mi-check">{on ? <Icon name="check" /> : null}</span>
      {choice.color === undefined ? null : <i className={swatchClass(choice.color)} aria-hidden="true" />}
      <span className="sp ell" title={choice.name}>
        {choice.name}
      </span>
    </>
  )
}

/** A filter that is set says to what, and has a cross. */
function Filter(props: { name: string; value?: string; onClear: () => void; popClass: string; children: (close: () => void) => ReactNode }) {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  const box = useRef<HTMLSpanElement>(null)
  const { name, value } = props
  return (
    <span className={value ? 'filter on' : 'filter'} ref={box}>
      <PopButton
        className="b sm"
        align="start"
        open={open}
        onOpenChange={setOpen}
        popClass={props.popClass}
        popLabel={name}
        layer={props.children(() => setOpen(false))}
      >
        <span>
          {name}
          {value ? (
            <>
              : <b>{value}</b>
            </>
          ) : null}
        </span>
        {value ? null : <Icon name="down" size={12} />}
      </PopButton>
      {value ? (
        <button
          className="filter-x"
          aria-label={t('log.remove', { name })}
          title={t('log.remove', { name })}
          onClick={() => {
            box.current?.querySelector<HTMLElement>('.b')?.focus()
            props.onClear()
          }}
        >
          <Icon name="x" size={12} />
        </button>
      ) : null}
    </span>
  )
}

/** The client: name, number, phone or e-mail, or a part of it; asked for after a pause. */
function TextFilter({ value, onChange }: { value: string; onChange: (q: string) => void }) {
  const { t } = useText()
  const [text, setText] = useState(value)
  const asked = useRef(value)
  useEffect(() => {
    if (value !== asked.current) setText((asked.current = value)) // the address changed by itself
  }, [value])
  useEffect(() => {
    const wanted = text.trim()
    if (wanted === asked.current) return
    const timer = setTimeout(() => onChange((asked.current = wanted)), 300)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <div className="fld log-find">
      <Icon name="search" />
      <input className="in" dir="auto" value={text} maxLength={200} placeholder={t('log.find')} aria-label={t('log.find')} autoComplete="off" onChange={(e) => setText(e.target.value)} />
    </div>
  )
}

/** Whose log: also of projects where one only reads, and of those whose widget is off (D-02, D-03). */
function ProjectPick({ me, projectId, filters }: { me: Me; projectId: string; filters: Filters }) {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  const projects = logProjects(me)
  const project = projects.find((p) => p.id === projectId)
  if (projects.length < 2) return <span className="semi ell log-project" title={project?.name}>{project?.name}</span>
  return (
    <PopButton className="b sm" align="start" aria-label={`${t('project.select')}: ${project?.name}`} open={open} onOpenChange={setOpen} popClass="filter-pop" popLabel={t('project.select')}
      layer={
        <PickList
          label={t('project.search')}
          placeholder={t('project.search')}
          empty={t('search.none')}
          groups={[{ id: 'all', items: projects.map((p) => ({ id: p.id, text: p.name, selected: p.id === projectId, view: <ChoiceLine choice={p} on={p.id === projectId} /> })) }]}
          onPick={(item) => {
            setOpen(false)
            go({ area: 'log', project: item.id, filters: acrossProjects(filters) })
          }}
        />
      }
    >
      <span className="ell" title={project?.name}>
        {project?.name}
      </span>
      <Icon name="down" size={12} />
    </PopButton>
  )
}

export function logProjects(me: Me): { id: string; name: string }[] {
  return me.log_projects ?? me.projects
}
