import { defineConfig, type Plugin } from "vite";
import { languageFile, textsFile } from "./languages.ts";
import { type Key, KEYS, LANGUAGES } from "./src/keys.ts";

// One file per language with only the texts the widget shows (D-56), by position: a page loads one of them.
function languages(): Plugin {
  return {
    name: "widget-languages",
    transform(code, id) {
      if (!id.includes("/widget/src/") || !id.endsWith(".ts")) return;
      return code.replace(/\b([tk])\("([\w.]+)"/g, (_, fn: string, key: Key) => {
        const position = KEYS.indexOf(key);
        if (position < 0) this.error(`${key} is not in keys.ts`);
        return fn === "t" ? `t(${position}` : `(${position}`;
      });
    },
    buildStart() {
      for (const lang of LANGUAGES) this.addWatchFile(textsFile(lang));
    },
    generateBundle() {
      for (const lang of LANGUAGES) this.emitFile({ type: "asset", fileName: `${lang}.txt`, source: languageFile(lang) });
    },
  };
}

// One word for a variable instead of two is 30 bytes less once packed.
const oneWord: Plugin = { name: "widget-one-word", renderChunk: (code) => code.replace(/\bconst /g, "let ") };

export default defineConfig({
  plugins: [languages(), oneWord],
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: false, // dist holds a committed .gitkeep
    modulePreload: false,
    cssMinify: true,
    // 200 bytes smaller than the default. Of the options that are called unsafe only those that are harmless here: not
    // unsafe_comps, which takes a comparison with undefined for its opposite, nor booleans_as_integers, which the API sees.
    minify: "terser",
    terserOptions: { ecma: 2020, toplevel: true, compress: { passes: 4, hoist_funs: true, keep_fargs: false, pure_getters: true, unsafe: true, unsafe_arrows: true } },
    cssTarget: ["chrome123", "firefox120", "safari17.5"], // no helpers for light-dark()
    lib: { entry: "src/main.ts", formats: ["iife"], name: "OtklikWidget", fileName: () => "widget.js" },
    rolldownOptions: { output: { extend: false } },
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
