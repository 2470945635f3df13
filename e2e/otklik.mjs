// Starts a private Otklik for the test, with its own data and its own ports, and stops it again.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const BINARY = process.env.OTKLIK_E2E_BINARY || fileURLToPath(new URL('../bin/otklik', import.meta.url))
const READY = 180_000 // the first start makes a database and its schemas
const STOP = 30_000

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/**
 * Runs `otklik dev` until stop(); empty: without demo data; open: so many open dialogs in it; env: settings of its own.
 * OTKLIK_E2E_URL names one that runs already: nothing is started or killed then, unless its data are to be others.
 */
export async function startOtklik({ empty = false, open = 0, env = {} } = {}) {
  const running = process.env.OTKLIK_E2E_URL
  if (running && !empty && !open) return { url: running.replace(/\/$/, ''), killServe: undefined, stop: async () => {} }
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run \`make build\` first`)

  const data = mkdtempSync(join(tmpdir(), 'otklik-e2e-'))
  chmodSync(data, 0o755) // as root the database runs as another user, who has to get through
  const port = await freePort()
  const dev = spawn(BINARY, ['dev', ...(empty ? ['-empty'] : []), ...(open ? ['-open', `${open}`] : [])], {
    env: { ...process.env, ...env, OTKLIK_DATA: join(data, 'data'), OTKLIK_PORT: `${port}`, OTKLIK_TEMPORAL_UI_PORT: `${await freePort()}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = []
  const ended = once(dev, 'exit')
  let timer
  const ready = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('otklik dev is not ready in time')), READY)
    const line = (text) => {
      said.push(text)
      const url = /^ready: console (\S+)\/console\//.exec(text)?.[1]
      if (url) resolve(url)
    }
    createInterface({ input: dev.stdout }).on('line', line)
    createInterface({ input: dev.stderr }).on('line', line)
    ended.then(([code]) => reject(new Error(`otklik dev ended with ${code}`)))
  })

  async function stop() {
    if (dev.exitCode === null) {
      dev.kill('SIGINT')
      const kill = setTimeout(() => dev.kill('SIGKILL'), STOP)
      await ended
      clearTimeout(kill)
    }
    if (!process.env.OTKLIK_E2E_KEEP) rmSync(data, { recursive: true, force: true })
  }

  try {
    const url = await ready
    clearTimeout(timer)
    return { url, socket: join(data, 'data', 'run', '.s.PGSQL.5432'), killServe: () => killServe(dev.pid), logs: () => logs(data, said), stop }
  } catch (e) {
    clearTimeout(timer)
    const all = logs(data, said)
    await stop()
    throw new Error(`${e.message}\n${all}`)
  }
}

/** kill -9 of the API process below `otklik dev`, which starts it again. */
function killServe(devPid) {
  const list = execFileSync('ps', ['-ax', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter(Boolean)
    .map(([, pid, ppid, args]) => ({ pid: +pid, ppid: +ppid, args }))
  const parent = new Map(list.map((p) => [p.pid, p.ppid]))
  const below = (pid) => {
    for (let p = pid; p; p = parent.get(p)) if (p === devPid) return true
    return false
  }
  const serve = list.find((p) => / serve$/.test(p.args) && below(p.pid))
  if (!serve) throw new Error('there is no process `otklik serve`')
  process.kill(serve.pid, 'SIGKILL')
}

function logs(data, said) {
  const files = ['serve', 'worker'].map((name) => join(data, 'data', `${name}.log`)).filter((f) => existsSync(f))
  return [...said, ...files.map((f) => `--- ${f}\n${readFileSync(f, 'utf8').slice(-4000)}`)].join('\n')
}
