import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { LABEL_COLORS, labelClass } from './labels.ts'

const tokens = readFileSync(new URL('../../../shared/tokens.css', import.meta.url), 'utf8')
const css = readFileSync(new URL('../styles/labels.css', import.meta.url), 'utf8')

const colour = (token: string) => new RegExp(`${token}:(#[0-9A-Fa-f]{6})`).exec(tokens)![1]!

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light! + 0.05) / (dark! + 0.05)
}

it('every label has text on its colour with a contrast of at least 4.5 (R-068, D-45)', () => {
  expect(LABEL_COLORS).toHaveLength(12)
  const light = /((?:,?\.lab\.c\d+)+)\{color:var\(--l-light\)\}/.exec(css)![1]!
  for (const i of LABEL_COLORS.keys()) {
    const fill = new RegExp(`\\.c${i}\\{background:var\\((--l-\\d+)\\)`).exec(css)![1]!
    const text = light.split(',').includes(`.lab.c${i}`) ? '--l-light' : '--l-dark'
    expect(contrast(colour(fill), colour(text)), `colour ${i}`).toBeGreaterThanOrEqual(4.5)
  }
})

it('a label that was switched off is muted (R-069, D-45)', () => {
  expect(labelClass({ color: 3, active: true })).toBe('chip lab c3')
  expect(labelClass({ color: 3, active: false })).toBe('chip lab off')
})
