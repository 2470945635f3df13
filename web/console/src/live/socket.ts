import type { OperatorClientFrame, OperatorServerFrame } from '../../../shared/api.gen.ts'
import { Backoff } from './backoff.ts'
import { Emitter } from './emitter.ts'

export type Link = 'connecting' | 'online' | 'lost' | 'stopped'

/** What this needs of a WebSocket; tests bring their own. */
export interface Wire {
  onopen: ((e: never) => void) | null
  onmessage: ((e: { data: unknown }) => void) | null
  onclose: ((e: { code: number }) => void) | null
  send(data: string): void
  close(code?: number): void
}

export interface SocketOptions {
  connect: () => Wire
  onFrame: (frame: OperatorServerFrame) => void
  /** A new connection is usable: subscribe again, fetch the list anew. */
  onHello: () => void
  onSignedOut: () => void
  /** Closed before it was usable; a browser does not tell a refused sign-in from a dead server. */
  onRefused?: () => void
  onPong?: (serverNow: string, askedAt: number) => void
  random?: () => number
  now?: () => number
}

const PING_AFTER = 4_000 // silence before asking
const DEAD_AFTER = 5_000 // and then: a half-open connection is found, and another there, within 10 s
const DOUBTED_FOR = 2_000 // or sooner, when there is a reason to ask
const LOST_AFTER = 3_000 // M-43 is shown when the connection has been away this long
const STABLE_AFTER = 3_000 // shorter connections do not reset the backoff
const HELLO_WITHIN = 10_000

/** One connection that keeps itself alive, reconnects, and says what state it is in. */
export class LiveSocket extends Emitter {
  link: Link = 'stopped'
  private wire?: Wire
  private usable = false
  private backoff: Backoff
  private timers = new Map<string, ReturnType<typeof setTimeout>>()
  private pingAt = 0
  private options: SocketOptions
  private now: () => number

  constructor(options: SocketOptions) {
    super()
    this.options = options
    this.now = options.now ?? (() => Date.now())
    this.backoff = new Backoff(400, 15_000, options.random)
  }

  start() {
    if (this.link !== 'stopped') return
    this.setLink('connecting')
    this.after('lost', LOST_AFTER, () => this.setLink('lost'))
    this.open()
  }

  stop() {
    this.drop()
    for (const t of this.timers.values()) clearTimeout(t)
    this.timers.clear()
    this.setLink('stopped')
  }

  /** The network or the tab came back: do not wait for the backoff. */
  retryNow() {
    if (this.link === 'stopped' || this.wire) return
    this.backoff.reset()
    this.open()
  }

  /** The browser has lost its network, or has just woken up: asks at once whether anybody is there. */
  doubt() {
    if (this.usable) this.ping(DOUBTED_FOR)
  }

  /** False when there is no connection: whatever was to be said is said again at the next hello. */
  send(frame: OperatorClientFrame): boolean {
    if (!this.wire || !this.usable) return false
    this.wire.send(JSON.stringify(frame))
    return true
  }

  private open() {
    this.cancel('retry')
    let wire: Wire
    try {
      wire = this.options.connect()
    } catch {
      return this.retry(this.backoff.next())
    }
    this.wire = wire
    this.after('dead', HELLO_WITHIN, () => this.lose())
    wire.onmessage = (e) => {
      if (wire === this.wire && typeof e.data === 'string') this.receive(e.data)
    }
    wire.onclose = (e) => {
      if (wire === this.wire) this.closed(e.code)
    }
  }

  private receive(data: string) {
    this.cancel('dead')
    this.after('ping', PING_AFTER, () => this.ping())
    let frame: OperatorServerFrame
    try {
      frame = JSON.parse(data) as OperatorServerFrame
    } catch {
      return
    }
    switch (frame.type) {
      case 'hello':
        this.usable = true
        this.cancel('lost')
        this.after('stable', STABLE_AFTER, () => this.backoff.reset())
        this.options.onFrame(frame)
        this.setLink('online')
        this.options.onHello()
        return
      case 'ping':
        this.send({ type: 'pong' })
        return
      case 'pong':
        if (frame.now) this.options.onPong?.(frame.now, this.pingAt)
        return
      default:
        this.options.onFrame(frame)
    }
  }

  private ping(within = DEAD_AFTER) {
    this.pingAt = this.now()
    this.cancel('ping')
    this.send({ type: 'ping' })
    this.after('dead', within, () => this.lose())
  }

  /** Half-open: the other end is silent. Its close event may never come, so it is not waited for. */
  private lose() {
    this.drop()
    this.retry(this.backoff.next())
  }

  private closed(code: number) {
    const refused = !this.usable
    this.drop()
    if (code === 4001) {
      this.cancel('lost')
      this.setLink('stopped')
      this.options.onSignedOut()
      return
    }
    if (refused) this.options.onRefused?.()
    // 1001: the server restarts; another one may be there already. The backoff still grows if it is not.
    this.retry(code === 1001 || code === 4008 ? Math.min(300, this.backoff.next()) : this.backoff.next())
  }

  private drop() {
    const wire = this.wire
    this.wire = undefined
    this.usable = false
    this.cancel('ping')
    this.cancel('dead')
    this.cancel('stable')
    if (wire) {
      wire.onmessage = null
      wire.onclose = null
      wire.close()
    }
  }

  private retry(wait: number) {
    if (this.link === 'online') {
      this.setLink('connecting')
      this.after('lost', LOST_AFTER, () => this.setLink('lost'))
    }
    this.after('retry', wait, () => this.open())
  }

  private setLink(link: Link) {
    if (link === this.link) return
    this.link = link
    this.changed()
  }

  private after(name: string, ms: number, act: () => void) {
    this.cancel(name)
    this.timers.set(name, setTimeout(act, ms))
  }

  private cancel(name: string) {
    clearTimeout(this.timers.get(name))
    this.timers.delete(name)
  }
}
