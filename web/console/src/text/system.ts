import type { Event, LastEvent, RowVisitor } from '../../../shared/api.gen.ts'
import type { TextKey } from '../../../shared/i18n.ts'
import type { Reader } from './text.tsx'

/** System messages arrive as key and params and are rendered in the reader's language (D-56). These are the keys the log may hold. */
const SYSTEM_KEYS: readonly TextKey[] = [
  'dialog.ended.operator',
  'form.sent',
  'form.filled',
  'dept.chosen',
  'backlog.visitor',
  'hours.visitor',
  'offline.visitor',
  'transfer.done',
  'operator.joined',
  'block.done',
  'unblock.done',
]

const known = new Set<string>(SYSTEM_KEYS)

/** undefined: a key this console does not know; the entry is left out rather than shown raw. */
export function systemText(r: Reader, event: Event): string | undefined {
  return event.key && known.has(event.key) ? r.t(event.key as TextKey, event.params) : undefined
}

export function visitorName(r: Reader, visitor: RowVisitor): string {
  return upright(visitor.name) || `${r.t('who.visitor')} ${visitor.number}`
}

/** A name or title among other words, without the signs that turn the direction of what stands beside it. */
export function upright(name: string | undefined): string {
  return name?.replace(/[\u202a-\u202e\u2066-\u2069]/g, '') ?? ''
}

/** For the many rows of a list: the browser looks for the direction of a text only where it may be another. */
export function dirOf(text: string): 'auto' | undefined {
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/.test(text) ? 'auto' : undefined
}

/** Second line of a row: what was said last (R-037, D-25). */
export function lastText(r: Reader, last: LastEvent | undefined): { text: string; system: boolean; by?: string } {
  if (!last) return { text: '', system: true }
  if (last.kind === 'form') return { text: r.t('row.form'), system: true }
  if (last.kind === 'department') return { text: r.t('row.dept', { department: last.department ?? '' }), system: true }
  if (last.kind === 'message' && !last.text) return { text: r.t('msg.erased'), system: true }
  return { text: last.text ?? '', system: last.kind === 'system', by: last.mine ? r.t('txt.you') : last.operator }
}
