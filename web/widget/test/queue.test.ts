import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Failure } from "../src/api";

// I-10: what was written is sent once and in order, whatever happens to answers, connections and pages.

type Sent = { text: string; client_id: string };
let sent: Sent[];
let fail: Failure | undefined;

const core = {
  out: new AbortController(),
  ingest: () => {},
  async send(_: string, body: object) {
    sent.push(body as Sent);
    if (fail) throw fail;
    return {};
  },
};
vi.mock("../src/core", () => core);
vi.mock("../src/view", () => ({ render: () => {} }));

// A page loads the module anew; what an earlier one could not send is sent at once.
async function page() {
  vi.resetModules();
  const store = await import("../src/store");
  store.openStore("test:");
  const q = await import("../src/queue");
  return { ...q, store, text: (text: string) => q.write("messages", { text }, text), states: () => q.items.map((it) => `${it.label} ${it.state}`) };
}
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  core.out = new AbortController();
  sent = [];
  fail = undefined;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("messages go one by one in the order they were written", async () => {
  const q = await page();
  for (const text of ["а", "б", "в"]) q.text(text);
  expect(sent).toHaveLength(1); // the second waits for the answer to the first
  await settle();
  expect(sent.map((s) => s.text)).toEqual(["а", "б", "в"]);
  expect(q.states()).toEqual(["а done", "б done", "в done"]);
  expect(localStorage).toHaveLength(0);
});

test("without an answer a message is kept, tried again by itself, with the same client_id", async () => {
  fail = {};
  const q = await page();
  q.text("а");
  q.text("б");
  await settle();
  expect(q.states()).toEqual(["а late", "б late"]);
  fail = undefined;
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent.map((s) => s.text)).toEqual(["а", "а", "б"]);
  expect(sent[0]!.client_id).toBe(sent[1]!.client_id);
});

test("a reload finds what was not sent, in order, with the same client_id", async () => {
  fail = { code: "unavailable", wait: "5" };
  const before = await page();
  before.text("а");
  before.text("б");
  await settle();
  const id = sent[0]!.client_id;

  sent = [];
  fail = undefined;
  const after = await page();
  after.openQueue();
  expect(after.states()).toEqual(["а ", "б "]);
  await settle();
  expect(sent.map((s) => s.text)).toEqual(["а", "б"]);
  expect(sent[0]!.client_id).toBe(id);
  expect(localStorage).toHaveLength(0);
});

test("one message too many waits as long as the server says", async () => {
  fail = { code: "too_many_requests", wait: "5" };
  const q = await page();
  q.text("а");
  await vi.advanceTimersByTimeAsync(4900);
  expect(q.states()).toEqual(["а slow"]);
  expect(sent).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(sent).toHaveLength(2);
});

test("a refusal is not repeated by itself; the text stays for retrying or taking back", async () => {
  fail = { code: "blocked" };
  const q = await page();
  q.text("а");
  await vi.advanceTimersByTimeAsync(120_000);
  expect(sent).toHaveLength(1);
  expect(q.states()).toEqual(["а blocked"]);
  const reloaded = await page();
  reloaded.openQueue();
  expect(reloaded.states()).toEqual(["а blocked"]);
  fail = undefined;
  q.retry(q.items[0]!);
  await settle();
  expect(sent[1]!.client_id).toBe(sent[0]!.client_id);
  expect(q.states()).toEqual(["а done"]);
});

test("I-01: taken out of the page, it sends nothing more and keeps what was written", async () => {
  fail = {};
  const q = await page();
  q.text("а");
  await settle();
  core.out.abort();
  q.text("б");
  await vi.advanceTimersByTimeAsync(120_000);
  expect(sent).toHaveLength(1);
  const later = await page();
  later.openQueue();
  expect(later.states()).toEqual(["а ", "б "]);
});

test("storage that is refused costs nothing but the memory over a reload", async () => {
  vi.spyOn(window, "localStorage", "get").mockImplementation(() => {
    throw new DOMException("denied", "SecurityError");
  });
  const { store } = await page();
  store.keep("token", "secret");
  expect(store.recall("token")).toBe("secret");
  expect(store.recallAll("tok")).toEqual(["secret"]);
  store.forget("token");
  expect(store.recall("token")).toBeUndefined();
});
