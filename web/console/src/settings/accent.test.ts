import { expect, test } from 'vitest'
import { accentColours } from './accent.ts'

// Any colour the owner may choose is readable: the rules of «Widget accent» in the tokens, and the cases of api/accent_test.go.
const luminance = (hex: string) =>
  [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const c = parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16) / 255
    return sum + weight * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  }, 0.05)
const ratio = (a: string, b: string) => Math.max(luminance(a) / luminance(b), luminance(b) / luminance(a))

test('text and border follow from the accent', () => {
  expect(accentColours('#17392D')).toEqual(['#17392D', '#ffffff', '#17392D'])
  expect(accentColours('#F2C230')).toEqual(['#F2C230', '#151c18', '#7d8a81'])
  expect(accentColours('#9A3E1B')).toEqual(['#9A3E1B', '#ffffff', '#9A3E1B'])
})

test('no colour leaves text below 4.5 to 1, or an edge below 3 to 1', () => {
  for (let n = 0; n < 0x1000; n++) {
    const accent = `#${[8, 4, 0].map((shift) => ((n >> shift) & 15).toString(16).repeat(2)).join('')}`
    const [, text, border] = accentColours(accent)
    expect(ratio(accent, text), accent).toBeGreaterThanOrEqual(4.5)
    expect(ratio(border, '#ffffff'), accent).toBeGreaterThanOrEqual(3)
  }
})
