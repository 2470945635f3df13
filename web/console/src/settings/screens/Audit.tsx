import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useId, useState } from 'react'
import type { AuditRecord } from '../../../../shared/api.gen.ts'
import { call } from '../../api/client.ts'
import { go, pathOf } from '../../app/route.ts'
import { dateTime } from '../../text/format.ts'
import { useText } from '../../text/text.tsx'
import { ACTIONS, actionText, changesOf, detailsOf } from '../audit.ts'
import { PAGE, readAll, useAdminProjects, useList, usePlace } from '../data.ts'
import { Select } from '../fields.tsx'
import { Failed } from '../ListScreen.tsx'

const NOBODY = ''

interface Filters {
  from: string
  to: string
  operator: string
  action: string
  project: string
}

/** The day as the reader's clock has it. */
const startOf = (date: string) => (date ? new Date(`${date}T00:00:00`).toISOString() : undefined)
const endOf = (date: string) => {
  if (!date) return undefined
  const d = new Date(`${date}T00:00:00`)
  d.setDate(d.getDate() + 1)
  return d.toISOString()
}

/** «Журнал действий» (I-13): who did what, when, before and after; newest first. */
export default function Audit() {
  const r = useText()
  const { project } = usePlace()
  const [f, setF] = useState<Filters>({ from: '', to: '', operator: NOBODY, action: '', project: project.id })
  const projects = useAdminProjects(true).data?.projects ?? []
  const people = useQuery({ queryKey: ['settings', 'operators', 'all'], queryFn: () => readAll((cursor) => call('get', '/admin/operators', { query: { cursor, limit: 200 } })), staleTime: 0 })
  const list = useList(['settings', 'audit', f], (_, cursor, signal) =>
    call('get', '/admin/audit', {
      query: { project_id: f.project || undefined, operator_id: f.operator || undefined, action: f.action || undefined, from: startOf(f.from), to: endOf(f.to), cursor, limit: PAGE },
      signal,
    }),
  )
  const set = (patch: Partial<Filters>) => setF({ ...f, ...patch })
  const actions = Object.keys(ACTIONS)
    .map((a) => ({ value: a, text: actionText(r, a) }))
    .sort((a, b) => a.text.localeCompare(b.text, r.locale))
  return (
    <section className="ed">
      <div className="bd" tabIndex={-1}>
        <h2>{r.t('set.audit')}</h2>
        <div className="filters" role="search" aria-label={r.t('sort.filter')}>
          <Filter label={r.t('set.audit.from')}>
            {(id) => <input id={id} type="date" className="in" value={f.from} max={f.to || undefined} onChange={(e) => set({ from: e.target.value })} />}
          </Filter>
          <Filter label={r.t('set.audit.to')}>
            {(id) => <input id={id} type="date" className="in" value={f.to} min={f.from || undefined} onChange={(e) => set({ to: e.target.value })} />}
          </Filter>
          <Filter label={r.t('who.operator')}>
            {(id) => <Select id={id} value={f.operator} onPick={(operator) => set({ operator })} choices={[{ value: NOBODY, text: r.t('set.audit.anyone') }, ...(people.data ?? []).map((p) => ({ value: p.id, text: p.name }))]} />}
          </Filter>
          <Filter label={r.t('set.audit.action')}>
            {(id) => <Select id={id} value={f.action} onPick={(action) => set({ action })} choices={[{ value: '', text: r.t('set.audit.any') }, ...actions]} />}
          </Filter>
          <Filter label={r.t('project.one')}>
            {(id) => <Select id={id} value={f.project} onPick={(p) => set({ project: p })} choices={[{ value: '', text: r.t('set.audit.allProjects') }, ...projects.map((p) => ({ value: p.id, text: p.name }))]} />}
          </Filter>
        </div>
        {list.error && !list.items ? <Failed error={list.error} again={() => void list.refetch()} /> : null}
        {list.items ? (
          <div className="table" role="region" aria-label={r.t('set.audit')} tabIndex={0}>
            <table className="audit">
              <thead>
                <tr>
                  <th scope="col">{r.t('set.block.when')}</th>
                  <th scope="col">{r.t('set.block.who')}</th>
                  <th scope="col">{r.t('set.audit.action')}</th>
                  <th scope="col">{r.t('set.audit.what')}</th>
                </tr>
              </thead>
              <tbody>
                {list.items.map((record) => (
                  <Line key={record.id} record={record} projectShown={!f.project} />
                ))}
              </tbody>
            </table>
            {list.items.length ? null : <p className="nothing">{r.t('search.none')}</p>}
          </div>
        ) : null}
        {list.hasNextPage ? (
          <button className="b gh more" onClick={() => void list.fetchNextPage()}>
            {r.t('set.more')}
          </button>
        ) : null}
      </div>
    </section>
  )
}

function Filter({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <div>
      <label className="flab" htmlFor={id}>
        {label}
      </label>
      {children(id)}
    </div>
  )
}

function Line({ record, projectShown }: { record: AuditRecord; projectShown: boolean }) {
  const r = useText()
  const changes = changesOf(r, record)
  const details = detailsOf(r, record)
  // What it was done to: a name that the record keeps, where it keeps one.
  const about = record.visitor ?? [record.after?.name, record.after?.title, record.after?.text, record.before?.name].find((x) => typeof x === 'string' && x)
  const to = record.dialog_id && record.project ? { project: record.project.id, dialog: record.dialog_id } : undefined
  return (
    <tr>
      <td className="nowrap sec">{dateTime(r.locale, record.at, true)}</td>
      <td>
        {record.operator?.name ?? r.t('txt.system')}
        {record.source === 'temporal' ? <span className="t12 mut"> · Temporal</span> : null}
      </td>
      <td>
        <span className="med">{actionText(r, record.action)}</span>
        {projectShown && record.project ? <span className="t12 mut under">{record.project.name}</span> : null}
      </td>
      <td>
        {to ? (
          <a
            className="link"
            href={pathOf(to)}
            onClick={(e) => {
              if (e.ctrlKey || e.metaKey || e.shiftKey) return
              e.preventDefault()
              go(to)
            }}
          >
            {about ? String(about) : r.t('nav.dialogs')}
          </a>
        ) : about ? (
          <span>{String(about).slice(0, 80)}</span>
        ) : null}
        {changes.length || details.length ? (
          <ul className="changes t12">
            {details.map((d) => (
              <li key={d.field}>
                <span className="mut">{d.field}: </span>
                {d.value}
              </li>
            ))}
            {changes.map((c) => (
              <li key={c.field}>
                <span className="mut">{c.field}: </span>
                {c.before !== undefined && c.after !== undefined ? (
                  <>
                    <del>{c.before}</del>
                    <span aria-hidden="true"> → </span>
                    <span className="vh"> {r.t('set.audit.became')} </span>
                    <ins>{c.after}</ins>
                  </>
                ) : c.after !== undefined ? (
                  <ins>{c.after}</ins>
                ) : (
                  <del>{c.before}</del>
                )}
              </li>
            ))}
          </ul>
        ) : null}
      </td>
    </tr>
  )
}
