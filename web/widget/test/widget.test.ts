import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Event, VisitorState, WidgetConfig } from "../src/api";
import { start } from "../src/start";
import { FakeSocket } from "./fakes";

// The whole widget against a pretended server: what the visitor sees and what is sent.

const config: WidgetConfig = {
  project_name: "Лавка «Заварка»",
  language: "page",
  accent: "#17392D",
  project_id: "p1",
  side: "right",
  open: true,
  online: true,
  departments: [{ id: "d1", name: "Продажи" }],
  rating: true,
  form: { name: "shown", phone: "required", email: "hidden", consent_version: "3", before: false, consent_company: "ООО «Пример»", consent_url: "javascript:alert(1)" },
};
let state: VisitorState;
let events: Event[];
let calls: { path: string; token: string | null; body: Record<string, unknown> }[];
let refuse: Record<string, [status: number, body: object]>;

const json = (status: number, body: object) => new Response(JSON.stringify(body), { status });

async function server(url: string, init: RequestInit = {}) {
  const { pathname } = new URL(url);
  if (pathname.startsWith("/widget/")) {
    const lang = pathname.slice(8, 10);
    return new Response(readFileSync(`${import.meta.dirname}/../../../texts/${lang}.json`, "utf8"));
  }
  const path = pathname.replace("/api/v1", "");
  if (refuse[path]) return json(...refuse[path]);
  if (path === "/widgets/tea") return json(200, config);
  const body = init.body ? JSON.parse(await (init.body as Blob).text()) : undefined;
  if (body) calls.push({ path, token: new Headers(init.headers).get("Authorization"), body });
  if (path === "/widgets/tea/visitors") return json(201, { token: "secret", state });
  if (path === "/visitor/events") return json(200, { events, head_seq: events.length, more_before: false, more_after: false });
  if (path === "/visitor/rating") return json(200, { ...state, rating: { ...state.rating, stars: body.stars } });
  const event = arrive({ kind: path === "/visitor/form" ? "form" : "message", author: "visitor", text: body.text, client_id: body.client_id });
  return json(200, { event });
}

function arrive(part: Partial<Event>): Event {
  const seq = events.length + 1;
  const event = { seq, session_id: "s1", session_no: 1, kind: "message", author: "operator", audience: "all", at: new Date().toISOString(), ...part } as Event;
  events.push(event);
  return event;
}

const settle = () => vi.advanceTimersByTimeAsync(50);
let root: ShadowRoot;
const $ = <T extends HTMLElement = HTMLElement>(selector: string) => root.querySelector<T>(selector);
const texts = (selector: string) => [...root.querySelectorAll(selector)].map((e) => e.textContent);
const button = (text: string) => [...root.querySelectorAll("button")].find((b) => b.textContent === text)!;

async function load() {
  const script = document.createElement("script");
  Object.defineProperty(script, "src", { value: "https://chat.example/widget.js" });
  script.dataset.key = "tea";
  await start(script).catch(() => {});
  await settle();
  root = document.documentElement.lastElementChild!.shadowRoot!;
}

async function write(text: string) {
  const input = $<HTMLTextAreaElement>(".cp textarea")!;
  input.value = text;
  input.dispatchEvent(new window.Event("input"));
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, composed: true }));
  await settle();
}

async function talk() {
  await load();
  $(".lch")!.click();
  await write("Здравствуйте");
  FakeSocket.last().accept();
  hear({ type: "hello", state: (state = { ...state, rev: state.rev + 1, can_download: true, session: { id: "s1", open: true } }) });
}
const hear = (frame: object) => FakeSocket.last().say(frame);
const change = (part: Partial<VisitorState>) => hear({ type: "state", state: (state = { ...state, ...part, rev: state.rev + 1 }) });

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.install();
  vi.stubGlobal("fetch", server);
  vi.stubGlobal("ResizeObserver", class { observe() {} });
  localStorage.clear();
  document.documentElement.lang = "ru";
  state = { dialog_id: "g1", rev: 1, head_seq: 0, can_download: false, blocked: false, operator_online: true, now: new Date().toISOString() };
  events = [];
  calls = [];
  refuse = {};
});
afterEach(() => {
  root?.host.remove();
  vi.useRealTimers();
});

test("R-021: opening and closing creates nothing; the greeting is the widget's own", async () => {
  await load();
  $(".lch")!.click();
  expect(texts(".op .tx")).toEqual(["Здравствуйте! Чем можем помочь?"]);
  expect(root.activeElement).toBe($("textarea"));
  $(".pn")!.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  expect($(".pn")!.hidden).toBe(true);
  expect(root.activeElement).toBe($(".lch"));
  expect(calls).toEqual([]);
  expect(localStorage).toHaveLength(0);
});

test("R-024: writing needs neither department nor form; R-083: switched off, nothing is in the page", async () => {
  await talk();
  expect(calls.map((c) => [c.path, c.token])).toEqual([["/widgets/tea/visitors", null], ["/visitor/messages", "Bearer secret"]]);
  expect(texts(".me .tx")).toEqual(["Здравствуйте"]);
  root.host.remove();
  const children = document.documentElement.children.length;
  refuse["/widgets/tea"] = [404, { code: "not_found" }];
  await load();
  expect(document.documentElement.children).toHaveLength(children);
});

test("R-023: a department is chosen by one press", async () => {
  await load();
  $(".lch")!.click();
  button("Продажи").click();
  await settle();
  expect(calls.at(-1)).toMatchObject({ path: "/visitor/department", body: { department_id: "d1" } });
});

test("I-11: everything anybody writes is shown as text", async () => {
  await talk();
  const bad = `<img src=x onerror="alert(1)">`;
  hear({ type: "event", event: arrive({ text: bad, operator: { id: "o", name: bad } }) });
  hear({ type: "event", event: arrive({ kind: "system", author: "system", key: "operator.joined", params: { name: bad } }) });
  change({ session: { id: "s1", open: true, operator: bad } });
  hear({ type: "typing", name: bad });
  expect(texts(".op .tx")).toContain(bad);
  expect($(".t b")!.textContent).toBe(bad);
  expect(texts(".ss, .ty").join()).toContain(bad);
  expect(root.querySelector("img")).toBeNull();
});

test("I-08: a gap is filled by resuming, nothing is shown twice or out of order", async () => {
  await talk();
  const missed = arrive({ text: "пропущено" });
  const next = arrive({ text: "дальше" });
  hear({ type: "event", event: next });
  expect(texts(".op .tx")).not.toContain("дальше");
  FakeSocket.last().accept();
  expect(FakeSocket.last().sent[0]).toMatchObject({ type: "hello", token: "secret", after: 1 });
  for (const event of [missed, next, next]) hear({ type: "event", event });
  expect(texts(".op .tx").slice(1)).toEqual(["пропущено", "дальше"]);
});

test("I-10: after a lost answer and a reload the message stands once", async () => {
  refuse["/visitor/messages"] = [503, { code: "unavailable" }];
  await talk();
  expect(texts(".fa span, .fa")).toContain("Не отправленоПовторить");
  events.push({ seq: 1, session_id: "s1", session_no: 1, kind: "message", author: "visitor", audience: "all", text: "Здравствуйте", client_id: Object.keys(localStorage).find((k) => k.includes("q:"))!.split("q:")[1], at: new Date().toISOString() });
  root.host.remove();
  await load();
  expect(texts(".me .tx")).toEqual(["Здравствуйте"]);
});

test("R-022, R-065: the form is sent only with the box ticked, with the text as shown; errors stand at their field", async () => {
  await load();
  $(".lch")!.click();
  const open = button("Оставьте контакты");
  open.focus();
  open.click();
  expect(root.activeElement).toBe($(".fm input")); // not lost with the button
  const box = $<HTMLInputElement>("input[type=checkbox]")!;
  expect(box.checked).toBe(false); // D-41: never pre-ticked
  expect(root.querySelector("a")).toBeNull(); // a javascript: address is no link
  button("Отправить").click();
  expect(texts(".er:not([hidden])")).toEqual(["Заполните это поле", "Чтобы отправить форму, отметьте согласие"]);
  expect(calls).toEqual([]);

  $<HTMLInputElement>("input[type=tel]")!.value = "12";
  box.checked = true;
  refuse["/visitor/form"] = [422, { code: "invalid", field: "phone" }];
  button("Отправить").click();
  await settle();
  expect(texts(".er:not([hidden])")).toEqual(["Введите корректный номер телефона"]);

  refuse = {};
  button("Отправить").click();
  await settle();
  expect(calls.at(-1)!.body).toMatchObject({
    phone: "12",
    consent: true,
    consent_version: "3",
    consent_text: "Даю ООО «Пример» согласие на сбор и обработку моих персональных данных (имя, телефон, электронная почта) для ответа на моё обращение",
  });
  expect(texts(".au")).toEqual(["Спасибо! Мы получили ваши контакты"]);
  expect(root.querySelector("form.fm")).toBeNull();
});

test("R-059, R-061, D-39: after the end the text, then a rating that can be changed", async () => {
  await talk();
  hear({ type: "event", event: arrive({ kind: "system", author: "system", key: "dialog.ended.visitor" }) });
  change({ session: { id: "s1", open: false }, rating: { session_id: "s1", until: new Date(Date.now() + 1000).toISOString() } });
  expect(texts(".end")).toEqual(["Диалог с оператором завершён"]);
  root.querySelectorAll<HTMLInputElement>("[type=radio]")[3]!.click();
  expect($(".sw")!.textContent).toBe("4 · Хорошо");
  button("Отправить оценку").click();
  await settle();
  expect(calls.at(-1)).toMatchObject({ path: "/visitor/rating", body: { session_id: "s1", stars: 4 } });
  expect(texts(".au span")).toEqual(["Спасибо за оценку!\n4 · Хорошо"]);
  button("Изменить").click();
  expect($(".sw")!.textContent).toBe("4 · Хорошо");
});

test("D-24: the next session stands under a separator of its own", async () => {
  await talk();
  hear({ type: "event", event: arrive({ session_id: "s2", session_no: 2, author: "visitor", text: "Снова я" }) });
  expect(texts(".end")).toEqual(["Новый сеанс"]);
});

test("R-090: downloading is off before the first message and says why", async () => {
  await load();
  $(".lch")!.click();
  const save = $(".hd button")!;
  expect(save.ariaDisabled ?? save.getAttribute("aria-disabled")).toBe("true");
  save.click();
  expect($(".nt")!.textContent).toBe("Скачать диалог можно после вашего первого сообщения");
});

test("M-52: a message that is too long is not sent; control characters are", async () => {
  await talk();
  const before = calls.length;
  await write("ы".repeat(4001));
  expect($(".nt")!.textContent).toBe("Сообщение слишком длинное (не более 4000 символов)");
  expect(calls).toHaveLength(before);
  await write(" а\u0000б\nв\t ");
  expect(calls.at(-1)!.body.text).toBe("аб\nв");
});

test("unread messages count on the launcher until they were seen", async () => {
  await talk();
  $(".hd button:last-child")!.click();
  hear({ type: "event", event: arrive({ text: "раз" }) });
  hear({ type: "event", event: arrive({ text: "два" }) });
  expect($(".bg")!.textContent).toBe("2");
  $(".lch")!.click();
  expect($(".bg")!.hidden).toBe(true);
});

test("I-02: another tab's token is taken over, an unknown one is forgotten", async () => {
  await load();
  localStorage.setItem("otklik:tea:token", "theirs");
  events = [];
  arrive({ text: "из другой вкладки" });
  dispatchEvent(new StorageEvent("storage", { key: "otklik:tea:token", newValue: "theirs" }));
  await settle();
  expect(texts(".op .tx")).toContain("из другой вкладки");
  FakeSocket.last().accept();
  expect(FakeSocket.last().sent[0]).toMatchObject({ token: "theirs", after: 1 });
  FakeSocket.last().drop(4001);
  await settle();
  expect(localStorage.getItem("otklik:tea:token")).toBeNull();
  expect(texts(".op .tx")).not.toContain("из другой вкладки");
});
