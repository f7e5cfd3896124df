// Runs the tests of what needs no browser: each is bundled, types aside, and given to
// node's own test runner.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const to = mkdtempSync(join(tmpdir(), "goshawk-ui-"));
try {
  const tests = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
  if (tests.length === 0) throw new Error("there are no tests here");
  await esbuild.build({ entryPoints: tests.map((t) => join(here, t)), outdir: to, outExtension: { ".js": ".mjs" }, bundle: true, platform: "node", format: "esm", target: "node20", sourcemap: "inline", logLevel: "warning",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' }, define: { "import.meta.dirname": JSON.stringify(here) } });
  const ran = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...tests.map((t) => join(to, t.replace(".ts", ".mjs")))], { stdio: "inherit" });
  process.exitCode = ran.status ?? 1;
} finally {
  rmSync(to, { recursive: true });
}
