import { NoAnswer, Refusal } from '../api/errors.ts'
import type { Reader } from '../text/text.tsx'

/** A sentence for a refusal, chosen by its code; shown where the action was. */
export function errorText(r: Reader, e: unknown): string {
  if (e instanceof NoAnswer) return r.t('err.noAnswer')
  if (!(e instanceof Refusal)) return r.t('err.unknown')
  if (e.code === 'too_many_requests') return r.t('err.tooMany', { n: e.retryAfter ?? 5 })
  return refusalText(r, e.code, { name: e.operator?.name, max: e.max })
}

export function refusalText(r: Reader, code: string, about: { name?: string; max?: number } = {}): string {
  switch (code) {
    case 'already_claimed':
      return r.t('claim.lost', { name: about.name ?? '' })
    case 'limit_reached':
      return r.t('limit.reached')
    case 'outside_working_hours':
      return r.t('hours.closed')
    case 'not_assignee':
      return about.name ? r.t('dialog.foreign', { name: about.name }) : r.t('transfer.lost')
    case 'not_claimed':
      return r.t('transfer.notClaimed')
    case 'target_unavailable':
      return r.t('transfer.unavailable')
    case 'unseen_message':
      return r.t('leave.unseen')
    case 'tag_required':
      return r.t('tag.required')
    case 'session_closed':
      return r.t('win.closed')
    case 'too_long':
    case 'too_large':
      return r.t('msg.tooLong', { max: about.max ?? 4000 })
    case 'no_visitor_messages':
      return r.t('download.off')
    case 'not_found':
      return r.t('win.notFound')
    case 'consent_required':
      return r.t('card.noConsent')
    case 'conflict':
      return r.t('card.conflict')
    case 'label_limit':
      return r.t('label.limit')
    case 'no_address':
      return r.t('block.noAddress')
    case 'form_disabled':
      return r.t('form.pendingReplaced')
    case 'blocked':
      return r.t('clock.barBlocked')
    case 'unauthenticated':
      return r.t('signin.expired')
    case 'forbidden':
      return r.t('err.forbidden')
    case 'unavailable':
      return r.t('err.unavailable')
    case 'no_answer':
      return r.t('err.noAnswer')
    default:
      return r.t('err.unknown')
  }
}
