import { backoff, type Failure, final, type MessageAnswer, newId, tooMany } from "./api";
import { ingest, out, send } from "./core";
import { forget, keep, parse, recallAll } from "./store";
import { render } from "./view";

// What the visitor wrote and the server has not acknowledged yet. Each entry lies under its own name in the store,
// so a reload or another tab finds it; its id is the client_id, so sending twice stores once (I-10).

export interface Item {
  id: string;
  n: number; // order
  path: "messages" | "department";
  body: object;
  label: string; // what the bubble shows
  // "": on its way; late: no answer, slow: one too many, both tried again by themselves; done: stored, waits for its place
  // in the log; else the code of a refusal
  state: string;
}

export let items: Item[] = [];

let busy = false;
let tries = 0;
let timer: ReturnType<typeof setTimeout>;

const save = (it: Item) => keep("q:" + it.id, JSON.stringify(it));

// Nothing the visitor has to do about it.
export const waits = ({ state }: Item) => /^(late|slow|)$/.test(state);

// What an earlier page could not send.
export function openQueue() {
  items = recallAll("q:").map(parse).filter((it) => it?.body).sort((a: Item, b: Item) => a.n - b.n);
  void flush();
}

// Strictly one after the other: what was written first arrives first.
export async function flush() {
  clearTimeout(timer);
  render();
  if (busy) return;
  busy = true;
  for (let it: Item | undefined; !out.signal.aborted && (it = items.find(waits)); render()) {
    try {
      const answer = await send<MessageAnswer>(it.path, { ...it.body, client_id: it.id });
      it.state = "done";
      forget("q:" + it.id);
      tries = 0;
      ingest([answer.event]);
    } catch (e) {
      const failure = e as Failure;
      if (!final(failure)) {
        for (const other of items.filter(waits)) other.state = tooMany(failure) ? "slow" : "late";
        timer = setTimeout(flush, +failure.wait! * 1000 || backoff(tries++));
        break;
      }
      it.state = failure.code!;
      save(it);
    }
  }
  busy = false;
  render();
}

export function write(path: Item["path"], body: object, label: string) {
  const it: Item = { id: newId(), n: Math.max(Date.now(), (items.at(-1)?.n ?? 0) + 1), path, body, label, state: "" };
  items.push(it);
  save(it);
  void flush();
}

export function retry(it: Item) {
  it.state = "";
  void flush();
}

// What the log has taken over.
export function settle() {
  items = items.filter((it) => it.state !== "done");
}

export function takeBack(it: Item) {
  forget("q:" + it.id);
  items = items.filter((other) => other !== it);
  render();
}
