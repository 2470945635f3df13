// What a page loads in one language must stay within 10 KB of gzip: the script, with styles and icons in it, plus the largest
// language file, as the server sends them (../pack.mjs). Answers of the API are not counted (docs/widget.md).
import { statSync } from "node:fs";

const LIMIT = 10 * 1024;
const size = (name) => statSync(new URL(`dist/${name}.gz`, import.meta.url)).size;

export function measure() {
  const script = size("widget.js");
  const languages = { ru: size("ru.txt"), en: size("en.txt"), kk: size("kk.txt") };
  return { script, languages, total: script + Math.max(...Object.values(languages)), limit: LIMIT };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const m = measure();
  const { ru, en, kk } = m.languages;
  console.log(`widget: ${m.total} of ${m.limit} bytes gzip (script ${m.script}; ru ${ru}, en ${en}, kk ${kk})`);
  if (m.total > m.limit) process.exit(1);
}
