// @vitest-environment node
import { build, type Rolldown } from "vite";
import { expect, test } from "vitest";
import { gzip } from "../../gzip.mjs";

// Design, section 7: what a page loads in one language is at most 10 KB of gzip. Builds anew, so that it never measures an old file.
test("script and largest language are at most 10 KB of gzip", async () => {
  const root = `${import.meta.dirname}/..`;
  const [result] = (await build({ root, configFile: `${root}/vite.config.ts`, logLevel: "silent", build: { write: false } })) as Rolldown.RolldownOutput[];
  const size = async (name: string) => {
    const file = result!.output.find((o) => o.fileName === name)!;
    return (await gzip(Buffer.from(file.type === "chunk" ? file.code : file.source))).length; // as pack.mjs does
  };
  const total = (await size("widget.js")) + Math.max(await size("ru.txt"), await size("en.txt"), await size("kk.txt"));
  expect(total).toBeLessThanOrEqual(10 * 1024);
  const script = result!.output.find((o) => o.fileName === "widget.js") as Rolldown.OutputChunk;
  expect(script.code).not.toMatch(/\beval\(|new Function|innerHTML|document\.cookie/);
}, 30_000);
