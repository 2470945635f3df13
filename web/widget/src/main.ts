import { start } from "./start";

// <script src="https://HOST/widget.js" data-key="KEY" async></script>: the host is where the script came from.
const script = document.currentScript as HTMLScriptElement;
start(script).catch(() => {});
