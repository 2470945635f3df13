// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import ru from '../../../../texts/ru.json'
import { setSignedOutHandler } from '../api/client.ts'
import SignInOver from '../app/SignInOver.tsx'
import { stage } from '../window/harness.tsx'
import { $, can, click, dialogOf, press, shown, type, until, World } from './harness.tsx'

const PATCH = 'PATCH /operator/dialogs/d/card'
let world: World

beforeEach(() => {
  world = new World()
})
afterEach(() => world.end())

const field = (name: string) => $(`button[data-field=${name}]`)
const input = () => $<HTMLInputElement>('.field-edit input, .field-edit textarea')
const edit = async (name: string, value: string) => {
  await click(field(name))
  await type(input(), value)
}

it('name, e-mail, phone, comment and labels stand above everything else, in this order (R-063); the comment says who sees it (R-064)', async () => {
  await world.has(dialogOf('d')).draw()
  const first = $('.card section')!
  const heads = [...first.querySelectorAll('dt, h3')].map((e) => e.textContent)
  expect(heads).toEqual([ru['card.name'], ru['card.email'], ru['card.phone'], ru['card.comment'] + ru['card.commentHint'], ru['label.many']])
  const sections = [...document.querySelectorAll('.card section')].map((s) => s.getAttribute('aria-label') ?? s.querySelector('h3')!.textContent)
  expect(sections).toEqual([ru['card.general'], ru['search.title'], ru['act.title'], ru['hist.title'], ru['det.title']])
})

it('a click opens a field, Enter saves it with one request and shows the new value (R-065, R-066, D-43)', async () => {
  world.has(dialogOf('d')).on(PATCH, { rev: 4, name: 'Тимур А.', consent_at: '2026-11-25T10:00:00Z' })
  await world.draw()
  await edit('name', ' Тимур А. ')
  expect(shown()).toContain(ru['card.editHint'])
  await press('Enter')
  await until(() => !input())
  expect(world.sent()).toHaveLength(1)
  expect(world.sent(PATCH)[0]!.body).toMatchObject({ field: 'name', value: 'Тимур А.', rev: 3 })
  expect(field('name')!.textContent).toContain('Тимур А.')
  await until(() => document.activeElement === field('name'))
})

it('Esc, Tab and a click aside cancel: the old value, no request (R-067, D-43)', async () => {
  await world.has(dialogOf('d')).draw()
  for (const cancel of [
    () => press('Escape'),
    () => act(async () => $('#aside')!.focus()),
    () =>
      act(async () => {
        $('#aside')!.dispatchEvent(new Event('pointerdown', { bubbles: true }))
        $('#aside')!.dispatchEvent(new Event('pointerup', { bubbles: true }))
        await new Promise((done) => setTimeout(done, 5))
      }),
  ]) {
    await edit('email', 'other@example.com')
    await cancel()
    expect(input()).toBeNull()
    expect(field('email')!.textContent).toContain('t@example.com')
  }
  expect(world.sent()).toEqual([])
})

it('Enter of a composition saves nothing, and Alt+Tab leaves the field as it is (D-43)', async () => {
  await world.has(dialogOf('d')).draw()
  await edit('name', 'Ти')
  await press('Enter', { isComposing: true })
  const focus = vi.spyOn(document, 'hasFocus').mockReturnValue(false)
  await act(async () => void input()!.dispatchEvent(new FocusEvent('focusout', { bubbles: true })))
  focus.mockRestore()
  expect(input()!.value).toBe('Ти')
  expect(world.sent()).toEqual([])
})

it('in the comment Shift+Enter is a new line and Enter saves (D-43)', async () => {
  world.has(dialogOf('d')).on(PATCH, { rev: 4, comment: 'а\nб', consent_at: '2026-11-25T10:00:00Z' })
  await world.draw()
  await edit('comment', 'а\nб')
  await press('Enter', { shiftKey: true })
  expect(world.sent()).toEqual([])
  await press('Enter')
  await until(() => !input())
  expect(world.sent(PATCH)[0]!.body.value).toBe('а\nб')
})

it('a wrong e-mail or phone stays in editing with its error (M-38, M-39, D-43)', async () => {
  world.has(dialogOf('d')).on(PATCH, { code: 'invalid', field: 'value', message: '' }, 422)
  await world.draw()
  for (const [name, text] of [['email', ru['form.email']], ['phone', ru['form.phone']]] as const) {
    await edit(name, 'нет')
    await press('Enter')
    await until(() => shown().includes(text))
    expect(input()!.value).toBe('нет')
    expect(input()!.getAttribute('aria-invalid')).toBe('true')
    await press('Escape')
  }
})

it('saved by a colleague meanwhile: M-45 and the new value (D-43)', async () => {
  await world.has(dialogOf('d')).draw()
  world.on(PATCH, { code: 'conflict', message: '' }, 409)
  world.has(dialogOf('d', { card: { rev: 4, name: 'Тимур Ахмедов', consent_at: '2026-11-25T10:00:00Z' } }))
  await edit('name', 'Тимур А.')
  await press('Enter')
  await until(() => shown().includes(ru['card.conflict']))
  expect(input()).toBeNull()
  expect(field('name')!.textContent).toContain('Тимур Ахмедов')
})

it('when a colleague saved another field, this one is sent again and saved (D-43)', async () => {
  await world.has(dialogOf('d')).draw()
  world.has(dialogOf('d', { card: { rev: 4, name: 'Тимур Асланов', phone: '+7', consent_at: '2026-11-25T10:00:00Z' } }))
  world.on(PATCH, (a: { body: Record<string, unknown> }) =>
    a.body.rev === 4 ? [200, { rev: 5, name: 'Тимур А.', phone: '+7', consent_at: '2026-11-25T10:00:00Z' }] : [409, { code: 'conflict', message: '' }],
  )
  await edit('name', 'Тимур А.')
  await press('Enter')
  await until(() => !input())
  expect(world.sent(PATCH).map((a) => a.body.rev)).toEqual([3, 4])
  expect(shown()).not.toContain(ru['card.conflict'])
  expect(field('name')!.textContent).toContain('Тимур А.')
})

it('no answer: the text stays, and the next Enter is the same command (I-10)', async () => {
  await world.has(dialogOf('d')).draw()
  world.on(PATCH, { code: 'unavailable', message: '' }, 503)
  await edit('name', 'Тимур А.')
  await press('Enter')
  await until(() => shown().includes(ru['err.unavailable']))
  expect(input()!.value).toBe('Тимур А.')
  await press('Enter')
  await until(() => world.sent(PATCH).length === 2)
  const [a, b] = world.sent(PATCH)
  expect(a!.body.client_id).toBe(b!.body.client_id)
})

it('a sign-in that ended is asked for above the field, which keeps its text and its focus and is saved after it (I-03, D-43)', async () => {
  let expired = false
  setSignedOutHandler(() => (expired = true))
  world.has(dialogOf('d'))
  await world.draw()
  world.on(PATCH, { code: 'unauthenticated', message: '' }, 401)
  world.on('GET /operator/dialogs/d', { code: 'unauthenticated', message: '' }, 401)
  await edit('comment', 'Перезвонить после обеда')
  await press('Enter')
  await until(() => expired)
  const over = await stage(world, () => <SignInOver login="anna" onSignedIn={() => {}} />)
  await until(() => $('.signin-over')!.contains(document.activeElement))
  await act(async () => {
    $('.signin-over .b')!.dispatchEvent(new Event('pointerdown', { bubbles: true }))
    $('.signin-over .b')!.dispatchEvent(new Event('pointerup', { bubbles: true }))
    await new Promise((done) => setTimeout(done, 5))
  })
  expect(input()!.value).toBe('Перезвонить после обеда')
  await over.end()
  await until(() => document.activeElement === input())
  expect(shown()).not.toContain(ru['err.unknown'])
  world.has(dialogOf('d')).on(PATCH, { rev: 4, comment: 'Перезвонить после обеда', consent_at: '2026-11-25T10:00:00Z' })
  await press('Enter')
  await until(() => !input())
  expect(field('comment')!.textContent).toContain('Перезвонить после обеда')
  expect(world.sent(PATCH).map((a) => a.body.value)).toEqual(['Перезвонить после обеда', 'Перезвонить после обеда'])
})

it('one field at a time, and another dialog cancels (D-43)', async () => {
  await world.has(dialogOf('d')).has(dialogOf('e')).draw()
  await edit('name', 'Тимур А.')
  await click(field('email'))
  expect(document.querySelectorAll('.field-edit')).toHaveLength(1)
  expect(input()!.value).toBe('t@example.com')
  await world.draw('e')
  expect(input()).toBeNull()
  expect(world.sent()).toEqual([])
})

it('without consent a click does nothing but explain (R-065, M-29, C-07)', async () => {
  await world.has(dialogOf('d', { card: { rev: 1 } }, { can: can({ edit: 'consent_required' }) })).draw()
  expect(shown()).toContain(ru['consent.none'])
  expect(shown()).toContain(ru['card.noConsent'])
  for (const name of ['name', 'email', 'phone', 'comment']) {
    expect(field(name)!.getAttribute('aria-disabled')).toBe('true')
    await click(field(name))
    expect(input()).toBeNull()
  }
  expect($('[role=status] span')!.textContent).toBe(ru['card.noConsent'])
  expect(world.sent()).toEqual([])
  // Labels carry no personal data (D-42).
  expect($('.addb')).not.toBeNull()
})

it('says when consent was given or withdrawn (C-05, C-06, D-41)', async () => {
  await world.has(dialogOf('d')).draw()
  expect(shown()).toContain('Согласие получено: 25.11.2026')
  await world.has(dialogOf('e', { card: { rev: 1, withdrawn_at: '2026-11-26T10:00:00Z' } }, { can: can({ edit: 'consent_required' }) })).draw('e')
  expect(shown()).toContain('Согласие отозвано: 26.11.2026')
  expect(shown()).toContain(ru['card.withdrawn'])
})

it('in the log nothing can be edited, and text is only text (D-63, I-11)', async () => {
  await world.has(dialogOf('d', { card: { rev: 1, name: '<b>x</b>', consent_at: '2026-11-25T10:00:00Z' } })).draw('d', { readOnly: true })
  expect(field('name')).toBeNull()
  expect($('.addb')).toBeNull()
  expect(shown()).toContain('<b>x</b>')
  expect($('.card b')).toBeNull()
})
