import assert from "node:assert/strict";
import { test } from "node:test";
import { Force } from "../src/layout/force.ts";
import { align, apart, beside, bounds, gap } from "../src/layout/geometry.ts";
import { layered } from "../src/layout/layered.ts";
import { chance, shuffled } from "./chance.ts";

function picture(nodes: number, links: number, seed: number) {
  const random = chance(seed);
  const list = Array.from({ length: nodes }, (_, i) => ({ id: `a:${i}`, x: Math.round(random() * 1000), y: Math.round(random() * 1000) }));
  const edges = Array.from({ length: links }, () => ({ from: `a:${Math.floor(random() * nodes)}`, to: `a:${Math.floor(random() * nodes)}` }));
  return { list, edges };
}

test("a layered layout does not depend on the order in which it is told", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const { list, edges } = picture(120, 200, seed), random = chance(seed + 100);
    const want = new Map(layered(list, edges).map((p) => [p.id, p]));
    const got = layered(shuffled(list, random), shuffled(edges, random));
    for (const p of got) assert.deepEqual(p, want.get(p.id));
  }
});

test("in a layered layout value flows from left to right, one column a hop", () => {
  const nodes = ["a", "b", "c", "d", "e"].map((id) => ({ id, x: 0, y: 0 }));
  const at = new Map(layered(nodes, [{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "a", to: "c" }, { from: "d", to: "c" }, { from: "c", to: "e" }]).map((p) => [p.id, p]));
  const x = (id: string): number => at.get(id)!.x;
  assert.equal(x("b") - x("a"), gap.column);
  assert.equal(x("c") - x("b"), gap.column);
  assert.equal(x("d"), x("b"), "a source stands just before what it feeds");
  assert.ok(x("e") > x("c"));
});

test("money that goes round is laid out too, and no two nodes share a place", () => {
  const { list, edges } = picture(300, 900, 7);
  const places = layered(list, edges);
  assert.equal(places.length, 300);
  assert.equal(new Set(places.map((p) => `${p.x} ${p.y}`)).size, 300);
  const times = layered([{ id: "a", x: 0, y: 0, time: 2 }, { id: "b", x: 0, y: 0, time: 1 }], [{ from: "a", to: "b" }, { from: "b", to: "a" }]);
  assert.ok(times[1]!.x < times[0]!.x, "the earlier one of a circle stands first");
});

test("a chain of ten thousand transactions is laid out without recursion", () => {
  const nodes = Array.from({ length: 10_000 }, (_, i) => ({ id: String(i).padStart(5, "0"), x: 0, y: 0 }));
  const places = layered(nodes, nodes.slice(1).map((n, i) => ({ from: nodes[i]!.id, to: n.id })));
  assert.equal(places[9_999]!.x, 9_999 * gap.column);
});

test("pinned nodes stay where they are in every layout", () => {
  const { list, edges } = picture(60, 90, 3);
  const nodes = list.map((n, i) => ({ ...n, pinned: i % 7 === 0 }));
  const force = new Force({ nodes, links: edges, rounds: 30 });
  for (let i = 0; i < 30; i++) force.step();
  for (const places of [layered(nodes, edges), apart(force.places().map((p) => ({ ...p, pinned: nodes.find((n) => n.id === p.id)!.pinned })))]) {
    for (const p of places) {
      const n = nodes.find((o) => o.id === p.id)!;
      if (n.pinned) assert.deepEqual([p.x, p.y], [n.x, n.y]);
    }
  }
});

test("the force layout is the same each time, and brings linked nodes together", () => {
  const { list, edges } = picture(80, 100, 5);
  const run = (nodes: typeof list, links: typeof edges) => {
    const f = new Force({ nodes, links, rounds: 200 });
    for (let i = 0; i < 200; i++) f.step();
    return f.places();
  };
  const random = chance(9);
  assert.deepEqual(run(shuffled(list, random), shuffled(edges, random)), run(list, edges));
  // Two cliques that one line joins come apart.
  const nodes = Array.from({ length: 12 }, (_, i) => ({ id: `n${String(i).padStart(2, "0")}`, x: i, y: 0 }));
  const links = [];
  for (const half of [0, 6]) for (let i = 0; i < 6; i++) for (let j = i + 1; j < 6; j++) links.push({ from: nodes[half + i]!.id, to: nodes[half + j]!.id });
  links.push({ from: nodes[0]!.id, to: nodes[6]!.id });
  const f = new Force({ nodes, links, rounds: 400 });
  for (let i = 0; i < 400; i++) f.step();
  const at = f.places();
  const far = (a: number, b: number): number => Math.hypot(at[a]!.x - at[b]!.x, at[a]!.y - at[b]!.y);
  assert.ok(far(1, 2) < far(1, 8));
});

test("nodes that lie on each other come apart", () => {
  const heap = Array.from({ length: 200 }, (_, i) => ({ id: `n${i}`, x: 0, y: 0 }));
  const places = apart(heap, gap.least, 200);
  let close = 0;
  for (const a of places) for (const b of places) if (a.id < b.id && Math.hypot(a.x - b.x, a.y - b.y) < gap.least * 0.8) close++;
  assert.equal(close, 0);
});

test("what is expanded stands on the side where the value went, and on nobody's place", () => {
  const taken = Array.from({ length: 30 }, (_, i) => ({ id: `t${i}`, x: 260, y: (i - 15) * 56 }));
  const ids = Array.from({ length: 100 }, (_, i) => `n${i}`);
  for (const side of [-1, 1] as const) {
    const places = beside({ id: "o", x: 0, y: 0 }, ids, side, taken);
    assert.equal(places.length, 100);
    for (const p of places) {
      assert.ok(p.x * side > 0);
      for (const o of [...taken, ...places]) if (o.id !== p.id) assert.ok(Math.hypot(o.x - p.x, o.y - p.y) > 20, `${p.id} lies on ${o.id}`);
    }
  }
});

test("aligning keeps the other direction, spreading keeps the order", () => {
  const nodes = [{ id: "a", x: 0, y: 5 }, { id: "b", x: 100, y: 50 }, { id: "c", x: 10, y: 90 }];
  assert.deepEqual(align(nodes, "column").map((n) => [n.x, n.y]), [[37, 5], [37, 50], [37, 90]]);
  assert.deepEqual(align(nodes, "row").map((n) => n.y), [48, 48, 48]);
  assert.deepEqual(align(nodes, "spread-x").map((n) => [n.id, n.x]), [["a", 0], ["c", 50], ["b", 100]]);
  assert.deepEqual(bounds(nodes), { x: [0, 100], y: [5, 90] });
  assert.equal(bounds([]), null);
});
