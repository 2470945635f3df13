import { start } from "./start";

// <script src="https://HOST/widget.js" data-key="KEY" async></script>: the host is where the script came from.
// Two tags are a mistake: the first is the widget.
if (!window.Otklik) start(document.currentScript as HTMLScriptElement).catch(() => {});
