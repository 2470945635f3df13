/** ms: until then a push that comes late is waited for. */
export const LATE_AFTER = 1000

/**
 * Every list and row says when it next changes by time alone (`changes_at`). The push normally comes at that moment; when it does
 * not come within a second, ask again: red stays right even while Temporal is late.
 */
export class ChangesWatch {
  private timer?: ReturnType<typeof setTimeout>
  private asked = 0
  private askedAt = -Infinity
  private askedFor = -Infinity
  private now: () => number
  private ask: () => void

  constructor(now: () => number, ask: () => void) {
    this.now = now
    this.ask = ask
  }

  /** Call with all times currently promised, whenever they change: a kept promise has been replaced by a new one. */
  expect(times: Iterable<string | undefined>) {
    let next = Infinity
    for (const t of times) {
      const at = t ? Date.parse(t) : NaN
      if (at < next) next = at
    }
    clearTimeout(this.timer)
    if (next === Infinity) return
    if (next !== this.askedFor) this.asked = 0
    // Asking about the same moment again and again waits longer each time.
    const grace = this.asked ? this.askedAt + 1000 * Math.min(15, 2 ** this.asked) : -Infinity
    const wait = Math.max(0, next + LATE_AFTER - this.now(), grace - this.now())
    const fire = () => {
      this.askedFor = next
      this.askedAt = this.now()
      this.asked++
      this.ask()
    }
    this.timer = setTimeout(fire, Math.min(wait, 2 ** 31 - 1))
  }

  stop() {
    clearTimeout(this.timer)
  }
}
