// Packs what was built, once and as tightly as gzip can: the server sends these files as they are, and the widget's budget
// counts them. Usage: node pack.mjs FOLDER
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { gzip } from "./gzip.mjs";

const SAVES = 0.9; // what is hardly smaller is sent as it is
const SELDOM = "licenses.txt"; // what nobody waits for; the same licence over and over takes Zopfli a minute

for (const entry of readdirSync(argv[2], { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith(".gz") || entry.name === SELDOM) continue;
  const file = join(entry.parentPath ?? entry.path, entry.name);
  const raw = readFileSync(file);
  if (!raw.length) continue; // .gitkeep
  const packed = await gzip(raw);
  if (packed.length < raw.length * SAVES) writeFileSync(`${file}.gz`, packed);
}
