import css from "./style.css?inline";
import { backoff, type Failure, final, request } from "./api";
import { begins, configure, ends, out, seen, setContacts, told } from "./core";
import { openStore } from "./store";
import { setTexts } from "./texts";
import { createView, show } from "./view";

// Nothing is put in the page when the widget is switched off, or its server does not answer. Answers when it is there.
export function start({ src, dataset }: HTMLScriptElement) {
  const key = dataset.key!;
  const base = new URL("api/v1", src).href; // the host is where the script came from
  const page = document.documentElement;
  const host = document.createElement("div");
  let clock: ReturnType<typeof setInterval>;
  let tries = 0;

  const tag = () => document.querySelector(`[data-key="${key}"]`);
  const ask = async () => configure(await (await request(`${base}/widgets/${key}`)).json());
  const hide = () => {
    host.remove();
    document.body.inert = false;
  };
  function appear() {
    if (!host.isConnected) page.append(host); // beside body: a transform or filter there does not move the widget
    void seen().then((blocked) => blocked && hide()); // since we asked; else it would not have been answered
  }
  const again = () => ask().then(appear, (e: Failure) => final(e) && hide());

  async function come() {
    // Both at once, until there is an answer: on a slow network each round trip is half a second. The language of the tag,
    // else of the settings, else of the page (D-56): the server knows the settings of this key, and which languages there are.
    const { lang } = dataset;
    const both = (): Promise<unknown> =>
      Promise.all([ask(), request(new URL(`widget/${lang || page.lang}.txt?key=${lang ? "" : key}`, src)).then((r) => r.arrayBuffer()).then(setTexts)]).catch(async (e) => {
        if (final(e) || out.signal.aborted) throw e;
        await new Promise((go) => setTimeout(go, backoff(tries++)));
        return both();
      });
    await both();
    out.signal.throwIfAborted();

    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // constructed: a strict CSP of the host page allows it
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    openStore(`otklik:${key}:`);
    begins(key, base, hide);
    createView(root);
    appear();

    // A new address in a single-page site is a page, too (D-49), and so is one that the browser had put aside whole.
    // Looked at, not hooked into: history stays the page's own. A tag that is taken away takes the widget along (I-01);
    // one that its loader has taken away by now says nothing.
    told.addEventListener("open", () => ask().catch(() => {})); // hours and presence may have changed (D-21)
    addEventListener("pageshow", (e) => e.persisted && again(), out);
    let href = location.href;
    const tagged = tag();
    clock = setInterval(() => {
      if (tagged && !tag()) remove();
      else if (href !== (href = location.href)) again();
    }, 1000);
  }

  function remove() {
    clearInterval(clock);
    ends();
    hide();
    delete window.Otklik;
  }

  const there = come();
  const then = <T>(act: (x: T) => void) => (x: T) => void there.then(() => act(x), () => {});
  window.Otklik = Object.assign(told, {
    open: then<void>(() => show(true)),
    close: then<void>(() => show(false)),
    contacts: then(setContacts),
    remove,
  });
  return there;
}
