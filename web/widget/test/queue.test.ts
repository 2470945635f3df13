import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Failure, MessageAnswer } from "../src/api";
import { createQueue } from "../src/queue";
import { createStore } from "../src/store";

// I-10: what was written is sent once and in order, whatever happens to answers, connections and pages.

type Sent = { text: string; client_id: string };
let sent: Sent[];
let fail: Failure | undefined;

const page = () =>
  createQueue(
    createStore("test:"),
    async (_, body) => {
      sent.push(body as Sent);
      if (fail) throw fail;
      return {} as MessageAnswer;
    },
    () => {},
    () => {},
  );
const write = (q: ReturnType<typeof page>, text: string) => q.add("messages", { text }, text);
const states = (q: ReturnType<typeof page>) => q.items().map((it) => `${it.label} ${it.state}`);
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  sent = [];
  fail = undefined;
});
afterEach(() => vi.useRealTimers());

test("messages go one by one in the order they were written", async () => {
  const q = page();
  for (const text of ["а", "б", "в"]) write(q, text);
  expect(sent).toHaveLength(1); // the second waits for the answer to the first
  await settle();
  expect(sent.map((s) => s.text)).toEqual(["а", "б", "в"]);
  expect(states(q)).toEqual(["а done", "б done", "в done"]);
  expect(localStorage).toHaveLength(0);
});

test("without an answer a message is kept, tried again by itself, with the same client_id", async () => {
  fail = { status: 0 };
  const q = page();
  write(q, "а");
  write(q, "б");
  await settle();
  expect(states(q)).toEqual(["а late", "б late"]);
  fail = undefined;
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent.map((s) => s.text)).toEqual(["а", "а", "б"]);
  expect(sent[0]!.client_id).toBe(sent[1]!.client_id);
});

test("a reload finds what was not sent, in order, with the same client_id", async () => {
  fail = { status: 503, wait: "5" };
  const before = page();
  write(before, "а");
  write(before, "б");
  await settle();
  const id = sent[0]!.client_id;

  sent = [];
  fail = undefined;
  const after = page();
  expect(states(after)).toEqual(["а ", "б "]);
  void after.flush();
  await settle();
  expect(sent.map((s) => s.text)).toEqual(["а", "б"]);
  expect(sent[0]!.client_id).toBe(id);
  expect(localStorage).toHaveLength(0);
});

test("Retry-After is kept to", async () => {
  fail = { status: 429, wait: "5" };
  write(page(), "а");
  await vi.advanceTimersByTimeAsync(4900);
  expect(sent).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(sent).toHaveLength(2);
});

test("a refusal is not repeated by itself; the text stays for retrying or taking back", async () => {
  fail = { status: 403, code: "blocked" };
  const q = page();
  write(q, "а");
  await vi.advanceTimersByTimeAsync(120_000);
  expect(sent).toHaveLength(1);
  expect(states(q)).toEqual(["а blocked"]);
  expect(states(page())).toEqual(["а blocked"]); // also over a reload
  fail = undefined;
  q.retry(q.items()[0]!);
  await settle();
  expect(sent[1]!.client_id).toBe(sent[0]!.client_id);
  expect(states(q)).toEqual(["а done"]);
});

test("storage that is blocked costs nothing but the memory over a reload", async () => {
  const blocked = createStore("test:", () => {
    throw new DOMException("denied", "SecurityError");
  });
  blocked.set("token", "secret");
  expect(blocked.get("token")).toBe("secret");
  expect(blocked.names("tok")).toEqual(["token"]);
  blocked.drop("token");
  expect(blocked.get("token")).toBeUndefined();
});
