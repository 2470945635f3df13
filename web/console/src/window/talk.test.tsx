// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it } from 'vitest'
import en from '../../../../texts/en.json'
import kk from '../../../../texts/kk.json'
import ru from '../../../../texts/ru.json'
import type { OperatorServerFrame, Row } from '../../../shared/api.gen.ts'
import { button, click, focus, press, shown, type, until, World } from '../card/harness.tsx'
import { wish, wishOf } from '../app/shortcuts.ts'
import { event, row } from '../live/fixtures.ts'
import { TextProvider } from '../text/text.tsx'
import { Composer } from './Composer.tsx'
import { meOf, prefsOf, projectOf, setMe, stage } from './harness.tsx'
import { insertAt } from './insert.ts'
import { Leave } from './Leave.tsx'
import { EventLine } from './Message.tsx'
import { fits } from './Templates.tsx'

const me = { id: 'o', name: 'Анна Иванова' }
const mine = row('d', { session: { ...row('d').session, assignee: me } })
const PATH = '/operator/dialogs/d/contact-request'
const sent = { event: event(5, { kind: 'form_request', author: 'operator', operator: me, params: { name: 'shown', phone: 'required' } }) }
const templates = [
  { id: 't1', title: 'Приветствие', command: 'привет', text: 'Здравствуйте, Тимур!', scope: 'common' },
  { id: 't2', title: 'Вечерняя доставка', command: 'вечер', text: 'Вечером возим с 18:00', scope: 'department', department: { id: 'x', name: 'Продажи' } },
  { id: 't3', title: 'Отложить товар', text: 'Отложили', scope: 'own' },
].map((one) => ({ pieces: one.id === 't1' ? [{ text: 'Здравствуйте, ' }, { text: 'Тимур', filled: 'visitor_name' }, { text: '!' }] : [{ text: one.text }], ...one }))

let world: World
let drawn: Awaited<ReturnType<typeof stage>> | undefined
beforeEach(() => {
  world = new World()
  setMe(world, meOf())
  world.on('GET /operator/dialogs/d/events', { events: [event(1)], head_seq: 1, more_before: false, more_after: false })
  world.on('GET /operator/dialogs/d/templates', { templates })
})
afterEach(async () => {
  await drawn?.end()
  drawn = undefined
  await world.end()
})
const draw = async (of: Row = mine) => (drawn = await stage(world, () => <Composer row={of} />))
const field = () => document.querySelector('textarea')!
const draft = () => world.workspace.drafts.get('d')

it('«Запросить контакты» sends the form with one press, typed text stays (R-048)', async () => {
  world.on(`POST ${PATH}`, sent)
  world.workspace.drafts.set('d', 'полслова')
  await draw()
  await click(button(ru['win.contacts']))
  expect(world.sent(`POST ${PATH}`)).toHaveLength(1)
  expect(world.sent(`POST ${PATH}`)[0]!.body.client_id).toBeTruthy()
  expect(field().value).toBe('полслова')
  expect(world.sent('POST /operator/dialogs/d/messages')).toEqual([])
  await until(() => world.workspace.feed('d').endWish) // wherever the past was read, what one has done is in sight
})

it('a form switched off in the settings has no button (D-34)', async () => {
  setMe(world, meOf([projectOf({ form_enabled: false })]))
  await draw()
  expect(document.querySelector(`[aria-label="${ru['win.contacts']}"]`)).toBeNull()
  expect(button(ru['win.template'])).toBeTruthy()
})

it('a request that lost the race says whose dialog it is, at its place (R-048, D-28, M-11)', async () => {
  world.on(`POST ${PATH}`, { code: 'already_claimed', message: '', operator: { id: 'x', name: 'Марк Лебедев' } }, 409)
  await draw(row('d'))
  await click(button(ru['win.contacts']))
  const alert = await until(() => document.querySelector('.comp [role=alert]'))
  expect(alert.textContent).toContain('Диалог ведёт оператор Марк Лебедев')
})

it('out of hours and at the limit the request is refused with M-03 and M-10 (D-28)', async () => {
  await draw(row('d'))
  for (const [code, text] of [['outside_working_hours', ru['hours.closed']], ['limit_reached', ru['limit.reached']]] as const) {
    world.on(`POST ${PATH}`, { code, message: '' }, 409)
    await click(button(ru['win.contacts']))
    await until(() => document.querySelector('.comp [role=alert]')?.textContent?.includes(text))
  }
})

it('a request without an answer is tried again as the same command (I-10)', async () => {
  world.on(`POST ${PATH}`, { code: 'unavailable', message: '' }, 503)
  await draw()
  await click(button(ru['win.contacts']))
  await until(() => document.querySelector('.comp [role=alert]'))
  await click(button(ru['win.contacts']))
  const ids = world.sent(`POST ${PATH}`).map((a) => a.body.client_id)
  expect(ids).toHaveLength(2)
  expect(new Set(ids).size).toBe(1)
})

it('key C leads to the request outside text fields, and only Enter sends it: the letter may be the first of a text (R-048, D-28)', async () => {
  world.on(`POST ${PATH}`, sent)
  drawn = await stage(world, () => <section data-pane="window"><Composer row={mine} /></section>)
  const key = { code: 'KeyC', key: 'с', altKey: false, ctrlKey: false, metaKey: false, shiftKey: false }
  expect(wishOf(key, false, true)).toBe('contacts')
  expect(wishOf(key, true, true)).toBeUndefined()
  await act(async () => wish('contacts'))
  expect(document.activeElement).toBe(button(ru['win.contacts']))
  expect(world.sent()).toEqual([])
  // «с вами»: the space does not press it.
  await press(' ')
  expect(document.activeElement).toBe(field())
  await focus(button(ru['win.contacts'])) // by Tab: a button like any other
  await press(' ')
  expect(document.activeElement).toBe(button(ru['win.contacts']))
  await focus(field())
  await act(async () => wish('contacts'))
  await press('Enter')
  expect(document.activeElement).toBe(button(ru['win.contacts']))
  await click(button(ru['win.contacts'])) // what Enter does in a browser
  await until(() => world.sent(`POST ${PATH}`).length === 1)
})

it('key X leads to «Выйти из диалога» and ends nothing; with tagging on it opens the tags (R-104, D-38)', async () => {
  world.on('POST /operator/dialogs/d/leave', {})
  for (const tagging of [false, true]) {
    const project = projectOf({ tagging, tags: [{ id: 't', name: 'Лид' }] })
    const part = await stage(world, () => <Leave row={mine} project={project} feed={world.workspace.feed('d')} />)
    await act(async () => void wish('leave'))
    if (tagging) await until(() => document.querySelector('.leave-pop')?.textContent?.includes(ru['tag.required']))
    else expect(document.activeElement).toBe(button(ru['win.leave']))
    expect(world.sent()).toEqual([])
    await part.end()
  }
})

it('what cannot be written into says why: M-10, M-03, M-11, blocked, in three languages', async () => {
  const cases = [
    ['limit_reached', 'limit.reached'],
    ['outside_working_hours', 'hours.closed'],
    ['not_assignee', 'dialog.foreign'],
    ['blocked', 'clock.barBlocked'],
  ] as const
  for (const [code, key] of cases)
    for (const [locale, texts] of [['ru', ru], ['en', en], ['kk', kk]] as const) {
      const of = row('d', { session: { ...row('d').session, assignee: code === 'not_assignee' ? { id: 'x', name: 'Марк' } : undefined }, can: { ...row('d').can, write: code } })
      const part = await stage(world, () => <Composer row={of} />, locale)
      expect(part.el.querySelector('.lockbar')?.textContent, `${code} ${locale}`).toBe(texts[key].replace('{name}', 'Марк'))
      expect(part.el.querySelector('textarea')).toBeNull()
      expect(part.el.querySelector('button')).toBeNull()
      await part.end()
    }
})

it('the template button opens a modal; the chosen text goes in at the cursor and nothing is sent (R-052, D-35)', async () => {
  world.workspace.drafts.set('d', 'Добрый день! До встречи')
  await draw()
  field().setSelectionRange(13, 13)
  await click(button(ru['win.template']))
  const modal = await until(() => document.querySelector('[role=dialog]'))
  await until(() => modal.querySelectorAll('[role=option]').length === 3)
  expect([...modal.querySelectorAll('[role=group]')].map((g) => g.getAttribute('aria-label'))).toEqual(['Свои', 'Продажи', 'Общие шаблоны'])
  expect(modal.textContent).toContain(ru['template.preview'])
  expect(modal.querySelector('.tpl-text')?.textContent).toBe('Отложили')
  await press('ArrowDown')
  expect(modal.querySelector('.tpl-text')?.textContent).toBe('Вечером возим с 18:00')
  expect(modal.querySelector('ins')).toBeNull()
  await press('ArrowDown')
  expect(modal.querySelector('.tpl-text ins')?.textContent).toBe('Тимур')
  expect(modal.textContent).toContain(ru['template.filled'].replace('{names}', ru['template.visitorName']))
  await press('ArrowUp')
  await press('Enter')
  await until(() => !document.querySelector('[role=dialog]'))
  expect(draft()).toBe('Добрый день! Вечером возим с 18:00До встречи')
  await until(() => document.activeElement === field())
  expect(field().selectionStart).toBe(13 + 'Вечером возим с 18:00'.length)
  expect(world.sent('POST /operator/dialogs/d/messages')).toEqual([])
})

it('Esc closes the modal, the text is as it was and the focus is back (R-052)', async () => {
  world.workspace.drafts.set('d', 'abc')
  await draw()
  await click(button(ru['win.template']))
  await until(() => document.querySelectorAll('[role=option]').length === 3)
  expect(document.activeElement?.getAttribute('role')).toBe('combobox')
  await press('Escape')
  await until(() => !document.querySelector('[role=dialog]'))
  expect(draft()).toBe('abc')
  await until(() => document.activeElement === field())
})

it('«/» on an empty box opens templates by command; in written text it is a letter (R-052)', async () => {
  await draw()
  await focus(field())
  await press('/')
  await until(() => document.querySelectorAll('[role=option]').length === 3)
  await type(document.querySelector('[role=combobox]'), '/веч')
  expect([...document.querySelectorAll('[role=option]')].map((o) => o.textContent)).toEqual(['Вечерняя доставка/вечер'])
  await press('Escape')
  await until(() => !document.querySelector('[role=dialog]'))
  await type(field(), 'и')
  await press('/')
  expect(document.querySelector('[role=dialog]')).toBeNull()
})

it('templates are found by title, text and command; none yet says M-46, none fitting M-40', async () => {
  const t = templates[1]! as never
  expect([fits(t, 'доставка'), fits(t, '18:00'), fits(t, '/ВЕЧ'), fits(t, '/ечер'), fits(t, 'нет')]).toEqual([true, true, true, false, false])
  await draw()
  await click(button(ru['win.template']))
  await until(() => document.querySelectorAll('[role=option]').length === 3)
  await type(document.querySelector('[role=combobox]'), 'яяя')
  expect(shown()).toContain(ru['search.none'])
  await press('Escape')
  await until(() => !document.querySelector('[role=dialog]'))
  world.on('GET /operator/dialogs/d/templates', { templates: [] })
  await click(button(ru['win.template']))
  await until(() => shown().includes(ru['template.none']))
})

it('a template replaces what is selected', () => {
  expect(insertAt('раз два три', 4, 7, 'ДВА')).toEqual({ text: 'раз ДВА три', cursor: 7 })
})

it('with «Отправлять по Enter» off Enter is a new line and Ctrl+Enter sends', async () => {
  setMe(world, meOf(undefined, { prefs: prefsOf({ send_by_enter: false }) }))
  world.workspace.drafts.set('d', 'text')
  await draw()
  expect(shown()).toContain(ru['composer.keysCtrl'])
  await focus(field())
  await press('Enter')
  expect(world.workspace.sends.of('d')).toEqual([])
  await press('Enter', { ctrlKey: true })
  expect(world.workspace.sends.of('d').map((m) => m.text)).toEqual(['text'])
})

const line = (of: Parameters<typeof event>[1], openForm?: number) =>
  stage(world, () => (
    <TextProvider locale="ru" texts={ru}>
      <EventLine event={event(7, of)} follows={false} mark={false} openForm={openForm} />
    </TextProvider>
  )).then((s) => (drawn = s).el)

it('the form that was sent is a card with its fields; a replaced one says M-58 (R-048, R-049)', async () => {
  const params = { name: 'shown', phone: 'required', email: 'off', title: 'Оставьте контакты' }
  const el = await line({ kind: 'form_request', author: 'operator', params }, 7)
  expect(el.querySelector('[role=group]')?.getAttribute('aria-label')).toBe('Форма сбора контактов')
  expect(el.textContent).toContain('Имя · Телефон*')
  expect(el.textContent).not.toContain(ru['card.email'])
  expect(el.textContent).not.toContain(ru['form.pendingReplaced'])
  await drawn!.end()
  const old = await line({ kind: 'form_request', author: 'operator', params }, 9)
  expect(old.textContent).toContain('Форма больше не активна')
})

it('system lines carry their glyph: M-20, M-21, M-04, M-07 (D-33)', async () => {
  const icons = new Set<string>()
  for (const [key, params] of [['block.done', { name: 'Анна' }], ['unblock.done', { name: 'Анна' }], ['form.sent', {}], ['backlog.visitor', {}]] as const) {
    const el = await line({ kind: 'system', author: 'system', key, params, text: undefined })
    expect(el.textContent).toContain(ru[key].replace('{name}', 'Анна'))
    icons.add(el.querySelector('path')!.getAttribute('d')!)
    await drawn!.end()
  }
  expect(icons.size).toBe(3) // sent and unblocked share the check mark
})

it('erased entries show that they were erased, never an empty bubble (D-64)', async () => {
  const el = await line({ text: undefined })
  expect(el.textContent).toContain(ru['msg.erased'])
})

it('the event of an erase empties what the window keeps and reads it again (D-64)', async () => {
  const feed = world.workspace.feed('d')
  await until(() => feed.ready)
  world.on('GET /operator/dialogs/d/events', { events: [event(1, { text: undefined }), event(2, { kind: 'erased' })], head_seq: 2, more_before: false, more_after: false })
  world.workspace.take('d', event(2, { kind: 'erased', author: 'system', text: undefined }))
  expect(feed.log.tail()).toEqual([])
  await until(() => feed.ready)
  expect(feed.log.tail().map((e) => e.text)).toEqual([undefined, 'text 2'])
})

it('a dialog that went to another department with its new operator names him, the text stays (M-09, R-047)', async () => {
  world.workspace.drafts.set('d', 'полсообщения')
  world.workspace.rows.upsert(row('d'))
  const { workspace } = world
  ;(workspace as unknown as { receive: (f: OperatorServerFrame) => void }).receive({ type: 'gone', dialog_id: 'd', rev: 2, operator: { id: 'x', name: 'Марк Лебедев' } })
  drawn = await stage(world, () => <Composer row={row('d')} unavailable />)
  expect(field().value).toBe('полсообщения')
  expect(shown()).toContain('Диалог уже взял в работу оператор Марк Лебедев')
})
