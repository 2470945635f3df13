import css from "./style.css?inline";
import { type Failure, final, request, type WidgetConfig } from "./api";
import { createCore } from "./core";
import { createStore } from "./store";
import { chooseLanguage, setTexts } from "./texts";
import { createView } from "./view";

// Nothing is put in the page when the widget is switched off, or its server does not answer.
export async function start({ src, dataset }: HTMLScriptElement) {
  const key = dataset.key!;
  const page = document.documentElement;
  const base = new URL("api/v1", src).href; // the host is where the script came from

  const ask = () => request(`${base}/widgets/${key}`);
  const config: WidgetConfig = await (await ask()).json();
  const lang = chooseLanguage(config.language, page.lang, dataset.lang);
  setTexts(lang, await (await request(new URL(`widget/${lang}.txt`, src).href)).arrayBuffer());

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet(); // constructed: a strict CSP of the host page allows it
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  const view = createView(config);
  const hide = () => host.remove();
  const core = createCore(key, base, config, createStore(`otklik:${key}:`), hide, view.render);
  view.start(root, core);
  const show = async () => {
    if (await core.visit()) hide();
    else if (!host.isConnected) page.append(host); // beside body: a transform or filter there does not move the widget
  };
  await show();
  // A new address in a single-page site is a page, too (D-49). Looked at, not hooked into: history stays the page's own.
  let href = location.href;
  setInterval(() => {
    if (href !== (href = location.href)) ask().then(show, (e: Failure) => final(e) && hide());
  }, 1000);
}
