// What the main thread of a page did, frame by frame, from Chromium's own trace.

const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'disabled-by-default-devtools.timeline.frame']

export async function traced(browser, page, run) {
  await browser.startTracing(page, { categories: CATEGORIES })
  let buffer
  try {
    await run()
  } finally {
    buffer = await browser.stopTracing()
  }
  return JSON.parse(buffer.toString()).traceEvents
}

/**
 * The frames of the busiest renderer: all that its main thread did since the frame before, in ms, by its CPU time and by
 * the clock.
 */
export function frames(events) {
  const main = new Set(events.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain').map((e) => `${e.pid} ${e.tid}`))
  const threads = new Map()
  for (const e of events) {
    const thread = `${e.pid} ${e.tid}`
    if (!main.has(thread)) continue
    const of = threads.get(thread) ?? threads.set(thread, { tasks: [], begins: [] }).get(thread)
    if (e.ph === 'X' && e.name === 'ThreadControllerImpl::RunTask') of.tasks.push(e)
    if (e.name === 'BeginMainThreadFrame') of.begins.push(e.ts)
  }
  const [busiest] = [...threads.values()].sort((a, b) => b.begins.length - a.begins.length)
  if (!busiest?.begins.length) throw new Error('the trace has no frames')
  busiest.tasks.sort((a, b) => a.ts - b.ts)
  const begins = busiest.begins.sort((a, b) => a - b)
  const out = []
  let cpu = 0, wall = 0, next = 0
  for (const t of busiest.tasks) {
    cpu += (t.tdur ?? t.dur) / 1000
    wall += t.dur / 1000
    if (next >= begins.length || begins[next] > t.ts + t.dur) continue
    while (next < begins.length && begins[next] <= t.ts + t.dur) next++
    out.push({ cpu, wall })
    cpu = wall = 0
  }
  return out
}

export function percentile(list, p) {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))]
}

const LOOP = 22 // ms of the loop below on the machine of docs/performance.md

/**
 * How much slower than that machine this one is, 1 at least: what a frame may cost is so many milliseconds there. The best of
 * several turns: what other processes take meanwhile does not count in CPU time either.
 */
export async function slowness(page) {
  const best = await page.evaluate(() => {
    let best = Infinity
    for (let turn = 0; turn < 15; turn++) {
      const began = performance.now()
      let x = 0
      for (let i = 0; i < 2e7; i++) x = (x * 31 + i) | 0
      window.__kept = x // or the loop is left out
      best = Math.min(best, performance.now() - began)
    }
    delete window.__kept
    return best
  })
  return Math.max(1, best / LOOP)
}
