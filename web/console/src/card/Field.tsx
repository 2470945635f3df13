import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef } from 'react'
import type { TextKey } from '../../../shared/i18n.ts'
import { Refusal } from '../api/errors.ts'
import { type Reader, useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { Icon } from '../ui/marks.tsx'
import { clean } from '../window/Composer.tsx'
import type { CardField, Editing } from './useCardEdit.ts'

export const FIELD_TEXT: Record<CardField, TextKey> = {
  name: 'card.name',
  email: 'card.email',
  phone: 'card.phone',
  comment: 'card.comment',
}

const MAX: Record<CardField, number> = { name: 100, email: 200, phone: 40, comment: 2000 }

/** The value of a field as the door to its editing. */
export function FieldButton(props: { field: CardField; value: string; disabled?: string; onPress: () => void }) {
  const { t } = useText()
  return (
    <button className="field" data-field={props.field} aria-disabled={!!props.disabled} aria-describedby={props.disabled} onClick={props.onPress}>
      <span className={props.value ? 'field-text' : 'mut'} dir="auto">{props.value || '—'}</span>
      <span className="vh">
        , {t('btn.edit')}: {t(FIELD_TEXT[props.field])}
      </span>
      {props.disabled ? null : <Icon name="pen" size={14} />}
    </button>
  )
}

/**
 * One field in editing (D-43): Enter saves, Esc, Tab and a click aside cancel. A composition keeps its Enter, and a window
 * that is left with Alt+Tab keeps the field as it is.
 */
export function FieldInput(props: {
  editing: Editing
  onType: (value: string) => void
  onSave: (value: string) => void
  onCancel: (back: boolean) => void
}) {
  const r = useText()
  const { editing, onCancel } = props
  const { field, value, saving, error } = editing
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null)
  const pressedAside = usePressAside(box, () => onCancel(false))
  const long = field === 'comment'

  useEffect(() => {
    input.current?.focus()
    input.current?.select()
  }, [])
  useEffect(() => {
    if (error) input.current?.focus()
  }, [error])
  useLayoutEffect(() => {
    const el = input.current
    if (!long || !el) return
    el.style.height = 'auto'
    el.style.height = `${Math.min(el.scrollHeight + 2, 240)}px`
  }, [long, value])

  const onKeyDown = (e: KeyboardEvent) => {
    if (e.nativeEvent.isComposing || e.keyCode === 229) return
    if (e.key === 'Escape') onCancel(true)
    else if (e.key === 'Enter' && !(long && e.shiftKey)) props.onSave(clean(value))
    else return
    e.preventDefault()
  }

  const attributes = {
    ref: input,
    dir: 'auto',
    className: 'in',
    value,
    maxLength: MAX[field],
    readOnly: saving,
    'aria-label': r.t(FIELD_TEXT[field]),
    'aria-invalid': !!error,
    'aria-describedby': error ? `${id}error` : `${id}hint`,
    'aria-busy': saving,
    onChange: (e: { target: { value: string } }) => props.onType(e.target.value),
    onKeyDown,
    onBlur: () => {
      // The window went away, not the field; or the press that took the focus cancels when it ends.
      if (document.activeElement === input.current || !document.hasFocus() || pressedAside.current) return
      onCancel(false)
    },
  }
  return (
    <div className="field-edit" ref={box}>
      {long ? (
        <textarea {...attributes} rows={2} />
      ) : (
        <input {...attributes} type="text" inputMode={field === 'email' ? 'email' : field === 'phone' ? 'tel' : 'text'} autoComplete="off" />
      )}
      {error ? (
        <span className="err" id={`${id}error`} role="alert">
          <Icon name="warn" size={14} />
          {fieldError(r, field, error)}
        </span>
      ) : (
        <span className="field-hint" id={`${id}hint`}>
          {r.t('card.editHint')}
        </span>
      )}
    </div>
  )
}

function fieldError(r: Reader, field: CardField, error: unknown): string {
  const code = error instanceof Refusal ? error.code : ''
  if (code === 'invalid' && field === 'email') return r.t('form.email')
  if (code === 'invalid' && field === 'phone') return r.t('form.phone')
  return errorText(r, error)
}

/** A press elsewhere acts when it ends: what stands below must not move away under the finger. */
function usePressAside(box: React.RefObject<HTMLElement | null>, act: () => void) {
  const pressed = useRef(false)
  const latest = useRef(act)
  latest.current = act
  useEffect(() => {
    const down = (e: Event) => {
      pressed.current = !box.current?.contains(e.target as Node)
    }
    const up = () => {
      if (!pressed.current) return
      setTimeout(() => {
        pressed.current = false
        latest.current()
      })
    }
    const none = () => {
      pressed.current = false
    }
    addEventListener('pointerdown', down, true)
    addEventListener('pointerup', up, true)
    addEventListener('pointercancel', none, true)
    return () => {
      removeEventListener('pointerdown', down, true)
      removeEventListener('pointerup', up, true)
      removeEventListener('pointercancel', none, true)
    }
  }, [box])
  return pressed
}
