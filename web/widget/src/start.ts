import css from "./style.css?inline";
import { request, type WidgetConfig } from "./api";
import { createCore } from "./core";
import type { Key } from "./keys";
import { createStore } from "./store";
import { chooseLanguage, setTexts } from "./texts";
import { createView } from "./view";

// Nothing is put in the page when the widget is switched off, or its server does not answer.
export async function start({ src, dataset }: HTMLScriptElement) {
  const key = dataset.key!;
  const page = document.documentElement;
  const base = new URL("api/v1", src).href; // the host is where the script came from
  const load = async <T>(url: string): Promise<T> => (await request(url)).json();

  const config = await load<WidgetConfig>(`${base}/widgets/${key}`);
  const lang = chooseLanguage(config.language, page.lang, dataset.lang);
  setTexts(lang, await load<Record<Key, string>>(new URL(`widget/${lang}.json`, src).href));

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet(); // constructed: a strict CSP of the host page allows it
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  const view = createView(config);
  view.start(root, createCore(key, base, config, createStore(`otklik:${key}:`), view.isOpen, view.render));
  page.append(host); // beside body: a transform or filter there does not move the widget
}
