import { backoff, type ServerFrame } from "./api";
import { frame, hello, lineIs, out, refused, token } from "./core";

// The visitor's socket: says hello with the last seq it has, notices a dead line, comes back.

const ANSWER = 6_000;

let url: string;
let ws: WebSocket | undefined;
let tries = 0;
let timer: ReturnType<typeof setTimeout>; // of the heart while there is a line, else of the next attempt

export const liveAt = (address: string) => (url = address);

export const say = (f: object) => ws?.readyState === 1 && ws.send(JSON.stringify(f));

// A dead line is found within 20 s. Every sign of life starts the wait anew; silence is answered by a ping, more silence by a new line.
function beat(wait = 12_000) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    say({ type: "ping" });
    timer = setTimeout(lost, ANSWER);
  }, wait);
}

export function hangUp() {
  const s = ws;
  ws = undefined; // from here on that socket is not heard any more, whenever it really closes
  clearTimeout(timer);
  s?.close();
}

function lost(code?: number) {
  hangUp();
  lineIs(false);
  if (code === 4001 || code === 4003) refused(code);
  else timer = setTimeout(dial, backoff(tries++));
}

export function dial() {
  hangUp();
  if (out.signal.aborted) return;
  const s = (ws = new WebSocket(url));
  beat(ANSWER); // a connection that never opens is dead, too
  s.onopen = () => {
    say(hello());
    beat();
  };
  s.onmessage = (e) => {
    if (s !== ws) return;
    beat();
    const f: ServerFrame = JSON.parse(e.data);
    if (f.type === "ping") say({ type: "pong" });
    if (f.type === "hello") {
      tries = 0;
      lineIs(true);
    }
    frame(f);
  };
  s.onclose = (e) => s === ws && lost(e.code);
}

// The person is back, or the network says it is: ask at once instead of waiting for the clock.
export function probe() {
  tries = 0;
  if (ws?.readyState! < 2) beat(0);
  else if (token) dial();
}
