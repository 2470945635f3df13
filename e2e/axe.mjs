// What axe says about a page as it stands.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const AXE = readFileSync(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What is wrong, one line each. `menu`: one is open; a menu stands beside the landmarks, not in one. */
export async function violations(page, { menu = false } = {}) {
  await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {}))))
  await page.evaluate(AXE)
  const found = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES)
  return found.violations
    .filter((v) => !(menu && v.id === 'region'))
    .map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} ${n.html.slice(0, 120)}`).join(', ')}`)
}

/** Fails under this name when something is wrong. */
export async function axe(page, name, options) {
  assert.deepEqual(await violations(page, options), [], name)
}
