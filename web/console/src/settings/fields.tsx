import { type ComponentProps, type FormEvent, type ReactNode, useId } from 'react'
import { useText } from '../text/text.tsx'
import { Icon } from '../ui/marks.tsx'
import { type Form, FormProvider, useFormContext } from './form.ts'

export function Wrong({ id, text }: { id?: string; text?: string }) {
  return text ? (
    <p className="err" id={id}>
      <Icon name="warn" size={14} />
      <span>{text}</span>
    </p>
  ) : null
}

export interface ControlProps {
  id: string
  'aria-invalid'?: boolean
  'aria-describedby'?: string
}

/** A label, a control, a hint, what is wrong with it, and the newer value of the server (never only by colour). */
export function Field(props: { name: string; label: string; hint?: ReactNode; show?: (value: never) => string; children: (control: ControlProps) => ReactNode; className?: string }) {
  const { name, label, hint, children } = props
  const form = useFormContext()
  const id = useId()
  const error = form.errors[name]
  const newer = name in form.newer
  return (
    <div className={`fr ${props.className ?? ''}`}>
      <label className="flab" htmlFor={id}>
        {label}
      </label>
      {children({ id, 'aria-invalid': error ? true : undefined, 'aria-describedby': [error && `${id}e`, newer && `${id}n`, hint && `${id}h`].filter(Boolean).join(' ') || undefined })}
      <Wrong id={`${id}e`} text={error} />
      {newer ? <Newer id={`${id}n`} name={name} show={props.show as ((v: unknown) => string) | undefined} /> : null}
      {hint ? (
        <p className="hlp" id={`${id}h`}>
          {hint}
        </p>
      ) : null}
    </div>
  )
}

/** Somebody else saved another value meanwhile: shown beside what is typed here, which is kept. */
export function Newer({ id, name, show }: { id?: string; name: string; show?: (value: unknown) => string }) {
  const { t } = useText()
  const form = useFormContext()
  if (!(name in form.newer)) return null
  const value = form.newer[name]
  const plain = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  return (
    <p className="err newer" id={id}>
      <Icon name="info" size={14} />
      <span>
        {show ? t('set.newer', { value: show(value) }) : plain ? t('set.newer', { value: plain }) : t('set.newerAny')}{' '}
        <button type="button" className="link" onClick={() => form.set({ [name]: value })}>
          {t('set.takeNewer')}
        </button>
      </span>
    </p>
  )
}

type InputProps = Omit<ComponentProps<'input'>, 'name' | 'onChange' | 'value'> & { name: string; label: string; hint?: ReactNode; after?: ReactNode }

export function TextField({ name, label, hint, after, ...input }: InputProps) {
  const form = useFormContext()
  return (
    <Field name={name} label={label} hint={hint}>
      {(control) => {
        const field = <input className="in" autoComplete="off" {...control} {...input} value={form.value[name] as string} onChange={(e) => form.set({ [name]: e.target.value })} />
        return after ? (
          <div className="flex g8">
            {field}
            {after}
          </div>
        ) : (
          field
        )
      }}
    </Field>
  )
}

export function AreaField({ name, label, hint, ...area }: Omit<ComponentProps<'textarea'>, 'name' | 'onChange' | 'value'> & { name: string; label: string; hint?: ReactNode }) {
  const form = useFormContext()
  return (
    <Field name={name} label={label} hint={hint}>
      {(control) => <textarea className="in area" {...control} {...area} value={form.value[name] as string} onChange={(e) => form.set({ [name]: e.target.value })} />}
    </Field>
  )
}

export interface Choice {
  value: string
  text: string
}

export function SelectField({ name, label, hint, choices }: { name: string; label: string; hint?: ReactNode; choices: readonly Choice[] }) {
  const form = useFormContext()
  return (
    <Field name={name} label={label} hint={hint} show={(v: string) => choices.find((c) => c.value === v)?.text ?? v}>
      {(control) => <Select {...control} value={form.value[name] as string} choices={choices} onPick={(v) => form.set({ [name]: v })} />}
    </Field>
  )
}

export function Select({ value, choices, onPick, ...rest }: { value: string; choices: readonly Choice[]; onPick: (value: string) => void } & Omit<ComponentProps<'select'>, 'value' | 'onChange'>) {
  return (
    <span className="select">
      <select className="in" {...rest} value={value} onChange={(e) => onPick(e.target.value)}>
        {choices.map((c) => (
          <option key={c.value} value={c.value}>
            {c.text}
          </option>
        ))}
      </select>
      <Icon name="down" size={14} />
    </span>
  )
}

/** One of a few, all of them seen. */
export function RadioField({ name, label, hint, choices }: { name: string; label: string; hint?: ReactNode; choices: readonly Choice[] }) {
  const form = useFormContext()
  const id = useId()
  return (
    <fieldset className="fr seg-field">
      <legend className="flab">{label}</legend>
      <span className="seg">
        {choices.map((c) => (
          <label key={c.value}>
            <input type="radio" className="vh" name={id} value={c.value} checked={form.value[name] === c.value} onChange={() => form.set({ [name]: c.value })} />
            <span>{c.text}</span>
          </label>
        ))}
      </span>
      <Wrong text={form.errors[name]} />
      <Newer name={name} show={(v) => choices.find((c) => c.value === v)?.text ?? ''} />
      {hint ? <p className="hlp">{hint}</p> : null}
    </fieldset>
  )
}

export function Toggle(props: { on: boolean; onChange: (on: boolean) => void; label: string; hint?: ReactNode; describedBy?: string }) {
  const id = useId()
  return (
    <div className="toggle">
      <button type="button" role="switch" className="tgl" aria-checked={props.on} aria-labelledby={`${id}l`} aria-describedby={props.hint ? `${id}h` : undefined} onClick={() => props.onChange(!props.on)} />
      <div>
        <div className="t13 med" id={`${id}l`} onClick={(e) => !e.currentTarget.closest('fieldset[disabled]') && props.onChange(!props.on)}>
          {props.label}
        </div>
        {props.hint ? (
          <div className="hlp" id={`${id}h`}>
            {props.hint}
          </div>
        ) : null}
      </div>
    </div>
  )
}

export function ToggleField({ name, label, hint }: { name: string; label: string; hint?: ReactNode }) {
  const { t } = useText()
  const form = useFormContext()
  return (
    <div className="fr">
      <Toggle on={form.value[name] as boolean} onChange={(on) => form.set({ [name]: on })} label={label} hint={hint} />
      <Wrong text={form.errors[name]} />
      <Newer name={name} show={(v) => t(v ? 'set.on' : 'set.off')} />
    </div>
  )
}

/** A whole number typed as text; what is typed stays as it is until it is saved. */
export function whole(text: string, min: number, max: number): number | undefined {
  const n = /^\d{1,9}$/.test(text.trim()) ? Number(text) : NaN
  return n >= min && n <= max ? n : undefined
}

/** The form with its foot: what can be done stands still below, whatever is scrolled above. */
export function FormPane<T extends object>(props: {
  form: Form<T>
  title: ReactNode
  label: string
  wide?: boolean
  children: ReactNode
  foot?: ReactNode
  fresh?: boolean
  onCancel?: () => void
}) {
  const { t } = useText()
  const { form } = props
  const idle = !form.dirty && !props.fresh
  const submit = (e: FormEvent) => {
    e.preventDefault()
    if (!idle) void form.submit()
  }
  const left = Object.keys(form.newer).length > 0
  return (
    <FormProvider value={form as never}>
      <form className="ed" aria-label={props.label} onSubmit={submit} noValidate>
        <div className="bd" tabIndex={-1}>
          <div className={props.wide ? 'w wide' : 'w'}>
            {props.title}
            {props.children}
          </div>
        </div>
        <div className="ft">
          <button type="submit" className="b pri" aria-disabled={idle || form.busy}>
            {t('btn.save')}
          </button>
          <button
            type="button"
            className="b gh"
            onClick={() => {
              form.cancel()
              props.onCancel?.()
            }}
          >
            {t('btn.cancel')}
          </button>
          <span className="said t12" role="status">
            {form.errors[''] || left ? null : form.dirty ? t('set.dirty') : form.saved ? t('set.saved') : null}
          </span>
          <span role="alert" className="said">
            <Wrong text={form.errors[''] ?? (left ? t('set.conflict') : undefined)} />
          </span>
          <span className="sp" />
          {props.foot}
        </div>
      </form>
    </FormProvider>
  )
}
