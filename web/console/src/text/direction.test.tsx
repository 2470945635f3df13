// @vitest-environment happy-dom
// Texts that are written from right to left, and signs that turn the direction of what stands beside them (I-11).
import { afterEach, beforeEach, expect, it } from 'vitest'
import ru from '../../../../texts/ru.json'
import { $, button, click, dialogOf, until, World } from '../card/harness.tsx'
import { RowView } from '../list/RowView.tsx'
import { event, row } from '../live/fixtures.ts'
import { Composer } from '../window/Composer.tsx'
import { meOf, setMe, stage } from '../window/harness.tsx'
import { EventLine } from '../window/Message.tsx'
import { WindowHead } from '../window/WindowFrame.tsx'
import { visitorName } from './system.ts'
import { makeReader } from './text.tsx'

const HELLO = 'مرحبا، هل لديكم سماور؟'
const visitor = { id: 'v', name: 'محمد', number: '7C41' }
let world: World
let drawn: Awaited<ReturnType<typeof stage>> | undefined
beforeEach(() => {
  world = new World()
  setMe(world, meOf())
})
afterEach(async () => {
  await drawn?.end()
  drawn = undefined
  await world.end()
})
/** The direction of the smallest element that holds exactly this text. */
function directionOf(text: string): string | null {
  const all = [...document.querySelectorAll('*')].filter((e) => e.textContent === text || (e as HTMLInputElement).value === text)
  const el = all.at(-1)!
  return el.closest('bdi') ? 'auto' : el.closest('[dir]')?.getAttribute('dir') ?? null
}

it('a message goes by its own first letter, and its time stands apart from it (I-11)', async () => {
  drawn = await stage(world, () => <EventLine event={event(1, { text: HELLO })} follows mark={false} />)
  expect(directionOf(HELLO)).toBe('auto')
  expect($('.apart')!.textContent).toBe(HELLO)
  expect($('.apart time')).toBeNull()
})

it('what a form brought goes by its own letters (I-11, R-049)', async () => {
  drawn = await stage(world, () => <EventLine event={event(1, { kind: 'form', params: { name: 'محمد' } })} follows={false} mark={false} />)
  expect(directionOf('محمد')).toBe('auto')
})

it('name and last text of a row, and the name above the window (I-11)', async () => {
  const of = row('d', { visitor, last: { kind: 'message', author: 'visitor', text: HELLO, at: '2026-11-25T10:00:00Z' } })
  drawn = await stage(world, () => (
    <RowView row={of} top={0} selected={false} focusable={false} foreign={false} place={1} of={1} onOpen={() => {}} />
  ))
  expect(directionOf('محمد')).toBe('auto')
  expect(directionOf(HELLO)).toBe('auto')
  await drawn.end()
  drawn = await stage(world, () => <WindowHead visitor={visitor} line="" drawer={false} onCard={() => {}} />)
  expect(directionOf('محمد')).toBe('auto')
})

it('what is written, in the answer and in the card (I-11)', async () => {
  world.workspace.drafts.set('d', HELLO)
  drawn = await stage(world, () => <Composer row={row('d')} />)
  expect(directionOf(HELLO)).toBe('auto')
  await world.has(dialogOf('d', { card: { rev: 1, name: 'محمد', consent_at: '2026-11-25T10:00:00Z' } })).draw()
  expect(directionOf('محمد')).toBe('auto')
  await click(button(ru['card.name']))
  await until(() => $('.field-edit input'))
  expect($('.field-edit input')!.getAttribute('dir')).toBe('auto')
})

it('a name turns nothing that stands beside it (I-11)', () => {
  expect(visitorName(makeReader('ru', ru, () => {}), { ...visitor, name: 'Иван\u202e\u2067вонави\u2069' })).toBe('Иванвонави')
})
