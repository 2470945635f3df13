import { vi } from "vitest";

export class FakeSocket {
  static all: FakeSocket[] = [];
  static last = () => FakeSocket.all.at(-1)!;
  static install() {
    FakeSocket.all = [];
    vi.stubGlobal("WebSocket", FakeSocket);
  }
  readyState = 0;
  sent: { type: string; [name: string]: unknown }[] = [];
  onopen?: () => void;
  onmessage?: (e: { data: string }) => void;
  onclose?: (e: { code: number }) => void;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  accept() {
    this.readyState = 1;
    this.onopen?.();
  }
  say(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  drop(code: number) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}
