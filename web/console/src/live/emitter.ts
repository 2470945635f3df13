/** When listeners are told: at once, or later and then once for all changes until then. */
export type Pace = (tell: () => void) => void

/** The smallest store React can subscribe to: a version that grows with every change. */
export class Emitter {
  private listeners = new Set<() => void>()
  private owed = false
  private pace: Pace
  version = 0

  constructor(pace: Pace = (tell) => tell()) {
    this.pace = pace
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  getVersion = (): number => this.version

  protected get watched(): boolean {
    return this.listeners.size > 0
  }

  protected changed() {
    this.version++
    if (this.owed) return
    this.owed = true
    this.pace(() => {
      this.owed = false
      for (const listener of [...this.listeners]) listener()
    })
  }
}
