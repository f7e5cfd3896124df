import assert from "node:assert/strict";
import { test } from "node:test";
import { edgeID, Picture, type EdgeValue, type NodeValue } from "../src/model/picture.ts";
import { counting, project, type Scope } from "../src/model/project.ts";
import { amount, brief, less, short, sum, sureness, units } from "../src/model/words.ts";
import { steps } from "../src/model/saver.ts";

const btc = { network: "n", ticker: "BTC", decimals: 8 };

function made(nodes: Record<string, Partial<NodeValue>>, edges: [string, string, EdgeValue["what"], Partial<EdgeValue>?][]): Picture {
  const p = new Picture();
  for (const [id, n] of Object.entries(nodes)) p.set("node/" + id, { what: id.startsWith("t:") ? "transaction" : "address", text: id.slice(2), x: 0, y: 0, ...n });
  for (const [from, to, what, more] of edges) p.set("edge/" + edgeID(from, to, what, more?.method), { from, to, what, ...more });
  return p;
}

const three = made({ "a:1": {}, "a:2": {}, "a:3": {}, "t:1": {} }, [
  ["a:1", "t:1", "spend", { value: "60", first: "2024-01-10T00:00:00Z" }],
  ["a:2", "t:1", "spend", { value: "40", first: "2024-01-10T00:00:00Z" }],
  ["t:1", "a:3", "receive", { value: "70", first: "2024-01-10T00:00:00Z" }],
  ["t:1", "a:1", "receive", { value: "29", first: "2024-01-10T00:00:00Z" }],
]);

test("aggregated, transactions give way to what parties paid each other, and joint amounts are said to be joint", () => {
  const d = project(three, { level: "aggregated" });
  assert.deepEqual([...d.nodes.keys()].sort(), ["a:1", "a:2", "a:3"]);
  const pays = [...d.edges.values()].map((e) => [e.from, e.to, e.value.value, e.joint, e.value.count]).sort();
  assert.deepEqual(pays, [["a:1", "a:3", "70", true, 1], ["a:2", "a:1", "29", true, 1], ["a:2", "a:3", "70", true, 1]], "change to oneself is no payment");
  assert.equal(project(three, { level: "transaction" }).edges.size, 4);
});

test("a sum that the ledger gave stands in place of one's own, and not beside its parts", () => {
  const p = made({ "a:1": {}, "a:2": {}, "t:1": {} }, [
    ["a:1", "t:1", "spend", { value: "10" }], ["t:1", "a:2", "receive", { value: "9" }], ["a:1", "a:2", "pay", { value: "9", count: 1 }],
  ]);
  assert.equal(project(p, { level: "transaction" }).edges.size, 2);
  const d = project(p, { level: "aggregated" });
  assert.deepEqual([...d.edges.values()].map((e) => [e.value.what, e.value.value, e.joint]), [["pay", "9", false]]);
  p.set("edge/" + edgeID("a:1", "a:2", "pay"), { from: "a:1", to: "a:2", what: "pay", value: "50", count: 3 });
  assert.equal(project(p, { level: "transaction" }).edges.size, 3, "two of its transfers are not drawn one by one");
});

test("a filter hides what is outside, counts it, and says of a sum that it is partly outside", () => {
  const p = made({ "a:1": {}, "a:2": {}, "a:3": {}, "a:4": {}, "a:5": {} }, [
    ["a:1", "a:2", "pay", { value: "5", count: 9, first: "2024-01-01T00:00:00Z", last: "2024-06-01T00:00:00Z" }],
    ["a:2", "a:3", "pay", { value: "7", first: "2024-02-01T00:00:00Z", last: "2024-02-02T00:00:00Z" }],
    ["a:3", "a:4", "pay", { value: "100", first: "2024-12-01T00:00:00Z", last: "2024-12-01T00:00:00Z" }],
  ]);
  const d = project(p, { level: "aggregated", from: Date.parse("2024-01-15T00:00:00Z"), until: Date.parse("2024-07-01T00:00:00Z") });
  assert.deepEqual([...d.edges.values()].map((e) => [e.from, e.partly]).sort(), [["a:1", true], ["a:2", false]]);
  assert.deepEqual(d.hidden, { nodes: 1, edges: 1 });
  assert.ok(d.nodes.has("a:5"), "what was put there by hand and has no line stays");
  assert.deepEqual([...project(p, { level: "aggregated", min: "7" }).edges.values()].map((e) => e.value.value).sort(), ["100", "7"]);
});

test("a sum that says what moved on each day is narrowed to the filter's days", () => {
  const days = { "2024-01-01": "1", "2024-01-02": "20", "2024-01-05": "300" };
  const p = made({ "a:1": {}, "a:2": {} }, [["a:1", "a:2", "pay", { value: "321", count: 7, days, first: "2024-01-01T08:00:00Z", last: "2024-01-05T09:00:00Z" }]]);
  const at = (from?: string, until?: string): unknown => {
    const d = project(p, { level: "aggregated", from: from === undefined ? undefined : Date.parse(from), until: until === undefined ? undefined : Date.parse(until) });
    return [...d.edges.values()].map((e) => [e.value.value, e.value.count, e.partly, e.value.first, e.value.last]);
  };
  assert.deepEqual(at(), [["321", 7, false, "2024-01-01T08:00:00Z", "2024-01-05T09:00:00Z"]]);
  assert.deepEqual(at("2024-01-02T00:00:00Z", "2024-01-04T23:59:59.999Z"), [["20", undefined, false, undefined, undefined]]);
  assert.deepEqual(at(undefined, "2024-01-02T23:59:59.999Z"), [["21", undefined, false, "2024-01-01T08:00:00Z", undefined]]);
  assert.deepEqual(at("2024-01-02T12:00:00Z"), [["320", undefined, true, undefined, "2024-01-05T09:00:00Z"]], "a filter that cuts a day says so");
  assert.deepEqual(at("2024-01-03T00:00:00Z", "2024-01-04T23:59:59.999Z"), [], "nothing moved then");
});

test("what was counted within another filter shows no amount until it is counted anew", () => {
  const jan = { level: "aggregated" as const, from: Date.parse("2024-01-01"), until: Date.parse("2024-01-31T23:59:59.999Z") };
  const p = made({ "a:1": {}, "a:2": {} }, [["a:1", "a:2", "pay", { value: "5", count: 2, asked: counting(jan), first: "2024-01-02T00:00:00Z", last: "2024-01-03T00:00:00Z" }]]);
  const [id] = p.edges.keys();
  const seen = (scope: Scope, again?: Map<string, EdgeValue | null>): unknown => [...project(p, scope, again).edges.values()].map((e) => [e.value.value, e.partly]);
  assert.deepEqual(seen(jan), [["5", false]]);
  assert.deepEqual(seen({ level: "aggregated" }), [[undefined, true]]);
  assert.deepEqual(seen({ level: "aggregated" }, new Map([[id!, { from: "a:1", to: "a:2", what: "pay", value: "50" }]])), [["50", false]]);
  assert.deepEqual(seen({ ...jan, min: "4" }, new Map([[id!, null]])), []);
  p.edges.set(id!, { from: "a:1", to: "a:2", what: "pay", value: "50", count: 9 });
  assert.deepEqual(seen({ level: "aggregated", min: "40" }), [["50", true]], "its transfers may be smaller each");
});

test("a coin beside its address's line is not counted twice", () => {
  const coin = { what: "coin" as const, address: "2" };
  const p = made({ "a:2": {}, "t:1": {}, "t:2": {}, "u:1:0": coin, "u:1:1": { ...coin, address: "3" } }, [
    ["t:1", "a:2", "receive", { value: "9" }], ["t:1", "u:1:0", "receive", { value: "9" }], ["t:1", "u:1:1", "receive", { value: "1" }], ["u:1:0", "t:2", "spend", { value: "9" }],
  ]);
  const d = project(p, { level: "transaction" });
  assert.deepEqual([...d.doubled].map((id) => d.edges.get(id)!.to), ["u:1:0"]);
});

test("around a label stands what is linked with it", () => {
  const p = made({ "a:1": {}, "a:2": { label: { text: "Kraken", confidence: 70 } }, "a:3": {}, "a:4": {} }, [["a:1", "a:2", "pay"], ["a:3", "a:4", "pay"]]);
  assert.deepEqual([...project(p, { level: "aggregated", label: "krak" }).nodes.keys()].sort(), ["a:1", "a:2"]);
});

test("a folded group is one node, its lines are summed, and those inside are gone", () => {
  const p = made({ "a:1": { group: "g", x: 0 }, "a:2": { group: "g", x: 100 }, "a:3": {} }, [
    ["a:1", "a:3", "pay", { value: "1", count: 1 }], ["a:2", "a:3", "pay", { value: "2", count: 2 }], ["a:1", "a:2", "pay", { value: "9" }], ["a:3", "a:1", "pay", { value: "4" }],
  ]);
  p.set("group/g", { title: "Mules", folded: true });
  const d = project(p, { level: "aggregated" });
  assert.deepEqual([...d.nodes.keys()].sort(), ["a:3", "g:g"]);
  assert.equal(d.nodes.get("g:g")!.value.x, 50);
  assert.deepEqual([...d.edges.values()].map((e) => [e.from, e.to, e.value.value, e.value.count]).sort(), [["a:3", "g:g", "4", 1], ["g:g", "a:3", "3", 3]]);
  p.set("group/g", { title: "Mules", folded: false });
  assert.equal(project(p, { level: "aggregated" }).nodes.size, 3);
});

test("lines whose ends were removed are not drawn", () => {
  const p = made({ "a:1": {} }, [["a:1", "a:2", "pay", { value: "1" }]]);
  assert.equal(project(p, { level: "aggregated" }).edges.size, 0);
  assert.equal(project(p, { level: "aggregated" }).nodes.size, 1);
});

test("amounts are exact, and say where they are not", () => {
  assert.equal(amount("1", btc), "0.00000001 BTC");
  assert.equal(amount("123456789012345678", btc), "1,234,567,890.12345678 BTC");
  assert.equal(amount("100000000", btc), "1 BTC");
  assert.equal(amount("0", btc), "0 BTC");
  assert.equal(amount(undefined, btc), "");
  assert.equal(amount("-5", btc), "");
  assert.equal(brief("123456789012345678", btc), "~1,234,567,890 BTC");
  assert.equal(brief("123456789", btc), "~1.235 BTC");
  assert.equal(brief("1234567", btc), "~0.01235 BTC");
  assert.equal(brief("150000000", btc), "1.5 BTC");
  assert.equal(units("1.5", btc), "150000000");
  assert.equal(units("1,000.00000001", btc), "100000000001");
  assert.equal(units(".1", btc), "10000000");
  for (const bad of ["", ".", "1.123456789", "-1", "1e3", "x"]) assert.equal(units(bad, btc), null, bad);
  assert.equal(sum(["9007199254740993", "1"]), "9007199254740994");
  assert.equal(sum(["1", undefined]), undefined);
  assert.ok(less("9", "10") && !less("10", "9") && !less("7", "7"));
});

test("confidence is said as the reports say it", () => {
  assert.deepEqual([100, 90, 89, 70, 69, 50, 49, 20, 19, 5].map(sureness), ["very high", "very high", "high", "high", "moderate", "moderate", "low", "low", "very low", "very low"]);
});

test("long texts lose their middle, and coins keep their number", () => {
  assert.equal(short("abc"), "abc");
  assert.equal(short("a".repeat(30) + "b".repeat(34)).length, 17);
  assert.ok(short("f".repeat(64) + ":12").endsWith(":12"));
});

test("what can be undone after a new visit is one's own, of this graph, and stands", () => {
  const c = (seq: number, person: string, field: string, more: object = {}) => ({ seq, at: "", person, edits: [{ kind: "graph", id: "g", field, before: 1, after: 2 }], ...more });
  const other = { ...c(6, "me", "node/a"), edits: [{ kind: "note", id: "n", field: "text", before: null, after: "x" }] };
  const began = { ...c(1, "me", "title"), edits: [{ kind: "graph", id: "g", field: "title", before: null, after: "x" }] };
  assert.deepEqual(steps([began, c(2, "me", "node/a"), c(3, "you", "node/a"), c(4, "me", "view"), c(5, "me", "node/b"), other, c(7, "me", "node/b", { undoes: 5 })], { person: "me", graph: "g" }), [2]);
  const redone = [c(2, "me", "node/a"), c(3, "me", "node/a", { undoes: 2 }), c(4, "me", "node/a", { undoes: 3 })];
  assert.deepEqual(steps(redone, { person: "me", graph: "g" }), [4], "what was done again can be undone again");
  assert.deepEqual(steps([...redone, c(5, "me", "node/a", { undoes: 4 })], { person: "me", graph: "g" }), []);
});
