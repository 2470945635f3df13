// Sixty real conversations, played by `otklik replay` against a real Otklik while its API is killed once: nothing may be
// lost, doubled or out of order, and every downloaded file has to be as the replay renders it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BINARY, startOtklik } from './otklik.mjs'

const SAMPLE = fileURLToPath(new URL('../replay/testdata/conversations-sample.jsonl.gz', import.meta.url))
const KEYS = [
  'conversations', 'messages_sent', 'messages_acknowledged', 'messages_delivered', 'lost', 'duplicated', 'reordered',
  'transcripts_equal', 'sessions_closed', 'ack_p50_ms', 'ack_p99_ms', 'delivery_p50_ms', 'delivery_p99_ms',
]

let otklik
before(async () => {
  otklik = await startOtklik()
}, { timeout: 5 * 60_000 })
after(() => otklik?.stop(), { timeout: 60_000 })

/** Plays the sample; onProgress gets each line it says meanwhile. */
function replay(args, onProgress = () => {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(
      BINARY, ['replay', '--target', otklik.url, '--file', SAMPLE, '--json', ...args], { timeout: 4 * 60_000 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`replay ended with ${error.code}:\n${stdout}\n${stderr.slice(-2000)}`))
        else resolve(JSON.parse(stdout))
      },
    )
    child.stderr.setEncoding('utf8').on('data', onProgress)
  })
}

function assertWhole(report) {
  assert.deepEqual(Object.keys(report), KEYS)
  assert.equal(report.conversations, 60)
  assert.equal(report.sessions_closed, 60)
  assert.equal(report.messages_sent, 1150)
  assert.equal(report.messages_acknowledged, 1150)
  assert.equal(report.messages_delivered, 1150)
  assert.deepEqual([report.lost, report.duplicated, report.reordered, report.transcripts_equal], [0, 0, 0, true])
}

test('the sample without pauses', { timeout: 5 * 60_000 }, async () => {
  assertWhole(await replay(['--speed', '0']))
})

test('the sample while the API is killed', { timeout: 5 * 60_000 }, async (t) => {
  if (!otklik.killServe) return t.skip('a server that was not started here is not killed')
  let killed = false
  const report = await replay(['--speed', '300'], (line) => {
    if (killed || !/ [1-9]\d* under way, [1-9]\d\d+ messages/.test(line)) return
    killed = true
    otklik.killServe()
  })
  assert.ok(killed, 'it was over before the API could be killed')
  assertWhole(report)
})
