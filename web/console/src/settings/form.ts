// A form over something the server has: what is changed, what is wrong, and what others changed meanwhile.
import { createContext, use, useEffect, useRef, useState } from 'react'
import type { TextKey } from '../../../shared/i18n.ts'
import { Refusal } from '../api/errors.ts'
import { type Reader, useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { holdLeaving } from './guard.ts'

/** Equal by value, whatever the order of keys; an absent key is one that is undefined. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || Array.isArray(a) !== Array.isArray(b)) return false
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => same(x, b[i]))
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return [...new Set([...Object.keys(x), ...Object.keys(y)])].every((k) => same(x[k], y[k]))
}

/** What was typed stays; what was not touched follows the server. Fields changed on both sides are conflicts. */
export function rebase<T extends object>(base: T, mine: T, theirs: T): { value: T; conflicts: (keyof T)[] } {
  const value = { ...theirs }
  const conflicts: (keyof T)[] = []
  for (const k of Object.keys(mine) as (keyof T)[]) {
    if (same(mine[k], base[k])) continue
    value[k] = mine[k]
    if (!same(theirs[k], base[k]) && !same(theirs[k], mine[k])) conflicts.push(k)
  }
  return { value, conflicts }
}

export type Errors = Record<string, string>

export interface Form<T extends object> {
  value: T
  dirty: boolean
  busy: boolean
  saved: boolean
  /** By field; the empty name is of the form as a whole. */
  errors: Errors
  /** Newer values of the server for fields that are also changed here. */
  newer: Partial<T>
  set: (patch: Partial<T>) => void
  cancel: () => void
  /** Runs the save; true when it went well. */
  submit: () => Promise<boolean>
}

export interface FormOptions<T extends object> {
  /** Another key is another thing: its form begins anew. */
  id: string
  /** As the server has it now. */
  base: T
  check?: (value: T) => Errors
  /** Saves and gives what the server made of it. */
  save: (value: T) => Promise<T>
  /** Reads again what others changed, rights among it; only then does `base` bring the newer values. */
  onConflict?: () => Promise<unknown>
  /** The sentence of a refusal that means something special here. */
  refusal?: (e: Refusal) => TextKey | undefined
}

export function useForm<T extends object>(options: FormOptions<T>): Form<T> {
  const r = useText()
  const [state, setState] = useState({ id: options.id, base: options.base, value: options.base, conflicts: [] as (keyof T)[] })
  const [errors, setErrors] = useState<Errors>({})
  const [busy, setBusy] = useState(false)
  const [saved, setSaved] = useState(false)
  const running = useRef(false)

  let now = state
  if (state.id !== options.id) {
    now = { id: options.id, base: options.base, value: options.base, conflicts: [] }
    setState(now)
    setErrors({})
    setSaved(saved && same(state.base, options.base)) // a new thing got its id with its first save
  } else if (!same(state.base, options.base)) {
    const next = rebase(state.base, state.value, options.base)
    now = { ...state, base: options.base, value: next.value, conflicts: [...new Set([...state.conflicts, ...next.conflicts])] }
    setState(now)
  }
  const dirty = !same(now.value, now.base)
  useEffect(() => holdLeaving(dirty), [dirty])

  return {
    value: now.value,
    dirty,
    busy,
    saved: saved && !dirty,
    errors,
    newer: Object.fromEntries(now.conflicts.filter((k) => !same(now.value[k], now.base[k])).map((k) => [k, now.base[k]])) as Partial<T>,
    set(patch) {
      setState((s) => ({ ...s, value: { ...s.value, ...patch } }))
      setSaved(false)
      const touched = Object.keys(patch)
      setErrors((e) => Object.fromEntries(Object.entries(e).filter(([k]) => k !== '' && !touched.some((t) => k === t || k.startsWith(`${t}.`)))))
    },
    cancel() {
      setState((s) => ({ ...s, value: s.base, conflicts: [] }))
      setErrors({})
      setSaved(false)
    },
    async submit() {
      if (running.current) return false
      const wrong = options.check?.(now.value) ?? {}
      setErrors(wrong)
      if (Object.keys(wrong).length) {
        focusWrong()
        return false
      }
      running.current = true
      setBusy(true)
      try {
        const made = await options.save(now.value)
        setState((s) => (s.id === now.id ? { ...s, base: made, value: made, conflicts: [] } : s))
        setSaved(true)
        return true
      } catch (e) {
        if (e instanceof Refusal && ['conflict', 'forbidden'].includes(e.code)) await options.onConflict?.()
        setErrors(errorsOf(r, e, options.refusal))
        focusWrong()
        return false
      } finally {
        running.current = false
        setBusy(false)
      }
    },
  }
}

/** The first field that is wrong gets the focus, so that its message is read with it. */
function focusWrong() {
  setTimeout(() => document.querySelector<HTMLElement>('.set [aria-invalid=true]')?.focus())
}

/** A refusal as texts by field; without one the form as a whole says it. */
export function errorsOf(r: Reader, e: unknown, special?: (e: Refusal) => TextKey | undefined): Errors {
  if (!(e instanceof Refusal)) return { '': errorText(r, e) }
  const key = special?.(e)
  return { [e.code === 'conflict' ? '' : (e.field ?? '')]: key ? r.t(key) : refusalAt(r, e) }
}

function refusalAt(r: Reader, e: Refusal): string {
  switch (e.code) {
    case 'required':
      return r.t('form.required')
    case 'too_long':
      return e.max ? r.t('set.tooLong', { max: e.max }) : r.t('set.tooLongAny')
    case 'invalid':
    case 'wrong_type':
    case 'not_utf8':
      return r.t('set.invalid')
    case 'exists':
      return r.t('set.exists')
    case 'conflict':
      return r.t('set.conflict')
    case 'in_use':
      return r.t('set.inUse')
    case 'last_admin':
      return r.t('set.lastAdmin')
    case 'not_found':
      return r.t('set.gone')
    default:
      return errorText(r, e)
  }
}

// The context does not know the fields: names are checked where a form is made.
const FormContext = createContext<Form<any> | null>(null)
export const FormProvider = FormContext

export function useFormContext(): Form<Record<string, unknown>> {
  const form = use(FormContext)
  if (!form) throw new Error('no form above')
  return form
}
