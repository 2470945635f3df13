import { expect, test } from "vitest";
import type { Event } from "../src/api";
import { add, last, prepend } from "../src/log";

const event = (seq: number) => ({ seq, kind: "message", author: "operator", text: `№ ${seq}` }) as Event;
const seqs = (events: Event[]) => events.map((e) => e.seq);

test("appends what follows and ignores what it has", () => {
  const log: Event[] = [];
  expect(add(log, [event(1), event(2)])).toBe(true);
  expect(add(log, [event(1), event(2), event(3)])).toBe(true);
  expect(add(log, [event(2)])).toBe(true);
  expect(seqs(log)).toEqual([1, 2, 3]);
});

test("a gap is refused, not papered over; what is missing closes it", () => {
  const log = [event(1)];
  expect(add(log, [event(3)])).toBe(false);
  expect(seqs(log)).toEqual([1]);
  expect(add(log, [event(2), event(3), event(4)])).toBe(true);
  expect(seqs(log)).toEqual([1, 2, 3, 4]);
});

test("older pages go before the first event, also when they overlap", () => {
  const log = prepend([event(50), event(51)], []);
  expect(last(log)).toBe(51);
  expect(seqs(prepend([event(48), event(49), event(50)], log))).toEqual([48, 49, 50, 51]);
  expect(last([])).toBe(0);
});
