// Departments with their members and hours (I-05), operators with their limits and hours (I-06).
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AdminOperator, Department, Hours, Person } from '../../../../shared/api.gen.ts'
import { call } from '../../api/client.ts'
import { useText } from '../../text/text.tsx'
import { useNow } from '../../ui/hooks.ts'
import { Avatar, Icon } from '../../ui/marks.tsx'
import { PickList } from '../../ui/PickList.tsx'
import { PopButton } from '../../ui/PopButton.tsx'
import { PAGE, readAll, usePlace, useProjectSettings, useRequired } from '../data.ts'
import { Newer, TextField, Toggle, ToggleField, whole, Wrong } from '../fields.tsx'
import { type Form, useFormContext } from '../form.ts'
import { hoursErrors, HoursEditor, stateShort } from '../HoursEditor.tsx'
import { wallClock } from '../hours.ts'
import { ListScreen } from '../ListScreen.tsx'

const ALWAYS: Hours = { always: true, week: [[], [], [], [], [], [], []], exceptions: [] }
const DEFAULT_ZONE = 'Europe/Moscow' // of a new project (D-22), until the settings are read

interface DepartmentDraft {
  name: string
  active: boolean
  member_ids: string[]
  hours: Hours
}

export function Departments() {
  const r = useText()
  const { project } = usePlace()
  const required = useRequired()
  const zone = useProjectSettings().data?.time_zone ?? DEFAULT_ZONE
  const now = wallClock(zone, useNow(60_000))
  const path = { project_id: project.id }
  const people = useQuery({ queryKey: ['settings', 'access', 'all'], queryFn: () => readAll((cursor) => call('get', '/admin/access', { query: { cursor, limit: 200 } })), staleTime: 0 })
  // Who may take dialogs here; members who may not any more are shown as long as they are members.
  const able: Person[] = (people.data ?? []).filter((a) => a.active && !['none', 'view'].includes(a.levels[project.id] ?? 'none')).map((a) => a.operator)
  const input = (d: DepartmentDraft) => ({ ...d, name: d.name.trim() })
  return (
    <ListScreen<Department, DepartmentDraft>
      crud={{
        screen: 'departments',
        title: 'set.departments',
        one: 'dept.one',
        none: 'set.dept.none',
        tall: true,
        wide: true,
        read: (q, cursor, signal) => call('get', '/admin/projects/{project_id}/departments', { path, query: { q, cursor, limit: PAGE }, signal }),
        blank: { name: '', active: true, member_ids: [], hours: ALWAYS },
        draft: (x) => ({ name: x.name, active: x.active, member_ids: x.members.map((m) => m.id), hours: x.hours }),
        check: (d) => ({ ...required({}, 'name', d.name), ...hoursErrors(r, d.hours) }),
        create: (d) => call('post', '/admin/projects/{project_id}/departments', { path, body: input(d) }),
        update: (x, d) => call('put', '/admin/projects/{project_id}/departments/{department_id}', { path: { ...path, department_id: x.id }, body: input(d) }),
        remove: (x) => call('delete', '/admin/projects/{project_id}/departments/{department_id}', { path: { ...path, department_id: x.id } }),
        exists: 'set.dept.exists',
        nameOf: (x) => x.name,
        row: (x, current) => {
          const state = stateShort(r, x.hours, now)
          return (
            <>
              <span className="li-two">
                <span className={current ? 'semi ell' : 'med ell'} title={x.name}>
                  {x.name}
                </span>
                <span className="t12 mut">{r.t('set.dept.members', { n: x.members.length })}</span>
              </span>
              <span className="sp" />
              {x.active ? (
                <span className={`t12 flex g4 state ${state.open ? 'open' : 'closed'}`}>
                  <Icon name={state.open ? 'clock' : 'moon'} size={14} />
                  {state.text}
                </span>
              ) : (
                <span className="t12 mut">{r.t('set.inactive')}</span>
              )}
            </>
          )
        },
        fields: (form, item) => (
          <>
            <TextField name="name" label={r.t('set.name')} maxLength={100} />
            <Members form={form} able={able} known={item?.members ?? []} />
            <HoursEditor name="hours" label={r.t('time.working')} zone={zone} />
            <ToggleField name="active" label={r.t('label.active')} hint={r.t('set.dept.activeHint')} />
          </>
        ),
      }}
    />
  )
}

function Members({ form, able, known }: { form: Form<DepartmentDraft>; able: Person[]; known: Person[] }) {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  const { errors } = useFormContext()
  const all = [...able, ...known.filter((k) => !able.some((a) => a.id === k.id))]
  const chosen = form.value.member_ids.map((id) => all.find((p) => p.id === id) ?? { id, name: '…' })
  const rest = able.filter((p) => !form.value.member_ids.includes(p.id))
  const set = (member_ids: string[]) => form.set({ member_ids })
  return (
    <div className="fr" role="group" aria-label={t('set.operators')}>
      <span className="flab">{t('set.operators')}</span>
      <div className="flex people">
        {chosen.map((p) => (
          <span className="person" key={p.id}>
            <Avatar id={p.id} name={p.name} size={22} />
            {p.name}
            <button
              type="button"
              aria-label={`${t('set.dept.remove')}: ${p.name}`}
              onClick={(e) => {
                e.currentTarget.closest('.people')?.querySelector<HTMLElement>('.addp')?.focus()
                set(form.value.member_ids.filter((id) => id !== p.id))
              }}
            >
              <Icon name="x" size={12} />
            </button>
          </span>
        ))}
        <PopButton
          type="button"
          className="addb addp"
          aria-label={t('set.dept.add')}
          open={open}
          onOpenChange={setOpen}
          popClass="people-pop"
          popLabel={t('set.dept.add')}
          layer={
            <PickList
              label={t('set.dept.add')}
              placeholder={t('who.operator')}
              empty={t(rest.length ? 'search.none' : 'set.dept.nobody')}
              groups={[
                {
                  id: 'all',
                  items: rest.map((p) => ({
                    id: p.id,
                    text: p.name,
                    view: (
                      <>
                        <Avatar id={p.id} name={p.name} size={22} />
                        {p.name}
                      </>
                    ),
                  })),
                },
              ]}
              onPick={(picked) => {
                set([...form.value.member_ids, picked.id])
                setOpen(false)
              }}
            />
          }
        >
          <Icon name="plus" />
        </PopButton>
      </div>
      <Wrong text={errors.member_ids} />
      <Newer name="member_ids" />
      <p className="hlp">{t('set.dept.membersHint')}</p>
    </div>
  )
}

/** Offered where none is set (D-29). */
const OWN_LIMIT = '10'

interface OperatorDraft {
  name: string
  login: string
  password: string
  active: boolean
  limit: boolean
  dialog_limit: string
  hours: Hours
}

export function Operators() {
  const r = useText()
  const required = useRequired()
  const zone = useProjectSettings().data?.time_zone ?? DEFAULT_ZONE
  const input = (d: OperatorDraft) => ({
    name: d.name.trim(),
    login: d.login.trim(),
    password: d.password || undefined,
    active: d.active,
    dialog_limit: d.limit ? Number(d.dialog_limit) : 0,
    hours: d.hours,
  })
  const check = (d: OperatorDraft, isNew: boolean) => {
    const errors = required(required({}, 'name', d.name), 'login', d.login)
    if (!errors.login && d.login.trim().length < 3) errors.login = r.t('set.tooShort', { min: 3 })
    if (isNew && !d.password) errors.password = r.t('form.required')
    else if (d.password && d.password.length < 10) errors.password = r.t('set.tooShort', { min: 10 })
    if (d.limit && whole(d.dialog_limit, 1, 100) === undefined) errors.dialog_limit = r.t('set.whole', { min: 1, max: 100 })
    return { ...errors, ...hoursErrors(r, d.hours) }
  }
  const { item } = usePlace()
  return (
    <ListScreen<AdminOperator, OperatorDraft>
      crud={{
        screen: 'operators',
        title: 'set.operators',
        one: 'who.operator',
        none: 'set.operator.none',
        tall: true,
        wide: true,
        global: true,
        read: (q, cursor, signal) => call('get', '/admin/operators', { query: { q, cursor, limit: PAGE }, signal }),
        blank: { name: '', login: '', password: '', active: true, limit: true, dialog_limit: OWN_LIMIT, hours: ALWAYS },
        draft: (x) => ({ name: x.name, login: x.login, password: '', active: x.active, limit: x.dialog_limit !== undefined, dialog_limit: String(x.dialog_limit ?? OWN_LIMIT), hours: x.hours }),
        check: (d) => check(d, item === 'new'),
        create: (d) => call('post', '/admin/operators', { body: input(d) }),
        update: (x, d) => call('put', '/admin/operators/{operator_id}', { path: { operator_id: x.id }, body: { rev: x.rev, ...input(d) } }),
        exists: 'set.operator.exists',
        nameOf: (x) => x.name,
        row: (x, current) => (
          <>
            <Avatar id={x.id} name={x.name} size={28} />
            <span className="li-two">
              <span className={`${current ? 'semi' : 'med'} ell${x.active ? '' : ' mut'}`} title={x.name}>
                {x.name}
              </span>
              <span className="t12 mut ell" title={x.login}>
                {x.login}
              </span>
            </span>
            <span className="sp" />
            <span className="t12 mut fix li-right">
              <span>{r.t(!x.active ? 'set.operator.off' : x.online && !x.away ? 'status.online' : 'status.offline')}</span>
              <span>{x.dialog_limit === undefined ? r.t('limit.none') : r.t('top.load', { n: x.open_dialogs, max: x.dialog_limit })}</span>
            </span>
          </>
        ),
        fields: (form, op) => (
          // Not one's own to change (D-03): it is shown, and why it stands still.
          <fieldset className="own" disabled={op?.elsewhere} aria-describedby={op?.elsewhere ? 'elsewhere' : undefined}>
            {op?.elsewhere ? (
              <div className="fr">
                <p className="note quiet" id="elsewhere">
                  <Icon name="info" size={14} />
                  <span>{r.t('set.operator.elsewhere', { screen: r.t('nav.access') })}</span>
                </p>
              </div>
            ) : null}
            <div className="two">
              <TextField name="name" label={r.t('set.operator.name')} maxLength={100} />
              <TextField name="login" label={r.t('signin.login')} maxLength={200} autoCapitalize="none" spellCheck={false} />
            </div>
            <div className="half">
              <TextField name="password" type="password" autoComplete="new-password" label={r.t('signin.password')} maxLength={200} hint={r.t(op ? 'set.operator.passwordHint' : 'set.operator.passwordNew')} />
            </div>
            <Limit form={form} />
            <HoursEditor name="hours" label={r.t('time.working')} zone={zone} hint={r.t('set.operator.zoneHint')} />
            <ToggleField name="active" label={r.t('label.active')} hint={r.t('set.operator.activeHint')} />
            {op?.departments?.length ? <p className="fr t13 sec">{`${r.t('set.departments')}: ${op.departments.map((d) => d.name).join(', ')}`}</p> : null}
          </fieldset>
        ),
      }}
    />
  )
}

/** «Лимит диалогов»: all projects together; without one he takes as many as he likes. */
function Limit({ form }: { form: Form<OperatorDraft> }) {
  const { t } = useText()
  return (
    <fieldset className="fr">
      <legend className="flab">{t('limit.dialogs')}</legend>
      <Toggle on={!form.value.limit} label={t('limit.none')} onChange={(none) => form.set({ limit: !none })} hint={t('set.operator.limitHint')} />
      {form.value.limit ? (
        <div className="number">
          <TextField name="dialog_limit" label={t('set.operator.atOnce')} inputMode="numeric" maxLength={3} />
        </div>
      ) : (
        <Wrong text={form.errors.dialog_limit} />
      )}
      <Newer name="limit" show={(v) => t(v ? 'set.off' : 'limit.none')} />
    </fieldset>
  )
}
