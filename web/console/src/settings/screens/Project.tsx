import { useMemo, useState } from 'react'
import type { ProjectSettings } from '../../../../shared/api.gen.ts'
import { accentColours } from '../accent.ts'
import { useText } from '../../text/text.tsx'
import { Icon } from '../../ui/marks.tsx'
import { useProjectForm, useProjectSettings, useRequired } from '../data.ts'
import { AreaField, Field, FormPane, RadioField, SelectField, TextField, ToggleField, whole } from '../fields.tsx'
import { type Form, useFormContext } from '../form.ts'
import { Failed } from '../ListScreen.tsx'

interface Draft {
  name: string
  active: boolean
  language: ProjectSettings['language']
  accent: string
  side: ProjectSettings['side']
  greeting: string
  company: string
  origins: string
  time_zone: string
  department_choice: boolean
  retention_days: string
}

const lines = (text: string) => [...new Set(text.split('\n').map((s) => s.trim()).filter(Boolean))]

/** A screen that is one form over the project's settings. */
export function WithSettings({ children }: { children: (settings: ProjectSettings) => React.ReactNode }) {
  const settings = useProjectSettings()
  if (settings.data) return children(settings.data)
  return <section className="ed">{settings.error ? <Failed error={settings.error} again={() => void settings.refetch()} /> : null}</section>
}

export function ProjectScreen() {
  return <WithSettings>{(s) => <ProjectForm settings={s} />}</WithSettings>
}

function ProjectForm({ settings }: { settings: ProjectSettings }) {
  const { t } = useText()
  const required = useRequired()
  const zones = useZones(settings.time_zone)
  const form = useProjectForm<Draft>(settings, {
    name: 'project',
    draft: (s) => ({
      name: s.name,
      active: s.active,
      language: s.language,
      accent: s.accent.toUpperCase(),
      side: s.side,
      greeting: s.greeting,
      company: s.company,
      origins: s.origins.join('\n'),
      time_zone: s.time_zone,
      department_choice: s.department_choice,
      retention_days: String(s.retention_days),
    }),
    patch: (d) => ({ ...d, name: d.name.trim(), greeting: d.greeting.trim(), company: d.company.trim(), origins: lines(d.origins), retention_days: Number(d.retention_days) }),
    check(d) {
      const errors = required({}, 'name', d.name)
      if (!/^#[0-9A-Fa-f]{6}$/.test(d.accent)) errors.accent = t('set.widget.accentBad')
      if (whole(d.retention_days, 0, 36500) === undefined) errors.retention_days = t('set.whole', { min: 0, max: 36500 })
      if (lines(d.origins).some((o) => !/^https?:\/\/[^\s/]+$/.test(o))) errors.origins = t('set.widget.originBad')
      return errors
    },
  })
  return (
    <FormPane form={form} label={t('set.project')} title={<h2>{t('set.project')}</h2>} wide>
      <div className="beside">
        <div>
          <TextField name="name" label={t('set.project.name')} maxLength={100} />
          <ToggleField name="active" label={t('set.widget.active')} hint={t('set.widget.activeHint')} />
          <div className="two">
            <SelectField
              name="language"
              label={t('lang.title')}
              choices={[
                { value: 'page', text: t('set.widget.asPage') },
                { value: 'ru', text: 'Русский' },
                { value: 'en', text: 'English' },
                { value: 'kk', text: 'Қазақша' },
              ]}
            />
            <SelectField name="time_zone" label={t('set.timezone')} choices={zones} />
          </div>
          <div className="two">
            <Accent />
            <RadioField
              name="side"
              label={t('set.widget.side')}
              choices={[
                { value: 'left', text: t('set.widget.left') },
                { value: 'right', text: t('set.widget.right') },
              ]}
            />
          </div>
          <TextField name="greeting" label={t('set.widget.greeting')} maxLength={300} placeholder={t('greeting')} hint={t('set.widget.greetingHint')} />
          <TextField name="company" label={t('set.widget.company')} maxLength={200} hint={t('set.widget.companyHint')} />
          <ToggleField name="department_choice" label={t('set.widget.choice')} hint={t('set.widget.choiceHint')} />
          <AreaField name="origins" label={t('set.widget.origins')} hint={t('set.widget.originsHint')} rows={3} spellCheck={false} placeholder="https://example.com" />
          <div className="number">
            <TextField name="retention_days" label={t('set.widget.retention')} inputMode="numeric" maxLength={5} hint={t('set.widget.retentionHint')} after={<span className="t13 fix">{t('set.days')}</span>} />
          </div>
        </div>
        <WidgetPicture form={form} />
      </div>
      <Snippet code={settings.snippet} />
    </FormPane>
  )
}

function Accent() {
  const { t } = useText()
  const form = useFormContext()
  const value = form.value.accent as string
  return (
    <Field name="accent" label={t('set.widget.accent')}>
      {(control) => (
        <div className="flex g8">
          <input type="color" className="in colour" aria-label={t('set.widget.accentPick')} value={/^#[0-9A-Fa-f]{6}$/.test(value) ? value : '#000000'} onChange={(e) => form.set({ accent: e.target.value.toUpperCase() })} />
          <input className="in" {...control} value={value} maxLength={7} spellCheck={false} onChange={(e) => form.set({ accent: e.target.value })} />
        </div>
      )}
    </Field>
  )
}

/** How the widget will look: the colour, the side, the greeting. */
function WidgetPicture({ form }: { form: Form<Draft> }) {
  const { t } = useText()
  const valid = /^#[0-9A-Fa-f]{6}$/.test(form.value.accent)
  const [accent, on, border] = accentColours(valid ? form.value.accent : '#17392D')
  const style = { '--accent': accent, '--accent-on': on, '--accent-border': border } as React.CSSProperties
  return (
    <figure className={`shop ${form.value.side}`} style={style} data-theme="light">
      <figcaption className="t12">{t('set.widget.preview')}</figcaption>
      <div className="shop-panel">
        <div className="shop-head">{form.value.company || form.value.name}</div>
        <div className="shop-text">{form.value.greeting.trim() || t('greeting')}</div>
        <div className="shop-own">…</div>
      </div>
      <div className="shop-launch">
        <Icon name="chat" size={20} />
      </div>
      {form.value.active ? null : <div className="shop-off">{t('set.widget.isOff')}</div>}
    </figure>
  )
}

function Snippet({ code }: { code: string }) {
  const { t } = useText()
  const [copied, setCopied] = useState(false)
  return (
    <div className="fr snippet">
      <span className="flab" id="snippet">
        {t('set.widget.snippet')}
      </span>
      <pre tabIndex={0} aria-labelledby="snippet" role="region">
        {code}
      </pre>
      <div className="flex g8">
        <button
          type="button"
          className="b sm"
          onClick={() => {
            void copyText(code).then(() => setCopied(true))
          }}
        >
          <Icon name={copied ? 'check' : 'copy'} size={14} />
          {t('set.widget.copy')}
        </button>
        <span role="status" className="t12 sec">
          {copied ? t('claim.copied') : ''}
        </span>
      </div>
      <p className="hlp">{t('set.widget.snippetHint')}</p>
    </div>
  )
}

/** Also where the page is not https and the clipboard of the browser is shut. */
async function copyText(text: string) {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
}

/** Names of zones with their present distance to UTC; the one that is set is there whatever the browser knows. */
export function useZones(current: string) {
  return useMemo(() => {
    const now = new Date()
    const offset = (zone: string) => {
      try {
        return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts(now).find((p) => p.type === 'timeZoneName')?.value.replace('GMT', 'UTC') ?? ''
      } catch {
        return ''
      }
    }
    const all = Intl.supportedValuesOf('timeZone')
    return [...new Set([current, 'Europe/Moscow', 'Asia/Almaty', ...all])].filter(Boolean).map((z) => ({ value: z, text: `${z.replaceAll('_', ' ')}, ${offset(z)}` }))
  }, [current])
}
