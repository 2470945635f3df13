import type { Event } from '../../../shared/api.gen.ts'

/**
 * What is known of one dialog's log. Pages may be read from anywhere (the newest, older ones, a session long ago),
 * so the log is a set of runs, each contiguous by seq; a run that touches another becomes one with it.
 * Nothing is ever shown twice or with a hole inside a run.
 */
export class EventLog {
  private runs: Event[][] = []

  /** Takes a page or a single event. An event that is known already is replaced: the server may have redacted it since. */
  merge(events: readonly Event[]) {
    for (const run of contiguous(events)) this.mergeRun(run)
  }

  /** Takes an event pushed at the end of the log. `gap`: something before it is missing, it was not taken. */
  push(event: Event): 'added' | 'known' | 'gap' {
    const last = this.last()
    if (event.seq > last + 1) return 'gap'
    if (event.seq <= last) {
      this.mergeRun([event])
      return 'known'
    }
    if (last) this.runs[this.runs.length - 1] = [...this.tail(), event]
    else this.runs.push([event])
    return 'added'
  }

  clear() {
    this.runs = []
  }

  /** The run at the end of the log, which live events continue. */
  tail(): readonly Event[] {
    return this.runs.at(-1) ?? []
  }

  /** seq of the last event known; 0 before the first. */
  last(): number {
    return this.runs.at(-1)?.at(-1)?.seq ?? 0
  }

  runWith(seq: number): readonly Event[] | undefined {
    return this.runs.find((r) => r[0]!.seq <= seq && seq <= r.at(-1)!.seq)
  }

  private mergeRun(run: Event[]) {
    const from = run[0]!.seq
    const to = run.at(-1)!.seq
    const before = this.runs.filter((r) => r.at(-1)!.seq < from - 1)
    const after = this.runs.filter((r) => r[0]!.seq > to + 1)
    const touching = this.runs.slice(before.length, this.runs.length - after.length)
    const bySeq = new Map<number, Event>()
    for (const r of touching) for (const e of r) bySeq.set(e.seq, e)
    for (const e of run) bySeq.set(e.seq, e)
    const merged = [...bySeq.values()].sort((a, b) => a.seq - b.seq)
    this.runs = [...before, merged, ...after]
  }
}

/** Splits a list into runs without holes. */
function contiguous(events: readonly Event[]): Event[][] {
  const runs: Event[][] = []
  for (const e of [...events].sort((a, b) => a.seq - b.seq)) {
    const run = runs.at(-1)
    const last = run?.at(-1)
    if (run && last && e.seq === last.seq) run[run.length - 1] = e
    else if (run && last && e.seq === last.seq + 1) run.push(e)
    else runs.push([e])
  }
  return runs
}
