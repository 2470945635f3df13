import { backoff, type Event, type EventPage, type Failure, fileName, final, type MessageAnswer, newId, request, type ServerFrame, type VisitorCreated, type VisitAnswer, type VisitorState, type WidgetConfig } from "./api";
import { createLive } from "./live";
import { add, last, prepend } from "./log";
import { createQueue } from "./queue";
import type { Store } from "./store";
import { lang } from "./texts";
import { seePage } from "./visit";

// Everything the widget knows and does; the view only shows it.

export type Core = ReturnType<typeof createCore>;

const SHOW_TYPING = 6_000;
const SAY_TYPING = 3_000;

export function createCore(key: string, base: string, config: WidgetConfig, store: Store, gone: () => void, changed: () => void) {
  let token = store.get("token");
  let becoming: Promise<string> | undefined;
  let fetching = false;
  let tries = 0;
  let typingTimer: ReturnType<typeof setTimeout>;
  let saidTyping = 0;
  let visit: ReturnType<typeof seePage>;
  let sent = ["", ""]; // a form or a rating: its content and its client_id

  const call = async <T>(path: string, body?: object, as = token): Promise<T> => (await request(base + path, as, body)).json();
  const page = (query: string) => call<EventPage>(`/visitor/events?${query}`);

  const queue = createQueue(store, send, (answer) => ingest([answer.event]), changed);

  const live = createLive({
    url: base.replace("http", "ws") + "/visitor/socket",
    hello: () => ({ token, after: last(core.events) }),
    frame,
    status(up) {
      setDown(!up);
      if (up) void queue.flush();
    },
    refused: (code) => (code === 4001 ? adopt() : gone()), // 4003: switched off (D-02)
  });

  function setDown(down: boolean) {
    core.down = down;
    changed();
  }

  // The person is a visitor from his first act on (I-02), not before.
  function become(): Promise<string> {
    const ask = async () => {
      const made = await call<VisitorCreated>(`/widgets/${key}/visitors`, {
        locale: lang,
        ...visit.start(),
      });
      store.set("token", (token = made.token));
      setState(made.state);
      live.open();
      return token;
    };
    return token ? Promise.resolve(token) : (becoming ??= ask().finally(() => (becoming = undefined)));
  }

  // Another token, of another tab; or none, when the server does not know ours any more.
  function adopt(other?: string) {
    if (!other && store.get("token") === token) ["token", "read"].map(store.drop);
    token = other;
    core.state = undefined;
    core.events = [];
    core.more = false;
    live.close();
    setDown(false);
    if (other) void begin();
  }

  function take({ events, more_before }: EventPage) {
    core.events = prepend(events, core.events);
    core.more = more_before;
  }

  // A known visitor: the newest page first, then everything after it as it comes.
  async function begin() {
    const mine = token;
    try {
      const newest = await page("limit=50");
      if (mine !== token) return;
      take(newest);
      tries = 0;
      live.open();
      changed();
    } catch (e) {
      if (mine !== token) return;
      if ((e as Failure).status === 401) return adopt();
      if (final(e as Failure)) return gone();
      setDown(true);
      setTimeout(begin, backoff(tries++));
    }
  }

  async function send<T = MessageAnswer>(path: string, body: object, first = true): Promise<T> {
    const mine = await become();
    try {
      const answer = await call<T>(`/visitor/${path}`, body, mine);
      core.blocked = false;
      return answer;
    } catch (e) {
      const { status, code } = e as Failure;
      core.blocked ||= code === "blocked";
      if (status !== 401 || !first) throw e;
      if (mine === token) adopt(); // this token is not known any more: become a visitor anew, once
      return send(path, body, false);
    }
  }

  function setState(s: VisitorState) {
    if (core.state?.dialog_id !== s.dialog_id || s.rev >= core.state.rev) core.state = s;
  }

  function ingest(events: Event[]) {
    const erased = events.some((e) => e.kind === "erased" && e.seq > last(core.events));
    const whole = add(core.events, events);
    if (events.some((e) => e.author === "operator")) core.typing = undefined;
    if (erased) {
      // Bodies before it are no more: drop what is kept and load again (D-64).
      core.events = [];
      queue.forget();
      void begin();
    }
    changed();
    return whole || erased;
  }

  function frame(f: ServerFrame) {
    if (f.state) {
      setState(f.state);
      core.blocked = f.state.blocked; // where he is now, also while the dialog did not change
    }
    // Something in between is missing: say hello again, then the server sends everything after the last event we have.
    if (f.event && !ingest([f.event])) live.open();
    if (f.type === "typing") {
      core.typing = f.name ?? "";
      clearTimeout(typingTimer);
      typingTimer = setTimeout(() => {
        core.typing = undefined;
        changed();
      }, SHOW_TYPING);
    }
    changed();
  }

  const core = {
    config,
    store,
    events: [] as Event[],
    more: false, // older events exist on the server
    queue,
    state: undefined as VisitorState | undefined,
    blocked: false,
    down: false,
    typing: undefined as string | undefined,
    // A page was loaded, or its address changed; answers whether the widget must not be there (R-087, D-49).
    async visit() {
      visit = seePage(store);
      return !!token && (await call<VisitAnswer>("/visitor/visit", visit.page).catch(() => core)).blocked;
    },
    probe: () => token && live.probe(),
    // A form or a rating: the same content keeps its client_id, so that pressing again after a lost answer is harmless (I-10).
    async submit(path: "form" | "rating", body: object) {
      const content = JSON.stringify(body);
      if (sent[0] !== content) sent = [content, newId()];
      const answer = await send<Partial<MessageAnswer & VisitorState>>(path, { ...body, client_id: sent[1] });
      sent = [];
      if (answer.event) ingest([answer.event]);
      else setState(answer as VisitorState);
    },
    sayTyping() {
      if (!core.state?.session?.open || Date.now() - saidTyping < SAY_TYPING) return;
      saidTyping = Date.now();
      live.send({ type: "typing" });
    },
    async older() {
      if (fetching || !core.more) return;
      fetching = true;
      const mine = token;
      try {
        const older = await page(`before=${core.events[0]!.seq}&limit=50`);
        if (mine === token) take(older);
      } catch {
        // scrolling up again asks again
      }
      fetching = false;
      changed();
    },
    // Operator's messages after the last one this browser has shown.
    unread: () => core.events.filter((e) => e.seq > +(store.get("read") ?? 0) && e.author === "operator" && e.kind === "message").length,
    read() {
      if (core.unread()) store.set("read", `${last(core.events)}`);
    },
    // «Скачать диалог»: fetched, because the token must not stand in an address.
    async download() {
      const answer = await request(`${base}/visitor/transcript?lang=${lang}`, token);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = fileName(answer.headers.get("Content-Disposition"));
      link.click();
    },
  };

  store.watch((name, value) => {
    if (name !== "token") changed();
    else if (value !== (token ?? null)) adopt(value ?? undefined);
  });

  if (token) void begin();
  void queue.flush(); // what an earlier page could not send
  return core;
}
