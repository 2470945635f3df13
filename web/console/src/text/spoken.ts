import type { Event } from '../../../shared/api.gen.ts'
import { systemText } from './system.ts'
import type { Reader } from './text.tsx'

/** An entry of the log as it is read out: who, then what. undefined: nothing of it is shown. */
export function spoken(r: Reader, event: Event): string | undefined {
  switch (event.kind) {
    case 'message':
      return `${authorName(r, event)}: ${event.text || r.t('msg.erased')}`
    case 'form':
      return r.t('row.form')
    case 'form_request':
      return `${authorName(r, event)}: ${r.t('win.contactForm')}`
    case 'department':
      return r.t('dept.chosen', { department: event.params?.department ?? '' })
    case 'system':
      return systemText(r, event)
    case 'erased':
      return r.t('msg.erased')
  }
}

export function authorName(r: Reader, event: Event): string {
  if (event.author === 'operator') return event.operator?.name ?? r.t('who.operator')
  return r.t(event.author === 'system' ? 'txt.system' : 'who.visitor')
}
