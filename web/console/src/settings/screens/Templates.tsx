import { type RefObject, useRef } from 'react'
import type { Template } from '../../../../shared/api.gen.ts'
import { call } from '../../api/client.ts'
import { useText } from '../../text/text.tsx'
import { Icon } from '../../ui/marks.tsx'
import { PAGE, useDepartments, usePlace, useRequired } from '../data.ts'
import { Field, RadioField, SelectField, TextField } from '../fields.tsx'
import type { Form } from '../form.ts'
import { ListScreen } from '../ListScreen.tsx'

// As D-35 names them: they are filled in on use, whatever the language of the console.
const VISITOR = '{имя посетителя}'
const OPERATOR = '{имя оператора}'
export const TEMPLATE_MAX = 4000

interface Draft {
  title: string
  command: string
  text: string
  scope: 'own' | 'common'
  department: string
}

/** What a placeholder becomes; one that nobody knows goes away (D-35). */
export function preview(text: string, visitor: string, operator: string): string {
  return text.replaceAll(VISITOR, visitor).replaceAll(OPERATOR, operator).replace(/\{[^{}\n]*\}/g, '')
}

/** Answers kept for use again (R-053, D-35): one's own, of a department, and common ones. */
export function Templates() {
  const { t } = useText()
  const { project, admin, me } = usePlace()
  const departments = useDepartments()
  const required = useRequired()
  const path = { project_id: project.id }
  const input = (d: Draft) => ({
    title: d.title.trim(),
    command: d.command.trim().replace(/^\//, '') || undefined,
    text: d.text,
    own: d.scope === 'own',
    department_id: d.scope === 'common' ? d.department || undefined : undefined,
  })
  return (
    <ListScreen<Template, Draft>
      crud={{
        screen: 'templates',
        title: 'win.templates',
        one: 'win.template',
        none: 'template.none',
        read: (q, cursor, signal) => call('get', '/admin/projects/{project_id}/templates', { path, query: { q, cursor, limit: PAGE }, signal }),
        blank: { title: '', command: '', text: '', scope: admin ? 'common' : 'own', department: '' },
        draft: (x) => ({ title: x.title, command: x.command ? `/${x.command}` : '', text: x.text, scope: x.own ? 'own' : 'common', department: x.department?.id ?? '' }),
        check(d) {
          const errors = required(required({}, 'title', d.title), 'text', d.text)
          if (!/^\/?[\p{L}\p{N}_-]{0,30}$/u.test(d.command.trim())) errors.command = t('set.template.command.bad')
          if ([...d.text].length > TEMPLATE_MAX) errors.text = t('set.tooLong', { max: TEMPLATE_MAX })
          return errors
        },
        create: (d) => call('post', '/admin/projects/{project_id}/templates', { path, body: input(d) }),
        update: (x, d) => call('put', '/admin/projects/{project_id}/templates/{template_id}', { path: { ...path, template_id: x.id }, body: input(d) }),
        remove: (x) => call('delete', '/admin/projects/{project_id}/templates/{template_id}', { path: { ...path, template_id: x.id } }),
        exists: 'set.template.exists',
        nameOf: (x) => x.title,
        group: (x) =>
          x.own ? { id: 'own', title: t('set.template.own') } : x.department ? { id: x.department.id, title: x.department.name } : { id: 'common', title: t('set.template.common') },
        row: (x) => (
          <>
            <span className="ell" title={x.title}>
              {x.title}
            </span>
            <span className="sp" />
            {x.command ? <span className="t12 mut">/{x.command}</span> : null}
          </>
        ),
        fields: (form) => (
          <>
            <div className="two wide-narrow">
              <TextField name="title" label={t('set.name')} maxLength={100} />
              <TextField name="command" label={t('set.template.command')} maxLength={31} placeholder="/" spellCheck={false} />
            </div>
            <TextWithNames form={form} />
            {admin ? (
              <RadioField
                name="scope"
                label={t('set.template.who')}
                choices={[
                  { value: 'common', text: t('set.template.common') },
                  { value: 'own', text: t('set.template.own') },
                ]}
                hint={t('set.template.whoHint')}
              />
            ) : null}
            {admin && form.value.scope === 'common' ? (
              <div className="half">
                <SelectField name="department" label={t('dept.one')} choices={[{ value: '', text: t('set.template.all') }, ...departments.map((d) => ({ value: d.id, text: d.name }))]} />
              </div>
            ) : null}
            <div className="fr">
              <span className="flab">{t('set.template.preview')}</span>
              <p className="bubble">{preview(form.value.text, t('set.template.sample'), me.operator.name) || '…'}</p>
            </div>
          </>
        ),
      }}
    />
  )
}

function TextWithNames({ form }: { form: Form<Draft> }) {
  const { t } = useText()
  const area = useRef<HTMLTextAreaElement>(null)
  return (
    <Field name="text" label={t('set.text')} className="text-names">
      {(control) => (
        <div className="area-box">
          <textarea ref={area} className="in area tall" {...control} value={form.value.text} onChange={(e) => form.set({ text: e.target.value })} />
          <div className="flex g4 area-tools">
            {[VISITOR, OPERATOR].map((name) => (
              <button key={name} type="button" className="chip-add" aria-label={`${t('set.template.insert')}: ${name}`} onClick={() => insert(area, name, (text) => form.set({ text }))}>
                <Icon name="plus" size={12} />
                {name}
              </button>
            ))}
            <span className="sp" />
            <span className="t12 mut">{t('set.chars', { n: [...form.value.text].length, max: TEMPLATE_MAX })}</span>
          </div>
        </div>
      )}
    </Field>
  )
}

/** At the cursor, which stays behind what was put in. */
function insert(ref: RefObject<HTMLTextAreaElement | null>, name: string, set: (text: string) => void) {
  const el = ref.current!
  const { selectionStart: from, selectionEnd: to, value } = el
  set(value.slice(0, from) + name + value.slice(to))
  requestAnimationFrame(() => {
    el.focus()
    el.setSelectionRange(from + name.length, from + name.length)
  })
}
