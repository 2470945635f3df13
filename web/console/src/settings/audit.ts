// The log of actions in words: what was done, and which values were changed from what to what (I-13).
import type { AuditRecord, Hours, HoursInterval } from '../../../shared/api.gen.ts'
import type { TextKey } from '../../../shared/i18n.ts'
import type { Reader } from '../text/text.tsx'
import { LABEL_COLORS } from '../ui/labels.ts'
import { same } from './form.ts'

export const ACTIONS: Record<string, TextKey> = {
  claim: 'set.act.claim',
  transfer: 'set.act.transfer',
  leave: 'win.leave',
  rate: 'set.rating',
  card: 'set.act.card',
  block: 'act.block',
  unblock: 'act.unblock',
  deadline: 'set.act.deadline',
  backlog: 'queue.backlog',
  consent: 'set.act.consent',
  consent_withdrawn: 'set.act.consentWithdrawn',
  erase: 'set.act.erase',
  token_revoke: 'set.act.revoke',
  settings: 'set.act.settings',
  setup: 'set.act.setup',
  access: 'set.act.access',
  project_create: 'set.act.projectCreate',
  department_create: 'set.act.departmentCreate',
  department_change: 'set.act.departmentChange',
  department_delete: 'set.act.departmentDelete',
  operator_create: 'set.act.operatorCreate',
  operator_change: 'set.act.operatorChange',
  template_create: 'set.act.templateCreate',
  template_change: 'set.act.templateChange',
  template_delete: 'set.act.templateDelete',
  label_create: 'label.create',
  label_change: 'set.act.labelChange',
  label_delete: 'set.act.labelDelete',
  tag_create: 'set.act.tagCreate',
  tag_change: 'set.act.tagChange',
  tag_delete: 'set.act.tagDelete',
  blocks_replaced: 'set.act.blocksReplaced',
  refused: 'set.act.refused',
}

const FIELDS: Record<string, TextKey> = {
  name: 'set.name',
  title: 'set.name',
  text: 'set.text',
  comment: 'card.comment',
  email: 'card.email',
  phone: 'card.phone',
  login: 'signin.login',
  password: 'signin.password',
  active: 'label.active',
  color: 'label.color',
  command: 'set.template.command',
  own: 'set.template.own',
  department: 'dept.one',
  department_id: 'dept.one',
  department_choice: 'set.widget.choice',
  members: 'set.operators',
  member_ids: 'set.operators',
  hours: 'time.working',
  dialog_limit: 'limit.dialogs',
  level: 'nav.accessLevel',
  language: 'lang.title',
  accent: 'set.widget.accent',
  side: 'set.widget.side',
  greeting: 'set.widget.greeting',
  company: 'set.widget.company',
  origins: 'set.widget.origins',
  time_zone: 'set.timezone',
  long_wait_seconds: 'queue.longWait',
  auto_close_minutes: 'set.autoClose',
  rating: 'set.rating',
  rating_prompt_seconds: 'set.rating.prompt',
  tagging: 'tag.tagging',
  tags: 'tag.many',
  label_level: 'label.create',
  retention_days: 'set.widget.retention',
  form: 'set.contacts',
  ip: 'det.ip',
  note: 'card.comment',
  block_list_url: 'set.block.listUrl',
  block_hook_url: 'set.block.hookUrl',
}

/** Parts of the contact form, told one by one; its fields bear other names than those of other things. */
const FORM: Record<string, TextKey> = {
  enabled: 'set.contacts.enabled',
  before: 'set.contacts.before',
  title: 'set.contacts.title',
  name: 'card.name',
  phone: 'card.phone',
  email: 'card.email',
  consent_text: 'set.contacts.consent',
  consent_url: 'set.contacts.url',
}
const MODES: Record<string, TextKey> = { hidden: 'set.contacts.hidden', shown: 'set.contacts.shown', required: 'set.contacts.required' }

const LEVELS: Record<string, TextKey> = { none: 'set.access.none', view: 'who.viewer', operator: 'who.operator', senior: 'who.senior', admin: 'who.admin' }

export function actionText(r: Reader, action: string): string {
  const key = ACTIONS[action]
  return key ? r.t(key) : action
}

export interface Change {
  field: string
  before?: string
  after?: string
}

/** What is told of an action beside what it changed. */
const DETAILS: Record<string, TextKey> = {
  operator: 'who.operator',
  from: 'set.act.from',
  to: 'set.act.to',
  department: 'dept.one',
  tags: 'tag.many',
  label: 'label.one',
  stars: 'set.rating',
  list: 'set.block.from',
}
const LISTS: Record<string, TextKey> = { system: 'set.block.systemOne', manual: 'set.block.manual', operator: 'who.operator' }

/** Of whom and what the action was: names where the server knows one, else the ids of what is deleted. */
export function detailsOf(r: Reader, record: Pick<AuditRecord, 'detail' | 'names'>): { field: string; value: string }[] {
  return Object.entries(DETAILS).flatMap(([k, key]) => {
    const value = record.detail?.[k]
    const text = k === 'list' && LISTS[String(value)] ? r.t(LISTS[String(value)]!) : valueText(r, k, value, record.names)
    return text === undefined ? [] : [{ field: r.t(key), value: text }]
  })
}

/** Only what differs; ids and counters of the record itself say nothing to a reader. */
export function changesOf(r: Reader, record: Pick<AuditRecord, 'before' | 'after' | 'names'>, fields = FIELDS): Change[] {
  const { before, after } = record
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter((k) => k !== 'id' && k !== 'rev')
  return keys
    .filter((k) => !same(before?.[k], after?.[k]))
    .flatMap((k): Change[] => {
      const [was, is] = [before?.[k], after?.[k]]
      if (k === 'form' && isRecord(was) && isRecord(is)) return changesOf(r, { before: was, after: is }, FORM)
      if (fields === FORM && !FORM[k]) return [] // the version follows the text
      const text = (value: unknown) => (fields === FORM && MODES[String(value)] ? r.t(MODES[String(value)]!) : valueText(r, k, value, record.names))
      return [{ field: fields[k] ? r.t(fields[k]) : k, before: before && text(was), after: after && text(is) }]
    })
    .filter((c) => c.before !== undefined || c.after !== undefined)
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x)

function valueText(r: Reader, key: string, value: unknown, names: Record<string, string> = {}): string | undefined {
  if (key === 'hours' && value === null) return r.t('set.hours.always')
  if (key === 'color' && typeof value === 'number' && LABEL_COLORS[value]) return r.t(LABEL_COLORS[value])
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'boolean') return r.t(value ? 'btn.yes' : 'btn.no')
  if (key === 'level' || key === 'label_level') return LEVELS[String(value)] ? r.t(LEVELS[String(value)]!) : String(value)
  if (key === 'hours' && isRecord(value)) return hoursText(r, value as unknown as Hours)
  if (Array.isArray(value)) return value.map((v) => valueText(r, '', v, names) ?? '').join(', ') || undefined
  if (isRecord(value)) return typeof value.name === 'string' ? value.name : JSON.stringify(value)
  return names[String(value)] ?? String(value)
}

const DAYS = [1, 2, 3, 4, 5, 6, 7] as const

function hoursText(r: Reader, hours: Partial<Hours>): string {
  if (hours.always || !hours.week) return r.t('set.hours.always')
  const day = (list: HoursInterval[]) => list.map((x) => `${x.from}–${x.to}`).join(', ')
  const week = DAYS.map((n, i) => [n, day(hours.week?.[i] ?? [])] as const).filter(([, text]) => text)
  const exceptions = (hours.exceptions ?? []).map((e) => `${e.date} ${day(e.intervals) || r.t('set.hours.dayOff')}`)
  return [...week.map(([n, text]) => `${r.t(`day.${n}`)} ${text}`), ...exceptions].join('; ') || r.t('set.hours.rowNever')
}
