/** The smallest store React can subscribe to: a version that grows with every change. */
export class Emitter {
  private listeners = new Set<() => void>()
  version = 0

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  getVersion = (): number => this.version

  protected changed() {
    this.version++
    for (const listener of [...this.listeners]) listener()
  }
}
