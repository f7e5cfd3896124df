import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import en from "../src/messages/en.json";
import { locale, t, use } from "../src/messages/messages.ts";

function sources(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const at = join(dir, name);
    return statSync(at).isDirectory() ? sources(at) : name.endsWith(".ts") ? [readFileSync(at, "utf8")] : [];
  });
}

test("every message is used, and every use has its message", () => {
  const all = sources(join(import.meta.dirname, "..", "src")).join("\n");
  assert.ok(all.length > 10_000, "the sources were found");
  const used = new Set([...all.matchAll(/["'`]([a-z][a-z_0-9]*(?:[.-][a-z_0-9-]+)*)["'`]/g)].map((m) => m[1]!));
  const families = [...all.matchAll(/`([a-z.]+\.)\$\{/g)].map((m) => m[1]!);
  const idle = Object.keys(en).filter((k) => !used.has(k) && !families.some((f) => k.startsWith(f)));
  assert.deepEqual(idle, []);
  const missing = [...all.matchAll(/\bt\("([^"]+)"/g)].map((m) => m[1]!).filter((k) => !(k in en));
  assert.deepEqual(missing, []);
});

test("messages fill in names and numbers, in the language's own plural", () => {
  assert.equal(t("chosen.n", { n: 1 }), "1 selected");
  assert.equal(t("lines", { n: 12345 }), "12,345 lines");
  assert.equal(t("label.claim", { text: "{sure} $& $1", sure: "high" }), "{sure} $& $1, confidence high");
  use("ar", { lines: { one: "خط", two: "خطان", few: "{n} خطوط", other: "{n} خط" } });
  assert.equal(locale(), "ar");
  assert.equal(t("lines", { n: 2 }), "خطان");
  assert.equal(t("ok"), "OK", "what a language lacks stays English");
  use("en", {});
});
