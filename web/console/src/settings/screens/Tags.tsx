import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ProjectSettings, Tag } from '../../../../shared/api.gen.ts'
import { call } from '../../api/client.ts'
import { useText } from '../../text/text.tsx'
import { Icon } from '../../ui/marks.tsx'
import { PAGE, useList, usePlace, useProjectForm, useProjectSettings, useRequired } from '../data.ts'
import { FormPane, TextField, ToggleField, Wrong } from '../fields.tsx'
import { errorsOf } from '../form.ts'
import { ListScreen } from '../ListScreen.tsx'

const EXAMPLES = ['tag.sale', 'tag.lead', 'tag.request', 'tag.repeat'] as const

const useTagReader = () => {
  const { project } = usePlace()
  const path = { project_id: project.id }
  return (q: string | undefined, cursor: string | undefined, signal: AbortSignal) => call('get', '/admin/projects/{project_id}/tags', { path, query: { q, cursor, limit: PAGE }, signal })
}

/** «Тегирование диалогов» (R-102, D-54): one list per project. */
export function Tags() {
  const { t } = useText()
  const { project } = usePlace()
  const settings = useProjectSettings()
  const required = useRequired()
  const read = useTagReader()
  const path = { project_id: project.id }
  return (
    <ListScreen<Tag, { name: string; active: boolean }>
      crud={{
        screen: 'tags',
        title: 'tag.many',
        one: 'set.tag.one',
        none: 'set.tag.none',
        read,
        blank: { name: '', active: true },
        draft: (x) => ({ name: x.name, active: x.active }),
        check: (d) => required({}, 'name', d.name),
        create: (d) => call('post', '/admin/projects/{project_id}/tags', { path, body: { name: d.name.trim(), active: d.active } }),
        update: (x, d) => call('put', '/admin/projects/{project_id}/tags/{tag_id}', { path: { ...path, tag_id: x.id }, body: { name: d.name.trim(), active: d.active } }),
        remove: (x) => call('delete', '/admin/projects/{project_id}/tags/{tag_id}', { path: { ...path, tag_id: x.id } }),
        exists: 'set.tag.exists',
        nameOf: (x) => x.name,
        row: (x) => (
          <>
            <span className={x.active ? 'ell' : 'ell mut'} title={x.name}>
              {x.name}
            </span>
            {x.active ? null : <span className="t12 mut">{t('set.inactive')}</span>}
            <span className="sp" />
            <span className="t12 mut" title={t('set.tag.used', { n: x.used })}>
              {x.used}
            </span>
          </>
        ),
        kept: (x) => (x.used ? t('set.tag.kept', { n: x.used }) : undefined),
        aside: settings.data ? <Tagging settings={settings.data} /> : undefined,
        fields: () => (
          <>
            <TextField name="name" label={t('set.name')} maxLength={60} hint={t('set.tag.nameHint')} />
            <ToggleField name="active" label={t('label.active')} hint={t('set.tag.activeHint')} />
          </>
        ),
      }}
    />
  )
}

function Tagging({ settings }: { settings: ProjectSettings }) {
  const r = useText()
  const { project } = usePlace()
  const query = useQueryClient()
  const key = ['settings', project.id, 'tags']
  const list = useList(key, useTagReader())
  const [error, setError] = useState<string>()
  const form = useProjectForm(settings, { name: 'tags', draft: (s) => ({ tagging: s.tagging }), patch: (d) => d })
  const have = list.items
  const offered = EXAMPLES.filter((k) => !have?.some((x) => x.name.toLocaleLowerCase() === r.t(k).toLocaleLowerCase()))
  const add = async (name: string) => {
    setError(undefined)
    try {
      await call('post', '/admin/projects/{project_id}/tags', { path: { project_id: project.id }, body: { name, active: true } })
      await query.invalidateQueries({ queryKey: key })
    } catch (e) {
      setError(Object.values(errorsOf(r, e))[0])
    }
  }
  return (
    <FormPane form={form} label={r.t('tag.tagging')} title={<h2>{r.t('tag.tagging')}</h2>}>
      <ToggleField name="tagging" label={r.t('set.tag.on')} hint={r.t('set.tag.onHint')} />
      {form.value.tagging && have && !list.hasNextPage && !have.some((x) => x.active) ? (
        <p className="note w fr" role="status">
          <Icon name="warn" />
          {r.t('tag.noneActive')}
        </p>
      ) : null}
      {have && offered.length ? (
        <div className="fr">
          <span className="flab">{r.t('set.tag.examples')}</span>
          <div className="tag-chips">
            {offered.map((k) => (
              <button key={k} type="button" className="tag-toggle" aria-label={`${r.t('btn.add')}: ${r.t(k)}`} onClick={() => void add(r.t(k))}>
                <Icon name="plus" size={14} />
                {r.t(k)}
              </button>
            ))}
          </div>
          <div role="alert">
            <Wrong text={error} />
          </div>
        </div>
      ) : null}
    </FormPane>
  )
}
