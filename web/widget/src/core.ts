import type { Otklik, OtklikContacts } from "../otklik";
import { backoff, type Event, type EventPage, type Failure, final, type MessageAnswer, newId, request, type ServerFrame, type VisitorCreated, type VisitAnswer, type VisitorState, type WidgetConfig } from "./api";
import { dial, hangUp, liveAt, say } from "./live";
import { add, last, prepend } from "./log";
import { flush, openQueue, settle } from "./queue";
import { ring } from "./sound";
import { forget, keep, recall } from "./store";
import { lang } from "./texts";
import { render } from "./view";
import { seePage } from "./visit";

// Everything the widget knows and does; the view only shows it. There is one widget in a page, so this module is it.

export let config: WidgetConfig;
export let events: Event[] = [];
export let more = false; // older events exist on the server
export let state: VisitorState | undefined;
export let blocked = false;
export let down = false;
export let typing: string | undefined;
export let readTo = 0; // the last event that was read there (D-72)
export let contacts: OtklikContacts = {}; // what the page knows of the visitor
export const out = new AbortController(); // aborted when the widget is taken out of the page
export const told = new EventTarget() as Otklik; // what the page hears from us

let key: string;
let base: string;
export let token: string | undefined;
let gone: () => void;
let becoming: Promise<string> | undefined;
let fetching = false;
let tries = 0;
let typingTimer: ReturnType<typeof setTimeout>;
let saidTyping = 0;
let visit: ReturnType<typeof seePage>;
let sent = ["", ""]; // a form or a rating: its content and its client_id

const call = async <T>(path: string, body?: object, as = token): Promise<T> => (await request(base + path, as, body)).json();
const page = (query: string) => call<EventPage>(`/visitor/events?${query}`);

export function configure(c: WidgetConfig) {
  config = c;
  render();
}

function setDown(yes: boolean) {
  down = yes;
  render();
}

// The person is a visitor from his first act on (I-02), not before.
async function become(): Promise<string> {
  return token ?? (becoming ??= call<VisitorCreated>(`/widgets/${key}/visitors`, { locale: lang, ...visit.start() }).then((made) => {
    // Another tab may have been quicker: there is one visitor.
    keep("token", (token = recall("token") ?? made.token));
    if (token === made.token) setState(made.state);
    dial();
    return token;
  }).finally(() => (becoming = undefined)));
}

// Another token, of another tab; or none, when the server does not know ours any more.
function adopt(other?: string) {
  if (!other && recall("token") === token) ["token", "read"].map(forget);
  token = other;
  state = undefined;
  events = [];
  more = false;
  readTo = 0;
  hangUp();
  setDown(false);
  if (other) void begin();
}

function take(page: EventPage) {
  events = prepend(page.events, events);
  more = page.more_before;
}

// A known visitor: the newest page first, then everything after it as it comes.
async function begin() {
  const mine = token;
  try {
    const newest = await page("");
    if (mine !== token) return;
    take(newest);
    tries = 0;
    dial();
    render();
  } catch (e) {
    if (mine !== token) return;
    if ((e as Failure).code === "unauthenticated") return adopt();
    if (final(e as Failure)) return gone();
    setDown(true);
    setTimeout(begin, backoff(tries++));
  }
}

export async function send<T>(path: string, body: object, first = true): Promise<T> {
  const mine = await become();
  try {
    const answer = await call<T>(`/visitor/${path}`, body, mine);
    blocked = false;
    return answer;
  } catch (e) {
    const { code } = e as Failure;
    blocked ||= code === "blocked";
    if (code !== "unauthenticated" || !first) throw e;
    if (mine === token) adopt(); // this token is not known any more: become a visitor anew, once
    return send(path, body, false);
  }
}

function setState(s: VisitorState) {
  if (state?.dialog_id !== s.dialog_id || s.rev >= state.rev) state = s;
  sendContacts();
}

// Contacts that the visitor has agreed to on the page: told once in a talk, never beginning one.
function sendContacts() {
  const session = state?.session;
  if (!contacts.consent_text || !session?.open || recall("told") === session.id) return;
  keep("told", session.id);
  submit("form", { ...contacts, consent: true }).catch((e) => final(e) || forget("told"));
}

export function setContacts(c: OtklikContacts) {
  contacts = c;
  sendContacts();
}

export function ingest(news: Event[]) {
  const erased = news.some((e) => e.kind === "erased" && e.seq > last(events));
  const whole = add(events, news);
  if (news.some((e) => e.author === "operator")) typing = undefined;
  if (erased) {
    // Bodies before it are no more: drop what is kept and load again (D-64).
    events = [];
    settle();
    void begin();
  }
  render();
  return whole || erased;
}

export function frame(f: ServerFrame) {
  if (f.state) {
    setState(f.state);
    blocked = f.state.blocked; // where he is now, also while the dialog did not change
  }
  // Something in between is missing: say hello again, then the server sends everything after the last event we have.
  if (f.event) {
    if (!ingest([f.event])) dial();
    if (f.event.author === "operator") ring(f.event.at);
  }
  if (f.type === "read") readTo = f.seq!;
  if (f.type === "typing") {
    typing = f.name || config.project_name;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => {
      typing = undefined;
      render();
    }, 6_000);
  }
  render();
}

// A page was loaded, or its address changed; answers whether the widget must not be there (R-087, D-49).
export async function seen() {
  visit = seePage();
  return !!token && (await call<VisitAnswer>("/visitor/visit", visit.page).catch(() => ({}) as VisitAnswer)).blocked;
}

// A form or a rating: the same content keeps its client_id, so that pressing again after a lost answer is harmless (I-10).
export async function submit(path: "form" | "rating", body: object) {
  const content = JSON.stringify(body);
  if (sent[0] !== content) sent = [content, newId()];
  const answer = await send<Partial<MessageAnswer & VisitorState>>(path, { ...body, client_id: sent[1] });
  sent = [];
  if (answer.event) ingest([answer.event]);
  else setState(answer as VisitorState);
}

export function sayTyping() {
  if (!state?.session?.open || Date.now() - saidTyping < 3_000) return;
  saidTyping = Date.now();
  say({ type: "typing" });
}

export async function older() {
  if (fetching || !more) return;
  fetching = true;
  const mine = token;
  try {
    const before = await page(`before=${events[0]!.seq}`);
    if (mine === token) take(before);
  } catch {
    // scrolling up again asks again
  }
  fetching = false;
  render();
}

// What operators wrote, or asked for by a form, after the last one this browser has shown.
export const unread = () => events.filter((e) => e.seq > readMark() && e.author === "operator").length;

const readMark = () => +(recall("read") ?? 0);

export function read() {
  if (!unread()) return;
  keep("read", `${last(events)}`);
  say({ type: "read", seq: readMark() });
}

// «Скачать диалог»: fetched, because the token must not stand in an address.
export async function download() {
  const answer = await request(`${base}/visitor/transcript?lang=${lang}`, token);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  // filename*=UTF-8''… (D-52); a plain one where the header was taken away
  link.download = decodeURIComponent(answer.headers.get("Content-Disposition")?.split("''")[1] ?? "chat.txt");
  link.click();
}

export const hello = () => ({ type: "hello", token, after: last(events), read: readMark() });

export function lineIs(up: boolean) {
  setDown(!up);
  if (up) void flush();
}

// The token is not known any more, or the widget is switched off (4003, D-02).
export const refused = (code: number) => (code === 4001 ? adopt() : gone());

export function begins(key_: string, base_: string, gone_: () => void) {
  key = key_;
  base = base_;
  gone = gone_;
  token = recall("token");
  liveAt(base.replace("http", "ws") + "/visitor/socket");
  // Another tab has changed something.
  addEventListener("storage", () => {
    const other = recall("token");
    if (other === token) render();
    else adopt(other);
  }, out); // it has a signal, as options have
  if (token) void begin();
  openQueue();
}

// The widget is taken out of the page: nothing of it goes on.
export function ends() {
  token = undefined;
  out.abort();
  hangUp();
}
