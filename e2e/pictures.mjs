// Pictures of every state, kept in a folder that is not committed, to lay beside the drawings.
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const PICTURES = fileURLToPath(new URL('./pictures/', import.meta.url))

export const slug = (name) => name.replace(/[^\p{L}\p{N}]+/gu, '-')

/** `name` may have folders. */
export function keep(page, name) {
  const path = `${PICTURES}${name}.png`
  mkdirSync(dirname(path), { recursive: true })
  return page.screenshot({ path })
}

/** Takes the pictures of an earlier run away. */
export const forget = (folder) => rmSync(`${PICTURES}${folder}`, { recursive: true, force: true })
