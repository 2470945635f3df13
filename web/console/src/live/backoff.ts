/** Waits between attempts: doubled each time up to a cap, half of it random, so that consoles do not return all at once. */
export class Backoff {
  private attempt = 0
  private base: number
  private cap: number
  private random: () => number

  constructor(base = 400, cap = 15_000, random: () => number = Math.random) {
    this.base = base
    this.cap = cap
    this.random = random
  }

  next(): number {
    const full = Math.min(this.cap, this.base * 2 ** this.attempt++)
    return full / 2 + (full / 2) * this.random()
  }

  reset() {
    this.attempt = 0
  }
}
