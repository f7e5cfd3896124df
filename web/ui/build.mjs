// Builds what the browser needs beside the server's own pages into ../dist: the
// investigation graph and its layout worker, htmx, and the fonts. Texts are written
// compressed too, so that the server never compresses while it serves.
//
//	node build.mjs            once
//	node build.mjs --watch    again whenever a source changes, with source maps
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "..", "dist");
const modules = join(here, "node_modules");
const watch = process.argv.includes("--watch");
const mostCompressed = 400 * 1024; // of the graph page's scripts, styles and one font

for (const name of readdirSync(dist)) {
  if (name !== "README") rmSync(join(dist, name), { recursive: true });
}
mkdirSync(join(dist, "fonts"));

const options = {
  entryPoints: { graph: join(here, "src", "main.ts"), layout: join(here, "src", "layout", "worker.ts"), "graph-style": join(here, "src", "graph.css") },
  outdir: dist,
  bundle: true,
  minify: !watch,
  sourcemap: watch ? "inline" : false,
  format: "iife",
  target: ["chrome111", "firefox115", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".json": "json" },
  logLevel: "warning",
};
if (watch) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  await esbuild.build(options);
}

copyFileSync(join(modules, "htmx.org", "dist", "htmx.min.js"), join(dist, "htmx.js"));

// The fonts: one variable face, cut by script, so that a page loads what it shows.
const font = join(modules, "@fontsource-variable", "inter");
const styles = readFileSync(join(font, "index.css"), "utf8");
const faces = [];
for (const [, name, range] of styles.matchAll(/url\(\.\/files\/inter-([a-z-]+)-wght-normal\.woff2\)[^}]*?unicode-range:\s*([^;}]+)/g)) {
  copyFileSync(join(font, "files", `inter-${name}-wght-normal.woff2`), join(dist, "fonts", `inter-${name}.woff2`));
  faces.push(`@font-face{font-family:"Inter";font-style:normal;font-display:swap;font-weight:100 900;src:url("fonts/inter-${name}.woff2") format("woff2");unicode-range:${range.trim()}}`);
}
if (faces.length === 0) throw new Error("the fonts' style sheet has another form than expected");
writeFileSync(join(dist, "fonts.css"), faces.join("\n") + "\n");

// Licences of what is handed on with the program.
const handedOn = ["sigma", "graphology", "graphology-layout-forceatlas2", "graphology-utils", "events", "htmx.org", "@fontsource-variable/inter"];
let licences = "";
for (const name of handedOn) {
  const at = join(modules, name);
  const { version } = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
  const file = readdirSync(at).find((f) => /^licen[cs]e/i.test(f));
  licences += `${name} ${version}\n\n${file ? readFileSync(join(at, file), "utf8") : ""}\n\n`;
}
writeFileSync(join(dist, "licences.txt"), licences);

function* texts(dir) {
  for (const name of readdirSync(dir)) {
    const at = join(dir, name);
    if (statSync(at).isDirectory()) yield* texts(at);
    else if (/\.(js|css|txt|json)$/.test(name)) yield at;
  }
}
const sizes = {};
for (const at of watch ? [] : texts(dist)) {
  const text = readFileSync(at);
  const br = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length } });
  const gz = gzipSync(text, { level: 9 });
  gz[9] = 255; // the header's system: the same bytes wherever it is built
  writeFileSync(at + ".br", br);
  writeFileSync(at + ".gz", gz);
  sizes[at.slice(dist.length + 1)] = [text.length, gz.length, br.length];
}
if (!watch) {
  const font = statSync(join(dist, "fonts", "inter-latin.woff2")).size;
  let sum = font;
  for (const [name, [raw, gz, br]] of Object.entries(sizes)) {
    if (name === "licences.txt") continue;
    sum += gz;
    console.log(`${name.padEnd(18)} ${String(raw).padStart(8)} bytes, gzip ${String(gz).padStart(7)}, brotli ${String(br).padStart(7)}`);
  }
  console.log(`graph page: at most ${sum} bytes over the wire (gzip, with the Latin font)`);
  if (sum > mostCompressed) throw new Error(`the graph page is too heavy: ${sum} bytes, at most ${mostCompressed} are allowed`);
}
