// For tests of what React draws.
import { act } from 'react'
import { vi } from 'vitest'

const react = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }
react.IS_REACT_ACT_ENVIRONMENT = true

/** Tells React of a change; while a test waits, changes come by themselves, as in a browser. */
export const told = (change: () => void) => (react.IS_REACT_ACT_ENVIRONMENT ? act(change) : change())

/** What it returns, as soon as it throws no more. */
export async function eventually<T>(is: () => T): Promise<T> {
  react.IS_REACT_ACT_ENVIRONMENT = false
  try {
    return await vi.waitFor(is, 8000)
  } finally {
    react.IS_REACT_ACT_ENVIRONMENT = true
  }
}
