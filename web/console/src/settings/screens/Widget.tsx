// Screens that are one small form each: priority, closing, chat elements, contact request, hours of the widget.
import type { FieldMode, Hours, ProjectSettings } from '../../../../shared/api.gen.ts'
import type { TextKey } from '../../../../shared/i18n.ts'
import { useText } from '../../text/text.tsx'
import type { IconName } from '../../ui/icons.ts'
import { Icon } from '../../ui/marks.tsx'
import { useProjectForm } from '../data.ts'
import { AreaField, FormPane, RadioField, TextField, ToggleField, whole, Wrong } from '../fields.tsx'
import { type Form, useFormContext } from '../form.ts'
import { hoursErrors, HoursEditor } from '../HoursEditor.tsx'
import { WithSettings } from './Project.tsx'

const UNTAKEN = 180 // seconds; fixed, whatever the setting (D-07)

export function Priority() {
  return <WithSettings>{(s) => <PriorityForm settings={s} />}</WithSettings>
}

function PriorityForm({ settings }: { settings: ProjectSettings }) {
  const { t } = useText()
  const form = useProjectForm(settings, {
    name: 'priority',
    draft: (s) => ({ long_wait_seconds: String(s.long_wait_seconds) }),
    patch: (d) => ({ long_wait_seconds: Number(d.long_wait_seconds) }),
    check: (d): Record<string, string> => (whole(d.long_wait_seconds, 30, 3600) === undefined ? { long_wait_seconds: t('set.whole', { min: 30, max: 3600 }) } : {}),
  })
  const seconds = whole(form.value.long_wait_seconds, 30, 3600)
  return (
    <FormPane form={form} label={t('queue.priority')} title={<h2>{t('queue.priority')}</h2>} wide>
      <div className="number">
        <TextField
          name="long_wait_seconds"
          label={t('queue.longWait')}
          inputMode="numeric"
          maxLength={4}
          hint={t('set.priority.hint')}
          after={
            <span className="t13 fix">
              {t('set.seconds')}{' '}
              {seconds ? <span className="mut">= {t('set.priority.minutes', { m: Math.floor(seconds / 60), s: String(seconds % 60).padStart(2, '0') })}</span> : null}
            </span>
          }
        />
      </div>
      <div className="fr">
        <span className="flab">{t('set.priority.what')}</span>
        <WaitPicture seconds={seconds ?? settings.long_wait_seconds} />
      </div>
    </FormPane>
  )
}

/** The two things the setting moves, and the one it does not (D-07). */
function WaitPicture({ seconds }: { seconds: number }) {
  const { t } = useText()
  const longest = Math.max(seconds, UNTAKEN) * 1.2
  const step = [60, 120, 300, 600, 900, 1200].find((s) => longest / s <= 6) ?? 1800
  const all = Math.ceil(longest / step) * step
  const lines: [string, number, TextKey, IconName, boolean][] = [
    [t('set.priority.taken'), seconds, 'list.overdue', 'clock', true],
    [t('set.priority.untaken'), UNTAKEN, 'list.unclaimed', 'hour', true],
    [t('set.priority.queue'), seconds, 'win.contactForm', 'form', false],
  ]
  return (
    <div className="wait">
      <div className="wait-grid" aria-hidden="true">
        {Array.from({ length: all / step + 1 }, (_, i) => (
          <span key={i} style={{ left: `${((i * step) / all) * 100}%` }}>
            <i />
            {t('ago.minutes', { n: (i * step) / 60 })}
          </span>
        ))}
      </div>
      <ul>
        {lines.map(([what, at, result, icon, red], i) => (
          <li key={i}>
            <span className="t13 sec wait-what">{what}</span>
            <span className="wait-line">
              <span className="wait-bar" style={{ width: `${(at / all) * 100}%` }} />
              <span className={red ? 'wait-end t12 semi' : 'wait-end t12 amber'} style={{ left: `calc(${(at / all) * 100}% - 8px)` }}>
                <span className="sq">
                  <Icon name={icon} size={12} />
                </span>
                {t(result)}
                <span className="vh">: {t('set.priority.minutes', { m: Math.floor(at / 60), s: String(at % 60).padStart(2, '0') })}</span>
              </span>
            </span>
          </li>
        ))}
      </ul>
      <p className="t12 mut">{t('set.priority.note')}</p>
    </div>
  )
}

export function Closing() {
  return <WithSettings>{(s) => <ClosingForm settings={s} />}</WithSettings>
}

function ClosingForm({ settings }: { settings: ProjectSettings }) {
  const { t } = useText()
  const form = useProjectForm(settings, {
    name: 'closing',
    draft: (s) => ({ on: s.auto_close_minutes > 0, auto_close_minutes: String(s.auto_close_minutes || 30) }),
    patch: (d) => ({ auto_close_minutes: d.on ? Number(d.auto_close_minutes) : 0 }),
    check: (d): Record<string, string> => (d.on && whole(d.auto_close_minutes, 1, 10080) === undefined ? { auto_close_minutes: t('set.whole', { min: 1, max: 10080 }) } : {}),
  })
  return (
    <FormPane form={form} label={t('set.autoClose')} title={<h2>{t('set.autoClose')}</h2>}>
      <ToggleField name="on" label={t('set.closing.on')} hint={t('set.closing.hint')} />
      {form.value.on ? (
        <div className="number">
          <TextField name="auto_close_minutes" label={t('set.closing.after')} inputMode="numeric" maxLength={5} after={<span className="t13 fix">{t('set.minutes')}</span>} hint={t('set.closing.tags')} />
        </div>
      ) : null}
    </FormPane>
  )
}

export function Elements() {
  return <WithSettings>{(s) => <ElementsForm settings={s} />}</WithSettings>
}

function ElementsForm({ settings }: { settings: ProjectSettings }) {
  const { t } = useText()
  const form = useProjectForm(settings, {
    name: 'elements',
    draft: (s) => ({ rating: s.rating, rating_prompt_seconds: String(s.rating_prompt_seconds % 3600 ? s.rating_prompt_seconds / 60 : s.rating_prompt_seconds / 3600), unit: s.rating_prompt_seconds % 3600 ? 'm' : 'h' }),
    patch: (d) => ({ rating: d.rating, rating_prompt_seconds: Math.round(Number(d.rating_prompt_seconds) * (d.unit === 'h' ? 3600 : 60)) }),
    check: (d): Record<string, string> => (whole(d.rating_prompt_seconds, 1, d.unit === 'h' ? 8760 : 525600) === undefined ? { rating_prompt_seconds: t('set.whole', { min: 1, max: d.unit === 'h' ? 8760 : 525600 }) } : {}),
  })
  return (
    <FormPane form={form} label={t('set.elements')} title={<h2>{t('set.elements')}</h2>}>
      <ToggleField name="rating" label={t('set.rating')} hint={t('set.rating.hint')} />
      {form.value.rating ? (
        <div className="number two">
          <TextField name="rating_prompt_seconds" label={t('set.rating.prompt')} inputMode="numeric" maxLength={6} hint={t('set.rating.promptHint')} />
          <RadioField
            name="unit"
            label={t('set.unit')}
            choices={[
              { value: 'm', text: t('set.minutes') },
              { value: 'h', text: t('set.hoursUnit') },
            ]}
          />
        </div>
      ) : null}
    </FormPane>
  )
}

export function WidgetHours() {
  return <WithSettings>{(s) => <WidgetHoursForm settings={s} />}</WithSettings>
}

function WidgetHoursForm({ settings }: { settings: ProjectSettings }) {
  const r = useText()
  const form = useProjectForm<{ hours: Hours }>(settings, {
    name: 'hours',
    draft: (s) => ({ hours: s.hours }),
    patch: (d) => d,
    check: (d) => hoursErrors(r, d.hours),
  })
  return (
    <FormPane form={form} label={r.t('time.working')} title={<h2>{r.t('time.working')}</h2>} wide>
      <p className="t13 sec lead">{r.t('set.hours.widget')}</p>
      <HoursEditor name="hours" label={r.t('set.hours.schedule')} zone={settings.time_zone} />
    </FormPane>
  )
}

interface ContactsDraft {
  enabled: boolean
  before: boolean
  title: string
  name: FieldMode
  phone: FieldMode
  email: FieldMode
  consent_text: string
  consent_url: string
}
const FIELDS = ['name', 'phone', 'email'] as const
const FIELD_TEXT = { name: 'card.name', phone: 'card.phone', email: 'card.email' } as const

export function Contacts() {
  return <WithSettings>{(s) => <ContactsForm settings={s} />}</WithSettings>
}

function ContactsForm({ settings }: { settings: ProjectSettings }) {
  const { t } = useText()
  const form = useProjectForm<ContactsDraft>(settings, {
    name: 'contacts',
    draft: ({ form: f }) => ({ enabled: f.enabled, before: f.before, title: f.title ?? '', name: f.name, phone: f.phone, email: f.email, consent_text: f.consent_text ?? '', consent_url: f.consent_url ?? '' }),
    patch: (d) => ({ form: { ...d, title: d.title.trim(), consent_text: d.consent_text.trim(), consent_url: d.consent_url.trim() } }),
    check(d) {
      const errors: Record<string, string> = {}
      if (FIELDS.every((f) => d[f] === 'hidden')) errors.fields = t('set.contacts.noFields')
      if (d.consent_url.trim() && !/^https?:\/\/\S+$/.test(d.consent_url.trim())) errors.consent_url = t('set.urlBad')
      return errors
    },
  })
  return (
    <FormPane form={form} label={t('set.contacts')} title={<h2>{t('set.contacts')}</h2>} wide>
      <div className="beside">
        <div>
          <ToggleField name="enabled" label={t('set.contacts.enabled')} hint={t('set.contacts.enabledHint')} />
          <ToggleField name="before" label={t('set.contacts.before')} hint={t('set.contacts.beforeHint')} />
          <TextField name="title" label={t('set.contacts.title')} maxLength={100} placeholder={t('form.title')} />
          <Modes />
          <AreaField name="consent_text" label={t('set.contacts.consent')} rows={4} maxLength={2000} placeholder={t('consent.text', { company: settings.company || settings.name })} hint={t('set.contacts.consentHint')} />
          <TextField name="consent_url" label={t('set.contacts.url')} maxLength={2000} placeholder="https://" hint={t('set.contacts.urlHint')} inputMode="url" />
        </div>
        <FormPicture form={form} company={settings.company || settings.name} />
      </div>
    </FormPane>
  )
}

/** Each field: not asked, asked, must be given (D-34). */
function Modes() {
  const { t } = useText()
  const form = useFormContext()
  return (
    <div role="group" aria-label={t('set.contacts.fields')} className="modes">
      <Wrong text={form.errors.fields} />
      {FIELDS.map((f) => (
        <RadioField
          key={f}
          name={f}
          label={t(FIELD_TEXT[f])}
          choices={[
            { value: 'hidden', text: t('set.contacts.hidden') },
            { value: 'shown', text: t('set.contacts.shown') },
            { value: 'required', text: t('set.contacts.required') },
          ]}
        />
      ))}
    </div>
  )
}

function FormPicture({ form, company }: { form: Form<ContactsDraft>; company: string }) {
  const { t } = useText()
  const d = form.value
  return (
    <figure className="fpic">
      <figcaption className="t12 mut">{t('set.contacts.preview')}</figcaption>
      <div className="fcard">
        <b>{d.title.trim() || t('form.title')}</b>
        {FIELDS.filter((f) => d[f] !== 'hidden').map((f) => (
          <span key={f} className="fake-in">
            {t(FIELD_TEXT[f])}
            {d[f] === 'required' ? ' *' : ''}
          </span>
        ))}
        <span className="fake-check">
          <i />
          <span>
            {d.consent_text.trim() || t('consent.text', { company })}
            {d.consent_url.trim() ? <u> {t('consent.link')}</u> : null}
          </span>
        </span>
        <span className="fake-button">{t('win.send')}</span>
      </div>
      {d.enabled ? null : <p className="t12 mut">{t('set.contacts.off')}</p>}
    </figure>
  )
}
