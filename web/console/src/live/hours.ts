import type { HoursState } from '../../../shared/api.gen.ts'

/** What the clock has made of it since it was told: past `changes_at` it is the other way round, until the server says more. */
export function hoursAt(hours: HoursState, now: number): HoursState {
  if (!hours.changes_at || now < Date.parse(hours.changes_at)) return hours
  return { open: !hours.open }
}
