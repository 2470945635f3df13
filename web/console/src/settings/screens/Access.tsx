import { useQueryClient } from '@tanstack/react-query'
import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import type { AccessLevel, AccessRow, AdminProject } from '../../../../shared/api.gen.ts'
import type { TextKey } from '../../../../shared/i18n.ts'
import { call } from '../../api/client.ts'
import { go } from '../../app/route.ts'
import { useText } from '../../text/text.tsx'
import { Avatar, Icon } from '../../ui/marks.tsx'
import { PAGE, useList, usePlace, useSearch } from '../data.ts'
import { Wrong } from '../fields.tsx'
import { errorsOf } from '../form.ts'
import { Failed } from '../ListScreen.tsx'

export const LEVELS: readonly [AccessLevel, TextKey, TextKey][] = [
  ['none', 'set.access.none', 'set.access.noneHint'],
  ['view', 'who.viewer', 'set.access.viewHint'],
  ['operator', 'who.operator', 'set.access.operatorHint'],
  ['senior', 'who.senior', 'set.access.seniorHint'],
  ['admin', 'who.admin', 'set.access.adminHint'],
]

/** How much it is, as bars; the word says the same. */
function Bars({ level }: { level: AccessLevel }) {
  const n = LEVELS.findIndex(([l]) => l === level)
  return (
    <span className="lvb" aria-hidden="true">
      {[1, 2, 3, 4].map((i) => (
        <i key={i} className={i <= n ? 'f' : undefined} />
      ))}
    </span>
  )
}

/** The table user × widget (R-007, R-008, D-03). */
export function Access() {
  const { t } = useText()
  const { project } = usePlace()
  const [text, asked, search] = useSearch()
  const projects = useProjectsOfTable()
  const list = useList(['settings', 'access'], projects.read, asked)
  const columns = projects.columns
  return (
    <section className="ed">
      <div className="bd" tabIndex={-1}>
        <div className="flex g12 table-head">
          <h2>{t('nav.access')}</h2>
          <span className="sp" />
          <div className="fld search">
            <Icon name="search" />
            <input className="in" type="search" aria-label={t('who.user')} placeholder={t('who.user')} value={text} maxLength={100} onChange={(e) => search(e.target.value)} />
          </div>
          <button className="b" onClick={() => go({ area: 'settings', project: project.id, screen: 'operators', item: 'new' })}>
            <Icon name="plus" />
            {t('btn.add')}
          </button>
        </div>
        {list.error && !list.items ? <Failed error={list.error} again={() => void list.refetch()} /> : null}
        {list.items ? (
          <div className="table" role="region" aria-label={t('nav.access')} tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col" className="who">
                    {t('who.user')}
                  </th>
                  {columns.map((p) => (
                    <th scope="col" key={p.id}>
                      <span className="th-name">{p.name}</span>
                      <span className="th-chat">
                        <Icon name={p.active ? 'chat' : 'block'} size={12} />
                        {t(p.active ? 'set.access.chat' : 'set.access.chatOff')}
                      </span>
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {list.items.map((row) => (
                  <tr key={row.operator.id}>
                    <th scope="row" className="who">
                      <span className="flex g8">
                        <Avatar id={row.operator.id} name={row.operator.name} size={28} />
                        <span className="li-two">
                          <span className="med ell" title={row.operator.name}>
                            {row.operator.name}
                          </span>
                          <span className="t12 mut ell" title={row.login}>
                            {row.active ? row.login : `${row.login} · ${t('set.operator.off')}`}
                          </span>
                        </span>
                      </span>
                    </th>
                    {columns.map((p) => (
                      <Cell key={p.id} row={row} project={p} />
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
            {list.items.length ? null : <p className="nothing">{t('search.none')}</p>}
          </div>
        ) : null}
        {list.hasNextPage ? (
          <button className="b gh more" onClick={() => void list.fetchNextPage()}>
            {t('set.more')}
          </button>
        ) : null}
        <p className="hlp">{t('set.access.hint')}</p>
      </div>
    </section>
  )
}

/** The columns come with each page of rows. */
function useProjectsOfTable() {
  const [columns, setColumns] = useState<AdminProject[]>([])
  return {
    columns,
    read: async (q: string | undefined, cursor: string | undefined, signal: AbortSignal) => {
      const page = await call('get', '/admin/access', { query: { q, cursor, limit: PAGE }, signal })
      setColumns(page.projects)
      return page
    },
  }
}

function Cell({ row, project }: { row: AccessRow; project: AdminProject }) {
  const r = useText()
  const query = useQueryClient()
  const saved = row.levels[project.id] ?? 'none'
  const [chosen, setChosen] = useState<AccessLevel>()
  const [error, setError] = useState<string>()
  const level = chosen ?? saved
  const name = (l: AccessLevel) => r.t(LEVELS.find(([x]) => x === l)![1])
  const set = async (next: AccessLevel) => {
    if (next === saved || chosen) return
    setChosen(next)
    setError(undefined)
    try {
      await call('put', '/admin/access/{operator_id}/{project_id}', { path: { operator_id: row.operator.id, project_id: project.id }, body: { level: next } })
      await query.invalidateQueries({ queryKey: ['settings', 'access'] })
      void query.invalidateQueries({ queryKey: ['me'] })
    } catch (e) {
      setError(Object.values(errorsOf(r, e))[0])
    } finally {
      setChosen(undefined)
    }
  }
  return (
    <td>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger className={level === 'none' ? 'lv none' : 'lv'} aria-label={`${row.operator.name}, ${project.name}: ${name(level)}`} aria-busy={!!chosen}>
          <Bars level={level} />
          <span className="lv-name">{name(level)}</span>
          <Icon name="down" size={12} />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className="pop menu level-pop" align="start" sideOffset={4} collisionPadding={8}>
            <DropdownMenu.RadioGroup value={level} onValueChange={(v) => void set(v as AccessLevel)} aria-label={r.t('nav.accessLevel')}>
              {LEVELS.map(([value, title, hint]) => (
                <DropdownMenu.RadioItem key={value} className="mi" value={value} textValue={r.t(title)}>
                  <span className="mi-check">
                    <DropdownMenu.ItemIndicator>
                      <Icon name="check" />
                    </DropdownMenu.ItemIndicator>
                  </span>
                  <span className="sp">
                    <span className="med">{r.t(title)}</span>
                    <span className="under mut">{r.t(hint)}</span>
                  </span>
                  <Bars level={value} />
                </DropdownMenu.RadioItem>
              ))}
            </DropdownMenu.RadioGroup>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <div role="alert">
        <Wrong text={error} />
      </div>
    </td>
  )
}
