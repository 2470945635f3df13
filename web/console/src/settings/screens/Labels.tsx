import { useId } from 'react'
import type { Label, ProjectSettings } from '../../../../shared/api.gen.ts'
import { call } from '../../api/client.ts'
import { useText } from '../../text/text.tsx'
import { LABEL_COLORS, labelClass, MAX_LABEL } from '../../ui/labels.ts'
import { LabelTag } from '../../ui/LabelTag.tsx'
import { Icon } from '../../ui/marks.tsx'
import { PAGE, useDepartments, usePlace, useProjectForm, useProjectSettings, useRequired } from '../data.ts'
import { FormPane, RadioField, SelectField, TextField, ToggleField } from '../fields.tsx'
import type { Form } from '../form.ts'
import { ListScreen } from '../ListScreen.tsx'

interface Draft {
  text: string
  color: number
  active: boolean
  department: string
}

/** Coloured labels (R-068 to R-070, D-45). */
export function Labels() {
  const { t } = useText()
  const { project } = usePlace()
  const settings = useProjectSettings()
  const departments = useDepartments()
  const required = useRequired()
  const path = { project_id: project.id }
  const input = (d: Draft) => ({ text: d.text.trim(), color: d.color, active: d.active, department_id: d.department || undefined })
  return (
    <ListScreen<Label, Draft>
      crud={{
        screen: 'labels',
        title: 'label.many',
        one: 'label.one',
        none: 'set.label.none',
        read: (q, cursor, signal) => call('get', '/admin/projects/{project_id}/labels', { path, query: { q, cursor, limit: PAGE }, signal }),
        blank: { text: '', color: 0, active: true, department: '' },
        draft: (x) => ({ text: x.text, color: x.color, active: x.active, department: x.department?.id ?? '' }),
        check: (d) => required({}, 'text', d.text),
        create: (d) => call('post', '/admin/projects/{project_id}/labels', { path, body: input(d) }),
        update: (x, d) => call('put', '/admin/projects/{project_id}/labels/{label_id}', { path: { ...path, label_id: x.id }, body: input(d) }),
        remove: (x) => call('delete', '/admin/projects/{project_id}/labels/{label_id}', { path: { ...path, label_id: x.id } }),
        exists: 'label.exists',
        nameOf: (x) => x.text,
        group: (x) => (x.department ? { id: x.department.id, title: x.department.name } : { id: '', title: t('label.common') }),
        row: (x) => (
          <>
            <LabelTag label={x} />
            {x.active ? null : (
              <span className="t12 mut" aria-hidden="true">
                {t('set.inactive')}
              </span>
            )}
            <span className="sp" />
            <span className="t12 mut" title={t('set.label.used', { n: x.used })}>
              {x.used}
            </span>
          </>
        ),
        badge: (d) => <LabelTag label={{ id: '', color: d.color, text: d.text.trim() || '…', active: d.active }} />,
        kept: (x) => (x.used ? t('set.label.kept', { n: x.used }) : undefined),
        aside: settings.data ? <WhoCreates settings={settings.data} /> : undefined,
        fields: (form) => (
          <>
            <TextField name="text" label={t('set.text')} maxLength={MAX_LABEL} hint={t('set.chars', { n: [...form.value.text].length, max: MAX_LABEL })} />
            <Palette form={form} />
            <SelectField name="department" label={t('dept.one')} hint={t('set.label.deptHint')} choices={[{ value: '', text: t('label.common') }, ...departments.map((d) => ({ value: d.id, text: d.name }))]} />
            <ToggleField name="active" label={t('label.active')} hint={t('set.label.activeHint')} />
          </>
        ),
      }}
    />
  )
}

function Palette({ form }: { form: Form<Draft> }) {
  const { t } = useText()
  const id = useId()
  return (
    <fieldset className="fr">
      <legend className="flab">{t('label.color')}</legend>
      <div className="palette">
        {LABEL_COLORS.map((name, c) => (
          <label key={c} className="colour-choice">
            <input type="radio" className="vh" name={id} checked={form.value.color === c} onChange={() => form.set({ color: c })} aria-label={t(name)} />
            <span aria-hidden="true" className={labelClass({ color: c, active: true })}>
              {form.value.color === c ? <Icon name="check" size={14} /> : null}
              Аа
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** From which level labels may be made right in the card (R-072, D-03). */
function WhoCreates({ settings }: { settings: ProjectSettings }) {
  const { t } = useText()
  const form = useProjectForm(settings, { name: 'labels', draft: (s) => ({ label_level: s.label_level }), patch: (d) => d })
  return (
    <FormPane form={form} label={t('label.create')} title={<h2>{t('label.create')}</h2>}>
      <RadioField
        name="label_level"
        label={t('set.label.from')}
        hint={t('set.label.fromHint')}
        choices={[
          { value: 'operator', text: t('who.operator') },
          { value: 'senior', text: t('who.senior') },
          { value: 'admin', text: t('who.admin') },
        ]}
      />
      <p className="fr t13 sec">{t('set.choose')}</p>
    </FormPane>
  )
}
