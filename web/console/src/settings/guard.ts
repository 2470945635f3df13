// Unsaved changes hold everything that would lose them: links, the browser's «back», closing the tab.
import { guardLeaving } from '../app/route.ts'
import { Emitter } from '../live/emitter.ts'

class Guard extends Emitter {
  private held = 0
  /** What goes on when the changes are given up; while it is there, the question is asked. */
  pending?: () => void

  hold() {
    this.held++
    return () => {
      this.held--
    }
  }

  /** Now, or after a yes to the question. */
  pass(act: () => void) {
    if (!this.held) return act()
    this.pending = act
    this.changed()
  }

  answer(leave: boolean) {
    const act = this.pending
    this.pending = undefined
    if (leave && act) this.release(act)
    this.changed()
  }

  /** Without the question: what holds is settled, or about to go. */
  release(act: () => void) {
    const held = this.held
    this.held = 0
    act()
    this.held = held
  }

  get holding() {
    return this.held > 0
  }
}

export const guard = new Guard()

export function holdLeaving(dirty: boolean): (() => void) | undefined {
  return dirty ? guard.hold() : undefined
}

/** For as long as settings are shown. */
export function watchLeaving(): () => void {
  const unload = (e: BeforeUnloadEvent) => {
    if (guard.holding) e.preventDefault()
  }
  addEventListener('beforeunload', unload)
  const free = guardLeaving((act) => {
    if (!guard.holding) return false
    guard.pass(act)
    return true
  })
  return () => {
    removeEventListener('beforeunload', unload)
    free()
  }
}
