// @vitest-environment happy-dom
import { act, useRef } from 'react'
import { createRoot } from 'react-dom/client'
import { afterEach, expect, it } from 'vitest'
import '../testing.ts'
import { useCalmOrder } from './useCalmOrder.ts'
import { useWindowed } from './useWindowed.ts'

const HEIGHT = 800
const heightOf = (n: number) => (n % 3 ? 75 : 55)
let show: (index: number) => void

function List({ items }: { items: number[] }) {
  const scroller = useRef<HTMLDivElement>(null)
  const windowed = useWindowed(items, heightOf, scroller)
  show = windowed.show
  return (
    <div id="scroller" ref={scroller}>
      <div id="in" style={{ height: windowed.total }}>
        {windowed.placed.map(({ index, top }) => (
          <i key={index} data-index={index} data-top={top} data-height={heightOf(items[index]!)} />
        ))}
      </div>
    </div>
  )
}

const root = () => createRoot(document.body.appendChild(document.createElement('div')))
let current: ReturnType<typeof root>
afterEach(() => act(async () => current.unmount()))

async function draw(count: number) {
  current ??= root()
  await act(async () => current.render(<List items={Array.from({ length: count }, (_, i) => i)} />))
  const el = document.getElementById('scroller')!
  Object.defineProperty(el, 'clientHeight', { value: HEIGHT, configurable: true })
  return el
}
const scroll = (el: HTMLElement, top: number) =>
  act(async () => {
    el.scrollTop = top
    el.dispatchEvent(new Event('scroll'))
  })
const drawn = () => [...document.querySelectorAll<HTMLElement>('[data-index]')].map((i) => ({ top: Number(i.dataset.top), bottom: Number(i.dataset.top) + Number(i.dataset.height) }))

it('draws what is seen and little more, without a hole, wherever it stands in 5,000 rows', async () => {
  current = root()
  const el = await draw(5000)
  const total = parseFloat(document.getElementById('in')!.style.height)
  expect(total).toBe(Array.from({ length: 5000 }, (_, i) => heightOf(i)).reduce<number>((a, b) => a + b, 0))
  for (const top of [0, 1, 54, 55, 10_000, 123_456, total - HEIGHT]) {
    await scroll(el, top)
    const rows = drawn()
    expect(rows.length).toBeLessThan(30)
    expect(rows[0]!.top).toBeLessThanOrEqual(top)
    expect(rows.at(-1)!.bottom).toBeGreaterThanOrEqual(Math.min(total, top + HEIGHT))
    rows.slice(1).forEach((r, i) => expect(r.top).toBe(rows[i]!.bottom))
  }
})

it('scrolls to a row no further than needed', async () => {
  current = root()
  const el = await draw(100)
  await scroll(el, 0)
  await act(async () => show(50))
  const bottom = Array.from({ length: 51 }, (_, i) => heightOf(i)).reduce<number>((a, b) => a + b, 0)
  expect(el.scrollTop).toBe(bottom - HEIGHT)
  await act(async () => show(49))
  expect(el.scrollTop).toBe(bottom - HEIGHT)
  await act(async () => show(0))
  expect(el.scrollTop).toBe(0)
})

it('the list does not move under the hand: a new order waits while the pointer moves, what rows say does not', async () => {
  type Item = { id: string; says: string }
  let move = () => {}
  function Calm({ wanted }: { wanted: Item[] }) {
    const { items, onPointerMove } = useCalmOrder(wanted, 'p all')
    move = onPointerMove
    return <p id="calm">{items.map((i) => i.id + i.says).join(' ')}</p>
  }
  current = root()
  const show = (wanted: Item[]) => act(async () => current.render(<Calm wanted={wanted} />))
  const text = () => document.getElementById('calm')!.textContent
  const item = (id: string, says = '') => ({ id, says })
  await show([item('a'), item('b')])
  move()
  await show([item('b'), item('a', '!')])
  expect(text()).toBe('a! b')
  // A row that is gone goes at once.
  move()
  await show([item('c'), item('b')])
  expect(text()).toBe('b')
  await act(async () => new Promise((done) => setTimeout(done, 400)))
  expect(text()).toBe('c b')
  await show([item('b'), item('c')])
  expect(text()).toBe('b c')
})
