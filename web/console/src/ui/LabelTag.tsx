import type { ReactNode } from 'react'
import type { LabelChip } from '../../../shared/api.gen.ts'
import { useText } from '../text/text.tsx'
import { labelClass, swatchClass } from './labels.ts'

/** A label as a chip: its text on its colour, muted once it was switched off (D-45). The text is only ever text (I-11). */
export function LabelTag({ label, children }: { label: LabelChip; children?: ReactNode }) {
  const { t } = useText()
  return (
    <span className={labelClass(label)} title={label.active ? undefined : t('label.inactive')}>
      {label.active ? null : <i className={swatchClass(label.color)} aria-hidden="true" />}
      <span className="ell" dir="auto">{label.text}</span>
      {label.active ? null : <span className="vh">, {t('label.inactive')}</span>}
      {children}
    </span>
  )
}
