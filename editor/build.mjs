// Bundles the editor into one file; `node build.mjs --check` compares instead, byte for byte.
import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const target = new URL("../src/iomld/web/static/editor.js", import.meta.url);
const result = await build({
  entryPoints: [new URL("editor.js", import.meta.url).pathname],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none", // the licences are in static/THIRD_PARTY.txt
  write: false,
});
const built = result.outputFiles[0].contents;
if (process.argv.includes("--check")) {
  const same = Buffer.compare(Buffer.from(built), await readFile(target)) === 0;
  console.log(same ? "editor.js is what its sources give" : "editor.js differs from what its sources give; run: make editor");
  process.exitCode = same ? 0 : 1;
} else {
  await writeFile(target, built);
  console.log(`editor.js: ${built.length} bytes`);
}
