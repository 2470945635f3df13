// @vitest-environment happy-dom
import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import '../testing.ts'
import { useSlots } from './useSlots.ts'

interface Props {
  ids: string[]
  mayGo?: (id: string) => boolean
}

function Drawn({ ids, mayGo = (id) => !ids.includes(id) }: Props) {
  const items = ids.map((id) => ({ id }))
  return useSlots(items, ({ id }) => (id === id.toUpperCase() ? 'big' : 'small'), mayGo).map(({ id, key }) => <i key={key}>{id}</i>)
}

let root: ReturnType<typeof createRoot>
let el: HTMLElement
beforeEach(() => {
  el = document.body.appendChild(document.createElement('div'))
  root = createRoot(el)
})
afterEach(() => act(async () => root.unmount()))

/** What is drawn now, by element: a row and the row that had its element before. */
async function draw(props: Props) {
  const before = new Map([...el.children].map((i) => [i, i.textContent]))
  await act(async () => root.render(<Drawn {...props} />))
  return [...el.children].map((i) => `${before.get(i) ?? 'new'}>${i.textContent}`).join(' ')
}

it('a row keeps its element wherever it moves, and one that comes takes that of one that went', async () => {
  expect(await draw({ ids: ['a', 'b', 'c'] })).toBe('new>a new>b new>c')
  expect(await draw({ ids: ['c', 'b', 'd'] })).toBe('a>d b>b c>c')
  expect(await draw({ ids: ['c'] })).toBe('c>c')
})

it('only an element of the same kind is taken: a change of it would be seen', async () => {
  await draw({ ids: ['a', 'B'] })
  expect(await draw({ ids: ['C', 'D'] })).toBe('B>C new>D')
})

it('what is drawn out of sight may be taken, and does not come back for it', async () => {
  const [free, none] = [(id: string) => id === 'a' || id === 'b', () => false]
  await draw({ ids: ['a', 'b', 'c'], mayGo: none })
  expect(await draw({ ids: ['a', 'b', 'c', 'd'], mayGo: free })).toBe('a>d b>b c>c')
  expect(await draw({ ids: ['a', 'b', 'c', 'd'], mayGo: free })).toBe('d>d b>b c>c')
})

it('what must not be taken is made anew', async () => {
  await draw({ ids: ['a', 'b'] })
  expect(await draw({ ids: ['b', 'c'], mayGo: () => false })).toBe('b>b new>c')
})
