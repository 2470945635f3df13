import type { LabelChip } from '../../../shared/api.gen.ts'
import type { TextKey } from '../../../shared/i18n.ts'

/**
 * The palette of labels (D-45): twelve fixed colours, by their number in the contract. The colours stand in tokens.css
 * as --l-1 to --l-12, the text on them is dark or light, whichever gives the higher contrast. These are their names.
 */
export const LABEL_COLORS: readonly TextKey[] = [
  'color.0', 'color.1', 'color.2', 'color.3', 'color.4', 'color.5', 'color.6', 'color.7', 'color.8', 'color.9', 'color.10', 'color.11',
]

export const MAX_LABEL = 30

/** Class of a plain patch of a colour. */
export function swatchClass(color: number): string {
  return `swatch c${color}`
}

/** Class of a chip; one that was switched off is muted: no fill, its colour as a patch. */
export function labelClass(label: Pick<LabelChip, 'color' | 'active'>): string {
  return label.active ? `chip lab c${label.color}` : 'chip lab off'
}
