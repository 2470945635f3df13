import { backoff, type ServerFrame } from "./api";

// The visitor's socket: says hello with the last seq it has, notices a dead line, comes back.

export interface LiveDeps {
  url: string;
  hello(): object;
  frame(f: ServerFrame): void;
  status(up: boolean): void;
  refused(code: number): void;
}

const ANSWER = 6_000;

export function createLive(d: LiveDeps) {
  let ws: WebSocket | undefined;
  let tries = 0;
  let retry: ReturnType<typeof setTimeout>;
  let heart: ReturnType<typeof setTimeout>;

  const send = (f: object) => ws?.readyState === 1 && ws.send(JSON.stringify(f));

  // A dead line is found within 20 s. Every sign of life starts the wait anew; silence is answered by a ping, more silence by a new line.
  function beat(wait = 12_000) {
    clearTimeout(heart);
    heart = setTimeout(() => {
      send({ type: "ping" });
      heart = setTimeout(lost, ANSWER);
    }, wait);
  }

  function close() {
    const s = ws;
    ws = undefined; // from here on that socket is not heard any more, whenever it really closes
    clearTimeout(heart);
    clearTimeout(retry);
    s?.close();
  }

  function lost(code?: number) {
    close();
    d.status(false);
    if (code === 4001 || code === 4003) d.refused(code);
    else retry = setTimeout(open, backoff(tries++));
  }

  function open() {
    close();
    const s = (ws = new WebSocket(d.url));
    beat(ANSWER); // a connection that never opens is dead, too
    s.onopen = () => {
      send({ type: "hello", ...d.hello() });
      beat();
    };
    s.onmessage = (e) => {
      if (s !== ws) return;
      beat();
      const f: ServerFrame = JSON.parse(e.data);
      if (f.type === "ping") send({ type: "pong" });
      if (f.type === "hello") {
        tries = 0;
        d.status(true);
      }
      d.frame(f);
    };
    s.onclose = (e) => s === ws && lost(e.code);
  }

  return {
    open,
    close,
    send,
    // The person is back, or the network says it is: ask at once instead of waiting for the clock.
    probe() {
      tries = 0;
      if (ws) beat(0);
      else open();
    },
  };
}
