// Time is the server's: every countdown runs on its clock, whatever the computer's clock says.

const STALE_MS = 60_000

export class ServerClock {
  private offset = 0
  private rtt = Infinity
  private at = -Infinity
  private local: () => number

  constructor(local: () => number = () => Date.now()) {
    this.local = local
  }

  /** Takes a server time seen now, in answer to something asked at `askedAt` (local time). Answers that came fast count more. */
  sync(serverNow: string, askedAt?: number) {
    const now = this.local()
    const rtt = askedAt === undefined ? 1000 : Math.max(0, now - askedAt)
    const offset = Date.parse(serverNow) + (askedAt === undefined ? 0 : rtt / 2) - now
    if (Number.isNaN(offset)) return
    // A jump larger than the two errors together means one of the clocks was moved.
    const jumped = Math.abs(offset - this.offset) > rtt + this.rtt
    if (rtt <= this.rtt || now - this.at > STALE_MS || jumped) {
      this.offset = offset
      this.rtt = rtt
      this.at = now
    }
  }

  now(): number {
    return this.local() + this.offset
  }
}

const two = (n: number) => String(n).padStart(2, '0')

/** m:ss below an hour; parts for the longer forms, which need words. */
export function splitDuration(ms: number): { text: string } | { hours: number; minutes: number } | { days: number; hours: number } {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 3600) return { text: `${Math.floor(s / 60)}:${two(s % 60)}` }
  if (s < 86_400) return { hours: Math.floor(s / 3600), minutes: Math.floor((s % 3600) / 60) }
  return { days: Math.floor(s / 86_400), hours: Math.floor((s % 86_400) / 3600) }
}

/** A countdown shows 0:01 until the instant itself, never 0:00 before it. */
export function remaining(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000) * 1000)
}

export function share(from: number, until: number, now: number): number {
  return until <= from ? 1 : Math.min(1, Math.max(0, (now - from) / (until - from)))
}

/** Elapsed time of a row (D-17). */
export type Ago = { unit: 'now' } | { unit: 'minutes' | 'hours' | 'days'; n: number } | { unit: 'date' }

export function ago(ms: number): Ago {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return { unit: 'now' }
  if (minutes < 60) return { unit: 'minutes', n: minutes }
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return { unit: 'hours', n: hours }
  const days = Math.floor(hours / 24)
  return days < 7 ? { unit: 'days', n: days } : { unit: 'date' }
}
