import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSocket } from "./fakes";

// I-08: the line comes back by itself and resumes where it stopped; a dead one is found.

let after: number;
const status = vi.fn();
const refused = vi.fn();
const out = new AbortController();
vi.mock("../src/core", () => ({
  out,
  token: "t",
  hello: () => ({ type: "hello", token: "t", after }),
  frame: () => {},
  lineIs: (up: boolean) => status(up),
  refused: (code: number) => refused(code),
}));
let live: typeof import("../src/live");

beforeEach(async () => {
  vi.useFakeTimers();
  FakeSocket.install();
  after = 7;
  vi.clearAllMocks();
  vi.resetModules();
  live = await import("../src/live");
  live.liveAt("ws://host/socket");
});
afterEach(() => vi.useRealTimers());

test("says hello with the last seq, answers pings", () => {
  live.dial();
  const s = FakeSocket.last();
  s.accept();
  expect(s.sent).toEqual([{ type: "hello", token: "t", after: 7 }]);
  s.say({ type: "hello" });
  expect(status).toHaveBeenLastCalledWith(true);
  s.say({ type: "ping" });
  expect(s.sent.at(-1)).toEqual({ type: "pong" });
});

test("a half-open line is left within 20 s", () => {
  live.dial();
  FakeSocket.last().accept();
  FakeSocket.last().say({ type: "hello" });
  vi.advanceTimersByTime(20_000);
  expect(FakeSocket.all[0]!.sent.at(-1)).toEqual({ type: "ping" });
  expect(status).toHaveBeenLastCalledWith(false);
  after = 9;
  vi.advanceTimersByTime(1000);
  FakeSocket.last().accept();
  expect(FakeSocket.all).toHaveLength(2);
  expect(FakeSocket.last().sent[0]).toMatchObject({ after: 9 });
});

test("a line that answers is kept", () => {
  live.dial();
  FakeSocket.last().accept();
  for (let i = 0; i < 20; i++) {
    vi.advanceTimersByTime(12_000);
    expect(FakeSocket.last().sent.at(-1)).toEqual({ type: "ping" });
    FakeSocket.last().say({ type: "pong" });
  }
  expect(FakeSocket.all).toHaveLength(1);
});

test.each([1001, 4008])("after %i it comes back within a second", (code) => {
  live.dial();
  FakeSocket.last().accept();
  FakeSocket.last().drop(code);
  vi.advanceTimersByTime(1000);
  expect(FakeSocket.all).toHaveLength(2);
});

test("after failures it waits longer and longer, at most 30 s", () => {
  live.dial();
  const gaps: number[] = [];
  for (let i = 0; i < 8; i++) {
    const count = FakeSocket.all.length;
    FakeSocket.last().drop(1006);
    let waited = 0;
    while (FakeSocket.all.length === count) {
      vi.advanceTimersByTime(100);
      waited += 100;
    }
    gaps.push(waited);
  }
  expect(gaps[0]).toBeLessThanOrEqual(1000);
  expect(gaps[5]).toBeGreaterThan(gaps[0]! * 5);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
});

test.each([4001, 4003])("%i is final", (code) => {
  live.dial();
  FakeSocket.last().accept();
  FakeSocket.last().drop(code);
  vi.advanceTimersByTime(120_000);
  expect(FakeSocket.all).toHaveLength(1);
  expect(refused).toHaveBeenCalledWith(code);
});

test("a connection that never opens is given up", () => {
  live.dial();
  vi.advanceTimersByTime(14_000);
  expect(FakeSocket.all.length).toBeGreaterThan(1);
});

test("the person is back: a line that broke meanwhile is dialled at once, one that stands is asked", () => {
  live.dial();
  FakeSocket.last().accept();
  live.probe();
  vi.advanceTimersByTime(0);
  expect(FakeSocket.last().sent.at(-1)).toEqual({ type: "ping" });
  FakeSocket.last().readyState = 3; // as after the browser had put the page aside
  live.probe();
  expect(FakeSocket.all).toHaveLength(2);
});

test("I-01: taken out of the page, it does not dial again", () => {
  live.dial();
  out.abort();
  FakeSocket.last().drop(1001);
  vi.advanceTimersByTime(120_000);
  expect(FakeSocket.all).toHaveLength(1);
});
