import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LiveSocket, type Wire } from './socket.ts'

class FakeWire implements Wire {
  onopen: Wire['onopen'] = null
  onmessage: Wire['onmessage'] = null
  onclose: Wire['onclose'] = null
  sent: { type: string }[] = []
  closed = false
  send(data: string) {
    this.sent.push(JSON.parse(data) as { type: string })
  }
  close() {
    this.closed = true
  }
  frame(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
}

function setup() {
  const wires: FakeWire[] = []
  const calls = { hello: 0, signedOut: 0, frames: [] as string[] }
  const socket = new LiveSocket({
    connect: () => {
      const w = new FakeWire()
      wires.push(w)
      return w
    },
    onFrame: (f) => calls.frames.push(f.type),
    onHello: () => calls.hello++,
    onSignedOut: () => calls.signedOut++,
    random: () => 1,
  })
  socket.start()
  const hello = () => wires.at(-1)!.frame({ type: 'hello', now: new Date().toISOString() })
  return { socket, wires, calls, hello, wire: () => wires.at(-1)! }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('LiveSocket', () => {
  it('is usable only after hello', () => {
    const s = setup()
    expect(s.socket.send({ type: 'typing' })).toBe(false)
    s.hello()
    expect(s.socket.link).toBe('online')
    expect(s.socket.send({ type: 'typing' })).toBe(true)
    expect(s.calls.hello).toBe(1)
  })

  it('answers a ping', () => {
    const s = setup()
    s.hello()
    s.wire().frame({ type: 'ping' })
    expect(s.wire().sent).toEqual([{ type: 'pong' }])
  })

  it('asks after 4 s of silence and has left a half-open connection within 10 s', () => {
    const s = setup()
    s.hello()
    vi.advanceTimersByTime(4_000)
    expect(s.wire().sent.map((f) => f.type)).toEqual(['ping'])
    expect(s.wires).toHaveLength(1)
    vi.advanceTimersByTime(5_000)
    expect(s.wires[0]!.closed).toBe(true)
    vi.advanceTimersByTime(500) // what is left for finding another
    expect(s.wires).toHaveLength(2)
  })

  it('stays while answers come', () => {
    const s = setup()
    s.hello()
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(5_000)
      s.wire().frame({ type: 'pong', now: new Date().toISOString() })
    }
    expect(s.wires).toHaveLength(1)
  })

  it('says that it is lost only after 3 s (M-43)', () => {
    const s = setup()
    s.hello()
    vi.advanceTimersByTime(4_000)
    s.wire().onclose?.({ code: 1006 })
    expect(s.socket.link).toBe('connecting')
    vi.advanceTimersByTime(2_999)
    expect(s.socket.link).toBe('connecting')
    vi.advanceTimersByTime(1)
    expect(s.socket.link).toBe('lost')
    s.hello()
    expect(s.socket.link).toBe('online')
  })

  it('waits longer each time, up to 15 s, and starts over after a stable connection', () => {
    const s = setup()
    const waits: number[] = []
    for (let i = 0; i < 8; i++) {
      const before = Date.now()
      const count = s.wires.length
      s.wire().onclose?.({ code: 1006 })
      while (s.wires.length === count) vi.advanceTimersByTime(100)
      waits.push(Date.now() - before)
    }
    expect(waits).toEqual([400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000])
    s.hello()
    vi.advanceTimersByTime(3_000)
    s.wire().onclose?.({ code: 1006 })
    vi.advanceTimersByTime(400)
    expect(s.wires).toHaveLength(10)
  })

  it('comes back at once when the server goes away', () => {
    const s = setup()
    s.hello()
    vi.advanceTimersByTime(3_000)
    s.wire().onclose?.({ code: 1001 })
    vi.advanceTimersByTime(300)
    expect(s.wires).toHaveLength(2)
  })

  it('does not wait when the network returns', () => {
    const s = setup()
    for (let i = 0; i < 6; i++) {
      s.wire().onclose?.({ code: 1006 })
      if (i < 5) vi.advanceTimersByTime(15_000)
    }
    const count = s.wires.length
    s.socket.retryNow()
    expect(s.wires).toHaveLength(count + 1)
  })

  it('asks at once when there is a reason to doubt, and gives up after 2 s of silence', () => {
    const s = setup()
    s.hello()
    s.socket.doubt()
    expect(s.wire().sent.map((f) => f.type)).toEqual(['ping'])
    s.wire().frame({ type: 'pong', now: new Date().toISOString() })
    vi.advanceTimersByTime(4_000)
    expect(s.wires).toHaveLength(1)
    s.socket.doubt()
    vi.advanceTimersByTime(2_400)
    expect(s.wires).toHaveLength(2)
  })

  it('stops when this sign-in has ended and starts again after another', () => {
    const s = setup()
    s.hello()
    s.wire().onclose?.({ code: 4001 })
    vi.advanceTimersByTime(60_000)
    expect(s.wires).toHaveLength(1)
    expect(s.calls.signedOut).toBe(1)
    expect(s.socket.link).toBe('stopped')
    s.socket.start()
    s.hello()
    expect(s.calls.hello).toBe(2)
  })

  it('ignores the late close of a connection it gave up', () => {
    const s = setup()
    s.hello()
    const old = s.wire()
    const close = old.onclose
    vi.advanceTimersByTime(10_400)
    s.hello()
    close?.({ code: 1006 })
    expect(s.socket.link).toBe('online')
  })

  it('gives up a connection that never says hello', () => {
    const s = setup()
    vi.advanceTimersByTime(10_400)
    expect(s.wires).toHaveLength(2)
  })
})
