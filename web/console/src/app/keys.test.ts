import { describe, expect, it } from 'vitest'
import { wishOf } from './shortcuts.ts'
import { fold } from '../ui/PickList.tsx'
import { initials, tint } from '../ui/marks.tsx'

const key = (code: string, mods: Partial<Record<'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey', boolean>> = {}) => ({
  code, key: '', altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...mods,
})

describe('keys', () => {
  it('work by place, in any layout and from anywhere', () => {
    expect(wishOf(key('Digit2', { altKey: true }), true, true)).toBe('tab2')
    expect(wishOf(key('ArrowDown', { altKey: true }), true, false)).toBe('next')
    expect(wishOf(key('F6', { shiftKey: true }), true, false)).toBe('paneBack')
  })
  it('single keys only outside text fields, and only while they are on', () => {
    expect(wishOf(key('KeyT'), false, true)).toBe('transfer')
    expect(wishOf(key('KeyT'), true, true)).toBeUndefined()
    expect(wishOf(key('KeyT'), false, false)).toBeUndefined()
    expect(wishOf(key('KeyT', { ctrlKey: true }), false, true)).toBeUndefined()
  })
})

describe('keys of the search (D-47)', () => {
  it('Ctrl+F from anywhere, / outside text fields, F3 older and Shift+F3 newer', () => {
    expect(wishOf(key('KeyF', { ctrlKey: true }), true, false)).toBe('search')
    expect(wishOf(key('Slash'), false, true)).toBe('search')
    expect(wishOf(key('Slash'), true, true)).toBeUndefined()
    expect(wishOf(key('Slash', { shiftKey: true }), false, true)).toBe('keys')
    expect(wishOf(key('F3'), true, false)).toBe('searchOlder')
    expect(wishOf(key('F3', { shiftKey: true }), true, false)).toBe('searchNewer')
    expect(wishOf(key('KeyL'), false, true)).toBe('labels')
  })
})

describe('names', () => {
  it('are found in any letter case, with ё or е', () => {
    expect(fold('Тёплый УГОЛ').includes(fold('теплый уг'))).toBe(true)
  })
  it('give initials', () => {
    expect(initials('Айгүл Жақсыбекова')).toBe('АЖ')
    expect(initials('<b>')).toBe('B')
    expect(initials('анна')).toBe('А')
  })
  it('one visitor has one colour', () => {
    expect(tint('abc')).toBe(tint('abc'))
    expect(tint('')).toBeGreaterThan(0)
  })
})
