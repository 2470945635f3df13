import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useRef, useState } from 'react'
import type { Block, BlockSync, ProjectSettings } from '../../../../shared/api.gen.ts'
import type { TextKey } from '../../../../shared/i18n.ts'
import { call } from '../../api/client.ts'
import { go, pathOf } from '../../app/route.ts'
import { dateTime } from '../../text/format.ts'
import { useText } from '../../text/text.tsx'
import type { IconName } from '../../ui/icons.ts'
import { Icon } from '../../ui/marks.tsx'
import { Confirm } from '../Confirm.tsx'
import { PAGE, useList, usePlace, useProjectForm, useSearch } from '../data.ts'
import { Field, FormPane, TextField, Toggle, Wrong } from '../fields.tsx'
import { errorsOf, type Errors, useFormContext } from '../form.ts'
import { Failed } from '../ListScreen.tsx'
import { WithSettings } from './Project.tsx'

type Tab = 'chat' | 'system' | 'sync'
const TABS: readonly [Tab, TextKey][] = [
  ['chat', 'act.blockList'],
  ['system', 'set.block.system'],
  ['sync', 'set.block.sync'],
]
const SOURCES: Record<Block['source'], [IconName, TextKey]> = {
  operator: ['user', 'who.operator'],
  manual: ['pen', 'set.block.manual'],
  system: ['shield', 'set.block.systemOne'],
}

/** «Блокировка по номеру и IP» (R-083, R-088, D-50): three sources kept apart. */
export default function Blocks() {
  const { t } = useText()
  const { item, project } = usePlace()
  const tab = TABS.find(([id]) => id === item)?.[0] ?? 'chat'
  const open = (id: Tab) => go({ area: 'settings', project: project.id, screen: 'blocks', item: id === 'chat' ? undefined : id })
  const tabs = (
    <>
      <h2>{t('act.blockPage')}</h2>
      <div className="tabs-line" role="tablist" aria-label={t('act.blockPage')}>
        {TABS.map(([id, key], i) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-selected={id === tab}
            aria-controls="blocks-panel"
            tabIndex={id === tab ? 0 : -1}
            onClick={() => open(id)}
            onKeyDown={(e) => {
              const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? TABS.length - 1 : 0
              if (!step) return
              const next = TABS[(i + step) % TABS.length]![0]
              open(next)
              requestAnimationFrame(() => document.getElementById(`tab-${next}`)?.focus())
            }}
          >
            {t(key)}
          </button>
        ))}
      </div>
    </>
  )
  if (tab === 'sync') return <WithSettings>{(s) => <SyncForm settings={s} tabs={tabs} />}</WithSettings>
  return (
    <section className="ed">
      <div className="bd" tabIndex={-1}>
        <div className="w table-w">
          {tabs}
          <div role="tabpanel" id="blocks-panel" aria-labelledby={`tab-${tab}`}>
            <List key={tab} system={tab === 'system'} />
          </div>
        </div>
      </div>
    </section>
  )
}

function List({ system }: { system: boolean }) {
  const r = useText()
  const { project } = usePlace()
  const query = useQueryClient()
  const [text, asked, search] = useSearch()
  const [asking, setAsking] = useState<Block>()
  const [failed, setFailed] = useState<{ id: string; text: string }>()
  const path = { project_id: project.id }
  const key = ['settings', project.id, 'blocks', system]
  const list = useList(key, (q, cursor, signal) => call('get', '/admin/projects/{project_id}/blocks', { path, query: { q, source: system ? ['system'] : ['manual', 'operator'], cursor, limit: PAGE }, signal }), asked)
  const top = useRef<HTMLInputElement>(null)
  const remove = async (b: Block) => {
    setFailed(undefined)
    try {
      await call('delete', '/admin/projects/{project_id}/blocks/{block_id}', { path: { ...path, block_id: b.id } })
      await query.invalidateQueries({ queryKey: key })
      top.current?.focus()
    } catch (e) {
      setFailed({ id: b.id, text: Object.values(errorsOf(r, e))[0]! })
    }
  }
  return (
    <>
      <div className="flex g8 block-tools">
        {system ? <p className="t13 sec sp">{r.t('set.block.systemHint')}</p> : <Add onAdded={() => query.invalidateQueries({ queryKey: key })} />}
        <span className="sp" />
        <div className="fld search">
          <Icon name="search" />
          <input ref={top} className="in" type="search" aria-label={`${r.t('set.search')}: ${r.t('det.ip')}`} placeholder={r.t('set.search')} value={text} maxLength={100} onChange={(e) => search(e.target.value)} />
        </div>
      </div>
      {list.error && !list.items ? <Failed error={list.error} again={() => void list.refetch()} /> : null}
      {list.items ? (
        <div className="table" role="region" aria-label={r.t(system ? 'set.block.system' : 'act.blockList')} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{r.t('det.ip')}</th>
                <th scope="col">{r.t('set.block.from')}</th>
                <th scope="col">{r.t('set.block.who')}</th>
                <th scope="col">{r.t('set.block.when')}</th>
                <th scope="col">{r.t('set.block.note')}</th>
                <th scope="col">
                  <span className="vh">{r.t('act.title')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.items.map((b) => (
                <tr key={b.id}>
                  <td className="med">{b.ip}</td>
                  <td className="sec">
                    <span className="flex g4">
                      <Icon name={SOURCES[b.source][0]} size={14} />
                      {r.t(SOURCES[b.source][1])}
                    </span>
                  </td>
                  <td>{b.operator?.name ?? r.t('txt.system')}</td>
                  <td className="sec nowrap">{dateTime(r.locale, b.at)}</td>
                  <td className="sec">
                    {b.dialog ? (
                      <a
                        className="link"
                        href={pathOf({ project: project.id, dialog: b.dialog.id })}
                        onClick={(e) => {
                          if (e.ctrlKey || e.metaKey || e.shiftKey) return
                          e.preventDefault()
                          go({ project: project.id, dialog: b.dialog!.id })
                        }}
                      >
                        {b.dialog.name}
                      </a>
                    ) : (
                      b.note
                    )}
                  </td>
                  <td className="last">
                    {b.source === 'system' ? (
                      <span className="t12 mut flex g4">
                        <Icon name="lock" size={14} />
                        {r.t('log.readOnly')}
                      </span>
                    ) : (
                      <button type="button" className="b gh sm" aria-label={`${r.t('btn.delete')}: ${b.ip}`} onClick={() => setAsking(b)}>
                        <Icon name="trash" size={14} />
                        <span className="bt">{r.t('btn.delete')}</span>
                      </button>
                    )}
                    <div role="alert">
                      <Wrong text={failed?.id === b.id ? failed.text : undefined} />
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {list.items.length ? null : <p className="nothing">{r.t(asked.trim() ? 'search.none' : 'set.block.none')}</p>}
        </div>
      ) : null}
      {list.hasNextPage ? (
        <button className="b gh more" onClick={() => void list.fetchNextPage()}>
          {r.t('set.more')}
        </button>
      ) : null}
      {system ? null : <p className="hlp">{r.t('set.block.hint')}</p>}
      {asking ? (
        <Confirm
          title={r.t('set.block.deleteAsk', { ip: asking.ip })}
          text={r.t('set.block.deleteText')}
          yes={r.t('btn.delete')}
          onNo={() => setAsking(undefined)}
          onYes={() => {
            const b = asking
            setAsking(undefined)
            void remove(b)
          }}
        />
      ) : null}
    </>
  )
}

function Add({ onAdded }: { onAdded: () => Promise<unknown> }) {
  const r = useText()
  const { project } = usePlace()
  const id = useId()
  const [ip, setIp] = useState('')
  const [note, setNote] = useState('')
  const [errors, setErrors] = useState<Errors>({})
  const [said, setSaid] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const error = errors.ip ?? errors[''] ?? (errors.note ? undefined : Object.values(errors)[0])
  async function add(e: FormEvent) {
    e.preventDefault()
    setSaid('')
    if (!ip.trim()) {
      setErrors({ ip: r.t('form.required') })
      return field.current?.focus()
    }
    try {
      const made = await call('post', '/admin/projects/{project_id}/blocks', { path: { project_id: project.id }, body: { ip: ip.trim(), note: note.trim() || undefined } })
      setIp('')
      setNote('')
      setErrors({})
      setSaid(r.t('set.block.added', { ip: made.ip }))
      await onAdded()
    } catch (e) {
      const found = errorsOf(r, e, (x) => (x.code === 'exists' ? 'set.block.exists' : x.code === 'invalid' && x.field !== 'note' ? 'set.block.bad' : undefined))
      setErrors(found)
    }
    field.current?.focus()
  }
  return (
    <form className="block-add" onSubmit={(e) => void add(e)} noValidate>
      <div>
        <input ref={field} className="in" aria-label={r.t('det.ip')} placeholder="203.0.113.77" value={ip} maxLength={60} spellCheck={false} autoComplete="off" aria-invalid={error ? true : undefined} aria-describedby={error ? id : undefined}
          onChange={(e) => {
            setIp(e.target.value)
            setErrors({})
          }}
        />
        <div role="alert">
          <Wrong id={id} text={error} />
        </div>
        <div role="status" className="t12 sec">
          {said}
        </div>
      </div>
      <div>
        <input className="in" aria-label={r.t('card.comment')} placeholder={r.t('card.comment')} value={note} maxLength={200} onChange={(e) => setNote(e.target.value)} />
        <Wrong text={errors.note} />
      </div>
      <button type="submit" className="b pri">
        {r.t('btn.add')}
      </button>
    </form>
  )
}

interface SyncDraft {
  block_list_url: string
  block_hook_url: string
  /** undefined: stays as it is. */
  block_secret: string | undefined
}

/** The outer account: where lists come from, where blocks made here go, and how that went. */
function SyncForm({ settings, tabs }: { settings: ProjectSettings; tabs: React.ReactNode }) {
  const { t } = useText()
  const url = (text: string) => !text.trim() || /^https?:\/\/\S+$/.test(text.trim())
  const form = useProjectForm<SyncDraft>(settings, {
    name: 'sync',
    draft: (s) => ({ block_list_url: s.block_list_url, block_hook_url: s.block_hook_url, block_secret: undefined }),
    patch: (d) => ({ block_list_url: d.block_list_url.trim(), block_hook_url: d.block_hook_url.trim(), block_secret: d.block_secret }),
    check(d) {
      const errors: Errors = {}
      if (!url(d.block_list_url)) errors.block_list_url = t('set.urlBad')
      if (!url(d.block_hook_url)) errors.block_hook_url = t('set.urlBad')
      return errors
    },
  })
  return (
    <FormPane form={form} label={t('set.block.sync')} title={tabs}>
      <div role="tabpanel" id="blocks-panel" aria-labelledby="tab-sync">
        <SyncState />
        <TextField name="block_list_url" label={t('set.block.listUrl')} maxLength={2000} placeholder="https://" hint={t('set.block.listHint')} inputMode="url" />
        <TextField name="block_hook_url" label={t('set.block.hookUrl')} maxLength={2000} placeholder="https://" hint={t('set.block.hookHint')} inputMode="url" />
        <Secret set={settings.block_secret_set} />
      </div>
    </FormPane>
  )
}

function Secret({ set }: { set: boolean }) {
  const { t } = useText()
  const form = useFormContext()
  const value = form.value.block_secret as string | undefined
  return (
    <>
      <Field name="block_secret" label={t('set.block.secret')} hint={t(set ? 'set.block.secretSet' : 'set.block.secretNone')}>
        {(control) => <input className="in" type="password" autoComplete="new-password" maxLength={200} {...control} value={value ?? ''} disabled={value === ''} onChange={(e) => form.set({ block_secret: e.target.value || undefined })} />}
      </Field>
      {set ? <Toggle on={value === ''} label={t('set.block.secretAway')} onChange={(away) => form.set({ block_secret: away ? '' : undefined })} /> : null}
    </>
  )
}

function SyncState() {
  const r = useText()
  const { project } = usePlace()
  const query = useQueryClient()
  const path = { project_id: project.id }
  const key = ['settings', project.id, 'sync']
  const [error, setError] = useState<string>()
  const state = useQuery({ queryKey: key, queryFn: () => call('get', '/admin/projects/{project_id}/blocks/sync', { path }), staleTime: 0, refetchInterval: 5000 })
  const pull = async () => {
    setError(undefined)
    try {
      query.setQueryData<BlockSync>(key, await call('post', '/admin/projects/{project_id}/blocks/sync', { path }))
    } catch (e) {
      setError(Object.values(errorsOf(r, e))[0])
    }
  }
  const s = state.data
  return (
    <div className="sync fr">
      {s ? (
        <dl className="kv">
          <dt>{r.t('set.block.pulled')}</dt>
          <dd>{s.pulled_at ? dateTime(r.locale, s.pulled_at) : r.t('set.block.never')}</dd>
          {s.tried_at && s.tried_at !== s.pulled_at ? (
            <>
              <dt>{r.t('set.block.tried')}</dt>
              <dd>{dateTime(r.locale, s.tried_at)}</dd>
            </>
          ) : null}
          <dt>{r.t('set.block.owed')}</dt>
          <dd>{s.owed}</dd>
        </dl>
      ) : null}
      {s?.error ? (
        <p className="note w">
          <Icon name="warn" />
          {r.t('set.block.failed', { error: s.error })}
        </p>
      ) : null}
      <button type="button" className="b sm" aria-disabled={!s?.url_set} onClick={() => s?.url_set && void pull()}>
        {r.t('set.block.pull')}
      </button>
      <div role="alert">
        <Wrong text={error} />
      </div>
    </div>
  )
}
