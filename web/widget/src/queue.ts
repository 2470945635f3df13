import { backoff, type Failure, final, type MessageAnswer, newId } from "./api";
import type { Store } from "./store";

// What the visitor wrote and the server has not acknowledged yet. Each entry lies under its own name in the store,
// so a reload or another tab finds it; its id is the client_id, so sending twice stores once (I-10).

export interface Item {
  id: string;
  n: number; // order
  path: "messages" | "department";
  body: object;
  label: string; // what the bubble shows
  // "": on its way; late: no answer, tried again by itself; done: stored, waits for its place in the log; else the code of a refusal
  state: string;
}

export type Queue = ReturnType<typeof createQueue>;

export function createQueue(store: Store, send: (path: string, body: object) => Promise<MessageAnswer>, accepted: (answer: MessageAnswer) => void, changed: () => void) {
  let items: Item[] = store
    .names("q:")
    .map((name) => JSON.parse(store.get(name)!))
    .sort((a, b) => a.n - b.n);
  let busy = false;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout>;

  const save = (it: Item) => store.set("q:" + it.id, JSON.stringify(it));
  const unsent = () => items.filter((it) => !it.state || it.state === "late");

  // Strictly one after the other: what was written first arrives first.
  async function flush() {
    clearTimeout(timer);
    changed();
    if (busy) return;
    busy = true;
    for (let it: Item | undefined; (it = unsent()[0]); changed()) {
      try {
        const answer = await send(it.path, { ...it.body, client_id: it.id });
        it.state = "done";
        store.drop("q:" + it.id);
        tries = 0;
        accepted(answer);
      } catch (e) {
        const failure = e as Failure;
        if (!final(failure)) {
          for (const other of unsent()) other.state = "late";
          timer = setTimeout(flush, failure.wait ? +failure.wait * 1000 : backoff(tries++));
          break;
        }
        it.state = failure.code ?? "refused";
        save(it);
      }
    }
    busy = false;
    changed();
  }

  return {
    items: () => items,
    flush,
    add(path: Item["path"], body: object, label: string) {
      const it: Item = { id: newId(), n: Math.max(Date.now(), (items.at(-1)?.n ?? 0) + 1), path, body, label, state: "" };
      items.push(it);
      save(it);
      void flush();
    },
    retry(it: Item) {
      it.state = "";
      void flush();
    },
    // What the log has taken over.
    forget() {
      items = items.filter((it) => it.state !== "done");
    },
    drop(id: string) {
      store.drop("q:" + id);
      items = items.filter((it) => it.id !== id);
      changed();
    },
  };
}
