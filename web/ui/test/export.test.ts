import assert from "node:assert/strict";
import { test } from "node:test";
import { cell, edgesCSV, gexf, graphML, nodesCSV, xml } from "../src/export/plain.ts";
import { fileName } from "../src/export/save.ts";
import { svg } from "../src/export/svg.ts";
import { Picture, type EdgeValue, type NodeValue } from "../src/model/picture.ts";
import { project } from "../src/model/project.ts";
import { light } from "../src/view/look.ts";
import { chance, shuffled } from "./chance.ts";

const hostile = ['=HYPERLINK("http://x")', "+1", "-1+cmd|'/c calc'!A0", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "|x", "%x"];

function picture(order: <T>(list: T[]) => T[] = (l) => l): Picture {
  const p = new Picture();
  p.set("title", "A <b>title</b> & more");
  const nodes: [string, NodeValue][] = [
    ["a:1", { what: "address", text: "bc1qone", x: 0, y: 0, title: '=cmd|"x"', note: "</text><script>alert(1)</script>", label: { text: 'Exchange "A" & <B>', confidence: 70, source: "s.yaml" } }],
    ["t:1", { what: "transaction", text: "f".repeat(64), x: 200, y: 0 }],
    ["c:1", { what: "cluster", text: "bc1qone", x: 0, y: 100, inferred: true, title: "bell\u0007 and lone \ud800" }],
    ["a:2", { what: "address", text: "bc1qtwo", x: 400, y: 0 }],
  ];
  const edges: [string, EdgeValue][] = [
    ["1", { from: "a:1", to: "t:1", what: "spend", value: "123456789012345678901", count: 1, first: "2024-03-12T10:00:00Z" }],
    ["2", { from: "t:1", to: "a:2", what: "receive", value: "5", note: "@note" }],
    ["3", { from: "c:1", to: "a:1", what: "member", inferred: true }],
    ["4", { from: "a:1", to: "a:2", what: "trace", method: "fifo", value: "4" }],
    ["5", { from: "a:1", to: "a:2", what: "trace", method: "haircut", value: "3" }],
  ];
  for (const [id, n] of order(nodes)) p.set("node/" + id, n);
  for (const [id, e] of order(edges)) p.set("edge/" + id, e);
  return p;
}

const about = { title: "A <b>title</b> & more", scope: "Each transaction on its own" };
const options = { ...about, palette: light, methods: ["fifo", "haircut"], asset: () => ({ network: "n", ticker: "BTC", decimals: 8 }), marking: "SECRET & <more>" };

function files(p: Picture): string[] {
  const d = project(p, { level: "transaction" });
  return [nodesCSV(d), edgesCSV(d, about), graphML(d, about), gexf(d, about), svg(d, options)];
}

test("no cell of a CSV is a formula, whatever was written there", () => {
  for (const h of hostile) {
    const written = cell(h);
    const bare = written.startsWith('"') ? written.slice(1) : written;
    assert.ok(bare.startsWith("'"), `${JSON.stringify(h)} becomes ${written}`);
  }
  assert.equal(cell("plain"), "plain");
  assert.equal(cell('a "b", c'), '"a ""b"", c"');
  assert.equal(cell(-5), "-5", "a number is a number");
  assert.equal(cell("a\r\nb"), '"a\nb"');
  assert.equal(cell(undefined), "");
});

test("the same picture gives the same bytes in every form, in whatever order it came", () => {
  const want = files(picture());
  for (let seed = 1; seed < 6; seed++) {
    const random = chance(seed);
    assert.deepEqual(files(picture((l) => shuffled(l, random))), want);
  }
});

test("what people wrote is text in every form, and what XML cannot hold is replaced", () => {
  for (const text of files(picture())) {
    assert.ok(!text.includes("<script>") || !text.includes("<?xml"), "markup came through");
    assert.ok(!/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text.replace(/\r/g, "")) || !text.includes("<?xml"));
  }
  assert.equal(xml("<&>\"'\u0007\ud800"), "&lt;&amp;&gt;&quot;&#39;\ufffd\ufffd");
  assert.equal(xml("😀"), "😀");
});

test("amounts are exact in every form: no number of 64 bits stands between", () => {
  const [, edges, graphml, gexfText, picture_] = files(picture());
  for (const text of [edges!, graphml!, gexfText!]) assert.ok(text.includes("123456789012345678901"));
  assert.ok(picture_!.includes("1,234,567,890,123.45678901 BTC"));
});

test("the picture says in words what it says in looks: inference, method, confidence, scope, marking", () => {
  const text = files(picture())[4]!;
  for (const words of ["inferred", "fifo", "haircut", "confidence high", "Each transaction on its own", "SECRET &amp; &lt;more&gt;", "stroke-dasharray"]) assert.ok(text.includes(words), words);
  assert.ok(text.includes('direction="ltr"'), "addresses are isolated left to right");
});

test("every form is well-formed", () => {
  for (const text of files(picture()).slice(2)) {
    const open: string[] = [];
    for (const [, end, name, self] of text.matchAll(/<(\/?)([A-Za-z][\w:]*)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (end) assert.equal(open.pop(), name);
      else if (!self) open.push(name!);
    }
    assert.deepEqual(open, []);
  }
});

test("files are called what every system takes", () => {
  assert.equal(fileName("Ransom: ../../etc/passwd", ".csv"), "ransom-etc-passwd.csv");
  assert.equal(fileName("   ", ".svg"), "graph.svg");
  assert.equal(fileName("القضية ١", ".svg"), "القضية-١.svg");
  assert.ok(fileName("x".repeat(500), ".png").length < 70);
});
