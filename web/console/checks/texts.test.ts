// Guards the texts of console, widget and server: nothing missing, nothing untranslated, nothing unknown, nothing forgotten.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import en from '../../../texts/en.json'
import kk from '../../../texts/kk.json'
import ru from '../../../texts/ru.json'
import settingsEn from '../../../texts/settings/en.json'
import settingsKk from '../../../texts/settings/kk.json'
import settingsRu from '../../../texts/settings/ru.json'
import { RESERVED } from './reserved.ts'

// The words of the settings are loaded apart; to the guards they are as good as the others.
const texts: Record<string, Record<string, string>> = { ru: { ...ru, ...settingsRu }, en: { ...en, ...settingsEn }, kk: { ...kk, ...settingsKk } }
const keys = Object.keys(texts.ru!)
const web = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

// Written alike in two languages, and rightly so.
const ALIKE = new Set([
  'who.operator', 'who.client', 'list.avatar', 'card.phone', 'hist.session', 'tag.lead', 'det.browser', 'project.widget',
  'signin.login', 'txt.operator', 'plural.sessions.one', 'ago.minutes', 'day.3', 'day.6',
  'device.desktop', 'device.phone', 'device.tablet', 'log.tag',
  'set.account', 'set.minutes', 'set.seconds', 'set.priority.minutes', 'set.tag.one', 'set.template.command', 'set.widget.company', 'set.setup.code',
])

function sources(folder: string, is: RegExp, isNot: RegExp): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (name === 'node_modules' || name === 'dist') return []
    if (statSync(path).isDirectory()) return sources(path, is, isNot)
    return is.test(name) && !isNot.test(name) ? [path] : []
  })
}

const read = (path: string) => ({ path, text: readFileSync(path, 'utf8') })
const code = ['console/src', 'widget', 'shared'].flatMap((f) => sources(join(web, f), /\.tsx?$/, /\.(test|gen|d)\.tsx?$/)).map(read)
/** What renders texts or names them in events. */
const server = ['api', 'dialog', 'transcript'].flatMap((f) => sources(join(web, '..', f), /\.go$/, /(_test|\.gen)\.go$/)).map(read)

/** Keys named by a source: as a literal, or as a template whose variable part stands for any key of its kind. */
function used(): Set<string> {
  const found = new Set<string>()
  for (const { text } of [...code, ...server]) {
    for (const [, key] of text.matchAll(/['"`]([a-z][A-Za-z]*(?:\.[A-Za-z0-9]+)+)['"`]/g)) if (key && keys.includes(key)) found.add(key)
    for (const [, key] of text.matchAll(/\bt\(\s*['"]([a-z]\w*)['"]/g)) if (key && keys.includes(key)) found.add(key)
    for (const [, template] of text.matchAll(/`([a-z][A-Za-z]*\.[^`]*\$\{[^`]*)`/g)) {
      const pattern = new RegExp(`^${template!.replace(/\./g, '\\.').replace(/\$\{[^}]*\}/g, '[A-Za-z0-9]+')}$`)
      for (const key of keys) if (pattern.test(key)) found.add(key)
    }
  }
  return found
}

/** What the server asks texts.Text for, directly or through a function of its own, or names in an event. */
const SERVER_KEY = /texts\.Text\([^,\n]+,\s*"([\w.]+)"|\.text\("([\w.]+)"|\bKey[A-Z]\w*\s*=\s*"([\w.]+)"/g

/** What is given to t(…) as a literal but is no key. The widget is not type-checked against the keys here, so it is looked for. */
function unknown(): string[] {
  const bad: string[] = []
  for (const { path, text } of code)
    for (const [, key] of text.matchAll(/\bt\(\s*['"]([a-z][\w.]*)['"]/g)) if (key && !keys.includes(key)) bad.push(`${path.slice(web.length + 1)}: ${key}`)
  for (const { path, text } of server)
    for (const [, ...found] of text.matchAll(SERVER_KEY)) if (!keys.includes(found.find((k) => k)!)) bad.push(`${path}: ${found.join('')}`)
  return bad
}

const params = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join()

describe('texts', () => {
  it('every language has every key, and no empty text', () => {
    for (const [language, all] of Object.entries(texts)) {
      expect(Object.keys(all).sort(), language).toEqual([...keys].sort())
      expect(keys.filter((k) => !all[k]!.trim()), language).toEqual([])
    }
  })

  it('no word is kept twice', () => {
    expect(Object.keys(settingsRu).filter((k) => k in ru)).toEqual([])
  })

  it('every language uses the same params', () => {
    const different = keys.filter((k) => params(texts.en![k]!) !== params(texts.ru![k]!) || params(texts.kk![k]!) !== params(texts.ru![k]!))
    expect(different).toEqual([])
  })

  it('nothing is left untranslated', () => {
    const same = (a: string, b: string) => keys.filter((k) => texts[a]![k] === texts[b]![k] && !ALIKE.has(k) && /\p{L}/u.test(texts[a]![k]!.replace(/\{\w+\}/g, '')))
    expect(keys.filter((k) => /\p{Script=Cyrillic}/u.test(texts.en![k]!))).toEqual([])
    expect(same('ru', 'kk')).toEqual([])
    expect(same('ru', 'en')).toEqual([])
  })

  it('no source asks for a key that does not exist', () => {
    expect(unknown()).toEqual([])
  })

  it('every key is used; only terms of the glossary that no screen shows as they are may be kept beside', () => {
    const seen = used()
    expect(keys.filter((k) => !seen.has(k)).sort()).toEqual([...RESERVED].sort())
  })
})
