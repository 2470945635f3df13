import { useRef } from 'react'

interface Slot {
  id: string
  kind: string
  key: number
}

/**
 * Which element draws which row: the key of each, in an order of elements that stays as it is. A row that is drawn on keeps its
 * element; one that comes into sight takes over that of one that went, since to say something new costs half of what a new element
 * does. Only one of its own kind, or it would be seen to change. `mayGo`: whose element may be taken, drawn or not.
 */
export function useSlots<T extends { id: string }>(drawn: readonly T[], kindOf: (item: T) => string, mayGo: (id: string) => boolean): readonly Slot[] {
  const slots = useRef<readonly Slot[]>([])
  const next = useRef(0)

  const known = new Set(slots.current.map((s) => s.id))
  const items = new Map(drawn.map((item) => [item.id, item]))
  const coming = drawn.filter((item) => !known.has(item.id) && !mayGo(item.id))
  const kept = slots.current.flatMap(({ id, kind, key }): Slot[] => {
    const successor = mayGo(id) ? coming.findIndex((c) => kindOf(c) === kind) : -1
    const item = successor < 0 ? items.get(id) : coming.splice(successor, 1)[0]
    return item ? [{ id: item.id, kind: kindOf(item), key }] : []
  })
  slots.current = [...kept, ...coming.map((item) => ({ id: item.id, kind: kindOf(item), key: next.current++ }))]
  return slots.current
}
