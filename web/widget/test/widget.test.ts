import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Event, VisitorState, WidgetConfig } from "../src/api";
import { languageFile } from "../languages";
import type { Lang } from "../src/keys";
import { FakeSocket } from "./fakes";

// The whole widget against a pretended server: what the visitor sees and what is sent.

const config: WidgetConfig = {
  project_name: "Лавка «Заварка»",
  language: "page",
  accent: "#17392D",
  colours: "--ac:#123456",
  project_id: "p1",
  side: "right",
  open: true,
  online: true,
  departments: [{ id: "d1", name: "Продажи" }],
  rating: true,
  form: { name: "shown", phone: "required", email: "hidden", consent_version: "3", before: true, company: "ООО «Пример»", consent_url: "javascript:alert(1)" },
};
let state: VisitorState;
let events: Event[];
let calls: { path: string; token: string | null; body: Record<string, unknown> }[];
let widget: WidgetConfig;
let blocked: boolean;
let refuse: Record<string, [status: number, body: object]>;

function json(status: number, body: object) {
  const array = Array.prototype as { toJSON?: unknown };
  const { toJSON } = array; // what a test did to the page did not reach the server
  delete array.toJSON;
  const answer = new Response(JSON.stringify(body), { status });
  if (toJSON) array.toJSON = toJSON;
  return answer;
}

async function server(url: string, init: RequestInit = {}) {
  const { pathname, searchParams } = new URL(url);
  if (pathname.startsWith("/widget/")) {
    const own = searchParams.get("key") === "tea" && widget.language !== "page" && widget.language; // as the server has it
    const lang = own || (/(en|kk)?.*txt/.exec(pathname.slice(8))![1] ?? "ru");
    return new Response(languageFile(lang as Lang) as BodyInit);
  }
  const path = pathname.replace("/api/v1", "");
  if (refuse[path]) return json(...refuse[path]);
  if (path === "/widgets/tea") return json(200, widget);
  const body = init.body ? JSON.parse(await (init.body as Blob).text()) : undefined;
  if (body) calls.push({ path, token: new Headers(init.headers).get("Authorization"), body });
  if (path === "/widgets/tea/visitors") return json(201, { token: "secret", state });
  if (path === "/visitor/events") return json(200, { events, head_seq: events.length, more_before: false, more_after: false });
  if (path === "/visitor/visit") return json(200, { blocked });
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
  window.Otklik?.remove(); // an earlier page ends whole
  const script = document.createElement("script");
  Object.defineProperty(script, "src", { value: "https://chat.example/widget.js" });
  script.dataset.key = "tea";
  document.querySelectorAll("script").forEach((s) => s.remove());
  document.head.append(script);
  vi.resetModules(); // each page runs the script anew
  const { start } = await import("../src/start");
  await start(script).catch(() => {});
  await settle();
  root = document.documentElement.lastElementChild!.shadowRoot!;
}

async function write(text: string) {
  const input = $<HTMLTextAreaElement>(".cp textarea")!;
  input.value = text;
  input.dispatchEvent(new window.Event("input"));
  press(input, 13);
  await settle();
}

// Enter is 13; while an IME composes it is 229, in Safari also when isComposing is over.
function press(on: HTMLElement, keyCode: number) {
  const e = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, composed: true });
  Object.defineProperty(e, "keyCode", { value: keyCode });
  on.dispatchEvent(e);
}

async function talk() {
  await load();
  $("button.lch")!.click();
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
  widget = config;
  blocked = false;
  history.replaceState(null, "", "/");
});
afterEach(() => {
  window.Otklik?.remove();
  vi.useRealTimers();
});

test("R-021: opening and closing creates nothing; the greeting is the widget's own", async () => {
  await load();
  $("button.lch")!.click();
  expect(texts(".op .tx")).toEqual(["Здравствуйте! Чем можем помочь?"]);
  expect(root.activeElement).toBe($("textarea"));
  $(".pn")!.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  expect($(".pn")!.hidden).toBe(true);
  expect(root.activeElement).toBe($("button.lch"));
  expect(calls).toEqual([]);
  expect(Object.keys(localStorage)).toEqual(["otklik:tea:visit"]); // where the visit began, for the day he writes
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

test("what is written is not followed by the offers of a beginning, before the state is heard", async () => {
  await load();
  $("button.lch")!.click();
  expect(texts(".dp button")).toEqual(["Продажи", "Общее обращение"]);
  await write("Здравствуйте");
  expect(texts(".me .tx")).toEqual(["Здравствуйте"]);
  expect($(".dp")).toBeNull();
  expect($(".lk, form.fm")).toBeNull();
});

test("R-024, D-20: no department is wanted: the choice goes, nothing is begun", async () => {
  await load();
  $("button.lch")!.click();
  const general = button("Общее обращение");
  general.focus();
  general.click();
  expect($(".dp")).toBeNull();
  expect(root.activeElement).toBe($(".cp textarea"));
  expect(calls).toEqual([]);
});

test("R-023: a department is chosen by one press", async () => {
  await load();
  $("button.lch")!.click();
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
  $("button.lch")!.click();
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

  box.checked = true;
  box.dispatchEvent(new Event("input"));
  expect(texts(".er:not([hidden])")).toEqual(["Заполните это поле"]); // what is mended is wrong no longer
  $<HTMLInputElement>("input[type=tel]")!.value = "12";
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

test("D-68, R-023: when the time to rate is over, the server offers it no more: the request goes, and what may start a talk is there", async () => {
  await talk();
  change({ head_seq: events.length, session: { id: "s1", open: false }, rating: { session_id: "s1", until: new Date(Date.now() + 1000).toISOString() } });
  expect($(".rt")).not.toBeNull();
  expect($(".dp")).toBeNull();
  change({ rating: undefined });
  expect($(".rt")).toBeNull();
  expect(texts(".dp button")).toEqual(["Продажи", "Общее обращение"]);
});

test("D-34, D-21: without a form of the server's there is none, out of hours neither, and writing goes on", async () => {
  widget = { ...config, open: false, form: { ...config.form, before: false, name: "hidden", phone: "hidden", email: "hidden" } };
  await load();
  $("button.lch")!.click();
  await settle();
  expect(texts(".au span")[0]).toContain("нерабочее время");
  expect($("form.fm")).toBeNull();
  await write("Здравствуйте");
  expect(calls.at(-1)!.body.text).toBe("Здравствуйте");
});

test("D-24: the next session stands under a separator of its own", async () => {
  await talk();
  hear({ type: "event", event: arrive({ session_id: "s2", session_no: 2, author: "visitor", text: "Снова я" }) });
  expect(texts(".end")).toEqual(["Новый сеанс"]);
});

test("R-090: downloading is off before the first message and says why", async () => {
  await load();
  $("button.lch")!.click();
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
  $("button.lch")!.click();
  expect($(".bg")!.hidden).toBe(true);
});

test("a request for contacts is unread, too; what is unread is told to who cannot see the badge", async () => {
  await talk();
  $(".hd button:last-child")!.click();
  hear({ type: "event", event: arrive({ kind: "form_request", params: {} }) });
  expect($(".bg")!.textContent).toBe("1");
  expect($("[role=status]")!.textContent).toBe("Открыть чат: 1");
  $("button.lch")!.click();
  expect($("[role=status]")!.textContent).toBe("");
});

test("D-21, D-70: what is offered and said is true when the panel is opened", async () => {
  await load();
  widget = { ...config, open: false, departments: [{ id: "d2", name: "Доставка" }] };
  $("button.lch")!.click();
  await settle();
  expect(texts(".au span")[0]).toContain("нерабочее время");
  expect(texts(".dp button")).toEqual(["Доставка", "Общее обращение"]);
  $(".hd button:last-child")!.click();
  widget = { ...widget, open: true, online: false };
  $("button.lch")!.click();
  await settle();
  expect(texts(".au span")[0]).not.toContain("нерабочее время");
});

test("D-49: blocked while he writes, the focus stays in the widget", async () => {
  await talk();
  $<HTMLTextAreaElement>(".cp textarea")!.focus();
  change({ blocked: true });
  expect(root.activeElement).toBe($(".hd button:last-child"));
});

test("D-72: it says that the last message was read, and tells what it has shown", async () => {
  await talk();
  hear({ type: "read", seq: 1 });
  expect(texts(".sd")).toEqual(["Прочитано"]);
  hear({ type: "event", event: arrive({ text: "ответ" }) });
  expect(texts(".sd")).toEqual([]);
  expect(FakeSocket.last().sent.at(-1)).toEqual({ type: "read", seq: 2 });
  $(".hd button:last-child")!.click();
  hear({ type: "event", event: arrive({ text: "ещё" }) });
  expect(FakeSocket.last().sent.at(-1)).toEqual({ type: "read", seq: 2 }); // nobody looks
  FakeSocket.last().drop(1006);
  await vi.advanceTimersByTimeAsync(2_000);
  FakeSocket.last().accept();
  expect(FakeSocket.last().sent[0]).toMatchObject({ type: "hello", after: 3, read: 2 });
});

test("I-11: addresses of the web are links, nothing else is", async () => {
  await talk();
  hear({ type: "event", event: arrive({ text: "Оплата: https://pay.example/a?b=1, или (http://пример.рф/чай). javascript:alert(1)" }) });
  const links = [...root.querySelectorAll<HTMLAnchorElement>(".op a")];
  expect(links.map((a) => [a.textContent, a.target])).toEqual([["https://pay.example/a?b=1", "_blank"], ["http://пример.рф/чай", "_blank"]]);
  expect(texts(".op .tx").at(-1)).toBe("Оплата: https://pay.example/a?b=1, или (http://пример.рф/чай). javascript:alert(1)");
});

test("R-022: what was typed into a form outlives it; the box of consent does not", async () => {
  widget = { ...config, online: false };
  await load();
  $("button.lch")!.click();
  const name = $<HTMLInputElement>("input[type=name]")!;
  name.value = "Тимур";
  name.dispatchEvent(new window.Event("input"));
  $<HTMLInputElement>("[type=checkbox]")!.click();
  await write("Есть кто?");
  FakeSocket.last().accept();
  expect($("form.fm")).toBeNull();
  const asked = arrive({ kind: "form_request", params: { name: "shown", phone: "required" } });
  hear({ type: "hello", state: { ...state, rev: 2, head_seq: asked.seq, form_seq: asked.seq, session: { id: "s1", open: true } } });
  hear({ type: "event", event: asked });
  expect($<HTMLInputElement>("input[type=name]")!.value).toBe("Тимур");
  expect($<HTMLInputElement>("[type=checkbox]")!.checked).toBe(false);
});

test("Enter that ends what an IME composes sends nothing", async () => {
  await talk();
  const before = calls.length;
  const input = $<HTMLTextAreaElement>(".cp textarea")!;
  input.value = "かん";
  press(input, 229);
  await settle();
  expect(calls).toHaveLength(before);
  expect(input.value).toBe("かん");
});

test("I-02: of two tabs that begin at once one makes the visitor", async () => {
  await load();
  $("button.lch")!.click();
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    const answer = await fetch(url, init);
    if (url.endsWith("/visitors")) localStorage.setItem("otklik:tea:token", "theirs"); // while ours was being made
    return answer;
  });
  await write("Здравствуйте");
  expect(calls.map((c) => [c.path, c.token])).toEqual([["/widgets/tea/visitors", null], ["/visitor/messages", "Bearer theirs"]]);
  expect(localStorage.getItem("otklik:tea:token")).toBe("theirs");
});

test("a draft survives a reload, though another tab has sent something meanwhile", async () => {
  await load();
  $("button.lch")!.click();
  $<HTMLTextAreaElement>(".cp textarea")!.value = "Длинный черновик";
  localStorage.setItem("otklik:tea:draft", "");
  document.dispatchEvent(new window.Event("visibilitychange")); // the page is left
  await load();
  expect($<HTMLTextAreaElement>(".cp textarea")!.value).toBe("Длинный черновик");
});

test("a server that does not answer is asked again; one that says no is not", async () => {
  refuse["/widgets/tea"] = [503, { code: "unavailable" }];
  const asked = vi.fn(server);
  vi.stubGlobal("fetch", asked);
  const loading = load();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked.mock.calls.length).toBeGreaterThan(2);
  refuse = {};
  await vi.advanceTimersByTimeAsync(30_000);
  await loading;
  expect($("button.lch")).not.toBeNull();
  refuse["/widgets/tea"] = [404, { code: "not_found" }];
  await load();
  asked.mockClear();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).not.toHaveBeenCalled();
});

test("I-02: another tab's token is taken over, an unknown one is forgotten", async () => {
  await load();
  localStorage.setItem("otklik:tea:token", "theirs");
  localStorage.setItem("otklik:tea:read", "0");
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

test("what cannot be read under a name of ours counts as nothing", async () => {
  localStorage.setItem("otklik:tea:visit", "{broken");
  localStorage.setItem("otklik:tea:q:1", "{broken");
  localStorage.setItem("otklik:tea:q:2", "null");
  await load();
  $("button.lch")!.click();
  expect(texts(".me .tx")).toEqual([]);
  await write("Здравствуйте");
  expect(texts(".me .tx")).toEqual(["Здравствуйте"]);
});

// A visitor of an earlier page comes back.
async function back() {
  localStorage.setItem("otklik:tea:token", "secret");
  await load();
}
const shown = () => root.host.isConnected;

test("R-105, R-106, D-55: the first address of the visit is told when he becomes a visitor; gap 30 min", async () => {
  history.replaceState(null, "", "/?utm_source=mail");
  await load();
  root.host.remove();
  await vi.advanceTimersByTimeAsync(20 * 60_000);
  history.replaceState(null, "", "/tea");
  await load();
  await vi.advanceTimersByTimeAsync(29 * 60_000);
  await talk();
  expect(calls[0]!.body).toMatchObject({ page_url: location.href, landing_url: location.href.replace("tea", "?utm_source=mail"), landed_seconds_ago: expect.closeTo(49 * 60, -1) });
  expect(calls[0]!.body).toHaveProperty("time_zone");

  root.host.remove();
  calls = [];
  localStorage.removeItem("otklik:tea:token");
  await vi.advanceTimersByTimeAsync(30 * 60_000);
  await talk();
  expect(calls[0]!.body).toMatchObject({ landing_url: location.href, landed_seconds_ago: 0 });
});

test("R-105, R-087: a known visitor's page load is told; the answer «blocked» draws nothing", async () => {
  const pages = document.documentElement.children.length;
  await back();
  expect(calls[0]).toMatchObject({ path: "/visitor/visit", token: "Bearer secret", body: { page_url: location.href } });
  expect(calls[0]!.body).not.toHaveProperty("landing_url"); // the server knows
  root.host.remove();
  blocked = true;
  await back().catch(() => {});
  expect(document.documentElement.children).toHaveLength(pages);
});

test.each([[403, "blocked"], [403, "origin"], [404, "not_found"]])("R-083, R-087: %i %s draws nothing and is not asked again", async (status, code) => {
  const children = document.documentElement.children.length;
  refuse["/widgets/tea"] = [status, { code }];
  const asked = vi.fn(server);
  vi.stubGlobal("fetch", asked);
  await load().catch(() => {});
  await vi.advanceTimersByTimeAsync(120_000);
  expect(document.documentElement.children).toHaveLength(children);
  expect(asked).toHaveBeenCalledTimes(2); // settings and texts
});

test("D-49: at a new address of a single-page site the blocked widget goes, the unblocked one comes back; history is the page's own", async () => {
  const native = history.pushState;
  await talk();
  expect(history.pushState).toBe(native);
  blocked = true;
  await vi.advanceTimersByTimeAsync(5000);
  expect(shown()).toBe(true);
  history.pushState(null, "", "/second");
  await vi.advanceTimersByTimeAsync(1500);
  expect(calls.at(-1)).toMatchObject({ path: "/visitor/visit", body: { page_url: location.href } });
  expect(shown()).toBe(false);
  blocked = false;
  history.pushState(null, "", "/third");
  await vi.advanceTimersByTimeAsync(1500);
  expect(shown()).toBe(true);
  refuse["/widgets/tea"] = [403, { code: "blocked" }];
  history.pushState(null, "", "/fourth");
  await vi.advanceTimersByTimeAsync(1500);
  expect(shown()).toBe(false);
});

test("D-02: switched off while it is open, the widget goes and does not come again by itself", async () => {
  await talk();
  FakeSocket.last().drop(4003);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(shown()).toBe(false);
  expect(FakeSocket.all).toHaveLength(1);
});

const asks = (params: Record<string, string> = {}) => {
  const event = arrive({ kind: "form_request", params: { name: "hidden", phone: "shown", email: "required", title: "", consent_text: "Согласен", consent_version: "7", company: "К", ...params } });
  hear({ type: "event", event });
  change({ form_seq: event.seq, head_seq: event.seq });
  return event;
};

test("R-049, D-34, M-58: the form in the stream is the one that was sent; a newer one takes its place; then the thanks", async () => {
  await talk();
  asks({ title: "Куда позвонить?" });
  expect(texts(".fm b")).toEqual(["Куда позвонить?"]);
  expect([...root.querySelectorAll<HTMLInputElement>(".in")].map((i) => [i.type, i.required])).toEqual([["tel", false], ["email", true]]);
  expect(texts(".ck label")).toEqual(["Согласен"]);
  expect($<HTMLInputElement>("[type=checkbox]")!.checked).toBe(false);

  asks();
  expect(root.querySelectorAll(".fm")).toHaveLength(1);
  expect(texts(".fm b, .ss")).toEqual(["Форма больше не активна", "Оставьте контакты"]);

  button("Отправить").click();
  await settle();
  expect(texts(".er:not([hidden])")).toEqual(["Заполните это поле", "Чтобы отправить форму, отметьте согласие"]);
  $<HTMLInputElement>("[type=email]")!.value = "a@b";
  $<HTMLInputElement>("[type=checkbox]")!.checked = true;
  refuse["/visitor/form"] = [422, { code: "invalid", field: "email" }];
  button("Отправить").click();
  await settle();
  expect(texts(".er:not([hidden])")).toEqual(["Введите корректный адрес электронной почты"]);
  refuse = {};
  button("Отправить").click();
  await settle();
  change({ form_seq: undefined, head_seq: events.length });
  expect(calls.at(-1)!.body).toMatchObject({ email: "a@b", consent: true, consent_text: "Согласен", consent_version: "7" });
  expect(root.querySelector(".fm")).toBeNull();
  expect(texts(".ss")).toEqual(["Форма больше не активна"]);
  expect(texts(".au")).toEqual(["Спасибо! Мы получили ваши контакты"]);
});

test("D-34: before the talk the form is offered only where it is configured, or when nobody is there", async () => {
  widget = { ...config, form: { ...config.form, before: false, title: "Ваши контакты" } };
  await load();
  expect(root.querySelector(".lk, .fm")).toBeNull();
  root.host.remove();
  widget.form.before = true;
  await load();
  expect(texts(".lk")).toEqual(["Ваши контакты"]);
});

test("D-21, R-033: the automatic texts; before the talk by the hours and the presence", async () => {
  widget = { ...config, open: false };
  await load();
  expect(texts(".au")).toEqual(["Сейчас нерабочее время. Напишите сообщение и оставьте контакты: мы ответим, когда начнём работать"]);
  expect(root.querySelectorAll(".fm")).toHaveLength(1);
  root.host.remove();
  widget = { ...config, online: false };
  await talk();
  for (const key of ["offline.visitor", "backlog.visitor"]) hear({ type: "event", event: arrive({ kind: "system", author: "system", key }) });
  expect(texts(".au")).toEqual([
    "Сейчас нет операторов в сети. Напишите сообщение и оставьте контакты: мы ответим, как только сможем",
    "Сейчас все операторы заняты, ответ может задержаться. Оставьте контакты, и мы свяжемся с вами",
  ]);
});

test("R-086, D-49: blocked, the input goes at once and the history stays; unblocked, it is back without a reload", async () => {
  await talk();
  asks();
  change({ blocked: true });
  expect([$(".cp:not(.dis)")!.hidden, $(".dis")!.hidden]).toEqual([true, false]);
  expect($(".dis")!.textContent).toBe("Вы не можете отправлять сообщения в этот чат");
  expect(texts(".me .tx")).toEqual(["Здравствуйте"]);
  expect(root.querySelector(".fm")).toBeNull();
  change({ blocked: false });
  expect([$(".cp:not(.dis)")!.hidden, $(".dis")!.hidden]).toEqual([false, true]);
  expect(root.querySelector(".fm")).not.toBeNull();
});

test("D-64: after an erase nothing of what was said is kept, on the screen or here", async () => {
  await talk();
  hear({ type: "event", event: arrive({ text: "тайна" }) });
  expect(texts(".tx")).toContain("тайна");
  for (const e of events) e.text = "";
  hear({ type: "event", event: arrive({ kind: "erased", author: "system" }) });
  expect(texts(".tx")).toEqual(["Здравствуйте! Чем можем помочь?"]); // at once, his own words, too
  await settle();
  expect(texts(".tx")).toEqual(["Здравствуйте! Чем можем помочь?"]);
  expect(JSON.stringify({ ...localStorage })).not.toContain("Здравствуйте");
  FakeSocket.last().accept();
  expect(FakeSocket.last().sent[0]).toMatchObject({ type: "hello", after: events.length });
});

test("the side, the greeting and the presence are those of the settings", async () => {
  widget = { ...config, side: "left", greeting: "Добрый день" };
  await talk();
  expect($(".w")!.classList.contains("left")).toBe(true);
  expect(texts(".op .tx")).toEqual(["Добрый день"]);
  change({ session: { id: "s1", open: true, operator: "Анна" } });
  expect(texts(".t *")).toEqual(["Анна", "В сети"]);
  change({ operator_online: false });
  expect(texts(".t *")).toEqual(["Анна", "Лавка «Заварка»"]);
});

// The public interface (docs/widget.md).
const tag = () => document.querySelector("script[data-key=tea]")!;

test("open and close by the page wait until the widget is there; the events carry the unread count", async () => {
  const heard: string[] = [];
  const script = document.createElement("script");
  Object.defineProperty(script, "src", { value: "https://chat.example/widget.js" });
  script.dataset.key = "tea";
  vi.resetModules();
  const { start } = await import("../src/start");
  const there = start(script);
  const page = window.Otklik!;
  for (const type of ["open", "close", "unread"] as const) page.addEventListener(type, (e) => heard.push(`${type} ${e.detail}`));
  page.open(); // before it is there
  await there;
  await settle();
  root = document.documentElement.lastElementChild!.shadowRoot!;
  expect($(".pn")!.hidden).toBe(false);
  await write("Здравствуйте");
  FakeSocket.last().accept();
  page.close();
  await settle();
  hear({ type: "event", event: arrive({ text: "раз" }) });
  page.open();
  await settle();
  expect(heard).toEqual(["open 0", "close 0", "unread 1", "unread 0", "open 0"]);
});

test("I-01: taking the tag away takes everything away; so does remove(), and neither comes back", async () => {
  for (const leave of [() => tag().remove(), () => window.Otklik!.remove()]) {
    await talk();
    const dialled = FakeSocket.all.length;
    leave();
    await vi.advanceTimersByTimeAsync(1500);
    expect(shown()).toBe(false);
    expect(window.Otklik).toBeUndefined();
    FakeSocket.last().drop(1001);
    document.dispatchEvent(new window.Event("visibilitychange"));
    dispatchEvent(new window.Event("online"));
    localStorage.setItem("otklik:tea:token", "theirs");
    dispatchEvent(new StorageEvent("storage", { key: "otklik:tea:token" }));
    const before = calls.length;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(FakeSocket.all).toHaveLength(dialled);
    expect(calls).toHaveLength(before);
    expect(shown()).toBe(false);
    document.querySelectorAll("script").forEach((s) => s.remove());
    localStorage.clear();
  }
});

test("a tag that its loader has taken away at once takes nothing along", async () => {
  document.querySelectorAll("script").forEach((s) => s.remove());
  vi.resetModules();
  const script = document.createElement("script");
  Object.defineProperty(script, "src", { value: "https://chat.example/widget.js" });
  script.dataset.key = "tea";
  const { start } = await import("../src/start");
  await start(script);
  await vi.advanceTimersByTimeAsync(5000);
  root = document.documentElement.lastElementChild!.shadowRoot!;
  expect(shown()).toBe(true);
});

test("contacts of the page: without consent they fill in the form; with it they are told once in an open talk, never beginning one", async () => {
  await load();
  window.Otklik!.contacts({ name: "Тимур", phone: "+7 900 000-18-42" });
  await settle();
  $("button.lch")!.click();
  button("Оставьте контакты").click();
  expect([...root.querySelectorAll<HTMLInputElement>(".in")].map((i) => i.value)).toEqual(["Тимур", "+7 900 000-18-42"]);
  expect($<HTMLInputElement>("[type=checkbox]")!.checked).toBe(false); // D-41
  expect(calls).toEqual([]);

  const given = { name: "Тимур", phone: "+7 900 000-18-42", consent_text: "Согласен", consent_version: "5" };
  window.Otklik!.contacts(given);
  await settle();
  expect(calls).toEqual([]);
  await write("Здравствуйте");
  FakeSocket.last().accept();
  hear({ type: "hello", state: (state = { ...state, rev: 2, session: { id: "s1", open: true } }) });
  change({ can_download: true });
  await settle();
  const forms = calls.filter((c) => c.path === "/visitor/form");
  expect(forms).toHaveLength(1);
  expect(forms[0]!.body).toMatchObject({ ...given, consent: true });
});

test("a tone when an answer comes while the page is not looked at; the visitor may switch it off, for good", async () => {
  const tones = vi.fn();
  class Node_ {
    gain = { value: 1 };
    connect = (to: Node_) => to;
    start = tones;
    stop() {}
  }
  vi.stubGlobal("AudioContext", class { destination = new Node_(); createOscillator = () => new Node_(); createGain = () => new Node_(); });
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(false);
  const answer = () => hear({ type: "event", event: arrive({ text: "ответ", at: new Date(Date.now() + events.length * 1000).toISOString() }) });
  await talk();
  answer();
  expect(tones).toHaveBeenCalledTimes(0);
  hidden.mockReturnValue(true);
  answer();
  hear({ type: "event", event: events.at(-1)! }); // again, as another tab hears it
  expect(tones).toHaveBeenCalledTimes(1);
  const bell = root.querySelector<HTMLElement>(".hd [title=Звук]")!;
  bell.click();
  answer();
  expect(tones).toHaveBeenCalledTimes(1);
  root.host.remove();
  await back();
  expect($(".hd [title=Звук]")!.ariaPressed ?? $(".hd [title=Звук]")!.getAttribute("aria-pressed")).toBe("false");
  FakeSocket.last().accept();
  answer();
  expect(tones).toHaveBeenCalledTimes(1);
});

test("a draft is not lost with the page", async () => {
  await load();
  $("button.lch")!.click();
  const input = $<HTMLTextAreaElement>(".cp textarea")!;
  input.value = "Недописан";
  input.dispatchEvent(new window.Event("input"));
  root.host.remove();
  await load();
  expect($<HTMLTextAreaElement>(".cp textarea")!.value).toBe("Недописан");
  await write("Недописано");
  root.host.remove();
  await load();
  expect($<HTMLTextAreaElement>(".cp textarea")!.value).toBe("");
});

test("one message too many: it says to wait, and is sent by itself", async () => {
  refuse["/visitor/messages"] = [429, { code: "too_many_requests" }];
  await talk();
  expect(texts(".fa")).toEqual(["Слишком много сообщений. Подождите немного"]);
  refuse = {};
  await vi.advanceTimersByTimeAsync(2000);
  expect(texts(".fa")).toEqual([]);
  expect(calls.at(-1)!.body.text).toBe("Здравствуйте");
});

test("D-49: a page the browser had put aside asks again, and dials at once", async () => {
  await talk();
  FakeSocket.last().readyState = 3;
  blocked = true;
  dispatchEvent(Object.assign(new window.Event("pageshow"), { persisted: true }));
  await settle();
  expect(calls.at(-1)!.path).toBe("/visitor/visit");
  expect(shown()).toBe(false);
});

test("libraries of the page that change prototypes do no harm", async () => {
  const array = Array.prototype as unknown as Record<string, unknown>;
  const object = Object.prototype as unknown as Record<string, unknown>;
  const from = Array.from;
  array.toJSON = () => "broken";
  array.extra = () => {};
  object.extra = () => {};
  Array.from = ((x: Iterable<unknown>) => [...x]) as never; // ignores its second argument, as Prototype's
  try {
    await talk();
    await write("второе");
    expect(texts(".me .tx")).toEqual(["Здравствуйте", "второе"]);
    expect(calls[0]!.body).toMatchObject({ landed_seconds_ago: 0, landing_url: location.href });
    root.host.remove();
    await back();
    expect(calls.at(-1)!.path).toBe("/visitor/visit");
  } finally {
    delete array.toJSON;
    delete array.extra;
    delete object.extra;
    Array.from = from;
  }
});
