// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { World } from '../card/harness.tsx'
import type { Feed } from '../live/feed.ts'
import { event } from '../live/fixtures.ts'
import { useStore } from '../ui/hooks.ts'
import { meOf, setMe, stage } from './harness.tsx'
import { NewMessages } from './NewMessages.tsx'

let world: World
let feed: Feed
let drawn: Awaited<ReturnType<typeof stage>>
let seq = 0

function Part() {
  return <NewMessages feed={useStore(feed)} />
}

beforeEach(async () => {
  vi.useFakeTimers()
  world = new World()
  setMe(world, meOf())
  world.on('GET /operator/dialogs/d/events', { events: [event(1)], head_seq: 1, more_before: false, more_after: false })
  feed = world.workspace.feed('d')
  await vi.advanceTimersByTimeAsync(0)
  seq = 1
  drawn = await stage(world, () => <Part />)
})
afterEach(async () => {
  await drawn.end()
  vi.useRealTimers()
  await world.end()
})

const pass = (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)))
const says = (text: string, change: object = {}) => act(async () => void feed.push(event(++seq, { author: 'visitor', text, ...change })))
const said = () => [...drawn.el.querySelectorAll('[role=log] p')].map((p) => p.textContent)

it('reads out who wrote what, three within a few seconds, and counts the rest in one line (R-037, I-08)', async () => {
  for (const text of ['один', 'два', 'три']) await says(text)
  expect(said()).toEqual(['Посетитель: один', 'Посетитель: два', 'Посетитель: три'])
  for (let i = 0; i < 7; i++) await says('ещё')
  expect(said()).toHaveLength(3)
  await pass(2_000)
  expect(said().slice(3)).toEqual(['7 новых сообщений'])
  await pass(5_000)
  expect(said()).toEqual([])
  await says('снова')
  expect(said()).toEqual(['Посетитель: снова'])
})

it('ten at once are one line', async () => {
  await act(async () => {
    for (let i = 0; i < 10; i++) feed.push(event(++seq, { author: 'visitor', text: 'сообщение' }))
  })
  await pass(2_000)
  expect(said()).toEqual(['10 новых сообщений'])
})

it('one’s own are not news, a colleague’s are', async () => {
  await says('свой ответ', { author: 'operator', operator: { id: 'o', name: 'Анна Иванова' } })
  expect(said()).toEqual([])
  await says('чужой ответ', { author: 'operator', operator: { id: 'x', name: 'Олег' } })
  expect(said()).toEqual(['Олег: чужой ответ'])
})
