import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Problem } from "../src/api.ts";
import { edgeID, nodeID, type NodeValue, type Value } from "../src/model/picture.ts";
import { GraphRecord, merge, same, type Change, type Edit } from "../src/model/record.ts";
import { Saver, type SaveState } from "../src/model/saver.ts";
import { sha256Hex } from "../src/model/sha256.ts";
import { chance } from "./chance.ts";

const node = (x: number, more: Partial<NodeValue> = {}): NodeValue => ({ what: "address", text: "one", x, y: 0, ...more });

test("SHA-256 is SHA-256", () => {
  const random = chance(1);
  for (let n = 0; n < 300; n++) {
    const text = Array.from({ length: n }, () => String.fromCharCode(1 + Math.floor(random() * 0x2fff))).join("");
    assert.equal(sha256Hex(text), createHash("sha256").update(text).digest("hex"));
  }
});

test("nodes and edges are called the same by everybody", () => {
  assert.equal(nodeID("coin", "00ff:1"), "u:00ff:1");
  const want = createHash("sha256").update("a:x\nt:y\nspend\n").digest("hex").slice(0, 32);
  assert.equal(edgeID("a:x", "t:y", "spend"), want);
  assert.notEqual(edgeID("a:x", "a:y", "trace", "fifo"), edgeID("a:x", "a:y", "trace", "lifo"));
});

test("two descendants of a node are merged member by member", () => {
  const base = node(0);
  assert.deepEqual(merge(base, node(5), node(0, { note: "n" })), node(5, { note: "n" }));
  assert.deepEqual(merge(base, node(5), node(9)), node(5), "the later hand moves");
  assert.equal(merge(base, node(0, { note: "mine" }), node(0, { note: "theirs" })), undefined);
  assert.deepEqual(merge(node(0, { note: "old" }), node(0), node(3, { note: "old" })), node(3), "taking a note away is a change");
  assert.equal(merge(base, null, node(0, { note: "n" })), undefined, "who removes does not remove what others wrote meanwhile");
  assert.equal(merge(base, base, null), null);
  assert.equal(merge("a", "b", "c"), undefined);
  assert.ok(same({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }));
  assert.ok(!same({ a: 1 }, { a: 1, b: 2 }) && !same(null, {}) && same(null, undefined));
});

/** A casebook that holds one record, merges as the server does, and can be told to fail. */
class Server {
  fields = new Map<string, Value>();
  changes: Change[] = [];
  fails: Problem[] = [];
  setAt = new Map<string, number>();
  stored: ((c: Change) => void) | null = null;

  write(edits: Edit[], undoes?: number): Change | null {
    const clashes = [], done = [];
    for (const e of edits) {
      const now = this.fields.get(e.field) ?? null;
      if (same(now, e.after)) continue;
      if (same(now, e.before)) done.push({ ...e, before: now });
      else clashes.push({ kind: e.kind, id: e.id, field: e.field, yours: e.after, theirs: now, seq: this.setAt.get(e.field) ?? 0 });
    }
    if (clashes.length > 0) throw new Problem(409, "conflict", "changed by somebody else", "", clashes);
    if (done.length === 0) return null;
    for (const e of done) {
      this.setAt.set(e.field, this.changes.length + 1);
      if (e.after === null) this.fields.delete(e.field);
      else this.fields.set(e.field, e.after as Value);
    }
    const c: Change = { seq: this.changes.length + 1, at: "", person: "me", ...(undoes ? { undoes } : {}), edits: done };
    this.changes.push(c);
    this.stored?.(c);
    return c;
  }

  async change(_: string, edits: Edit[]): Promise<{ change: Change | null }> {
    const f = this.fails.shift();
    if (f) throw f;
    return { change: structuredClone(this.write(structuredClone(edits))) };
  }

  async undo(seq: number): Promise<{ change: Change | null }> {
    const c = this.changes[seq - 1]!;
    return { change: this.write(c.edits.map((e) => ({ ...e, before: e.after, after: e.before }) as Edit), seq) };
  }
}

function desk(server: Server, settle: (field: string) => boolean = () => true) {
  const record = new GraphRecord("g");
  const states: SaveState[] = [];
  let stacks = [false, false], asked = 0;
  const saver = new Saver(record, server, {
    settle: async () => {
      asked++;
      return settle;
    },
    state: (s) => states.push(s),
    stacks: (u, r) => {
      stacks = [u, r];
    },
    after: async () => {},
    mostEdits: 3,
  });
  return { record, saver, states, asked: () => asked, stacks: () => stacks };
}

test("a step is seen at once, and stored behind; undo and redo go back and forth", async () => {
  const server = new Server(), { record, saver, stacks } = desk(server);
  record.step("added", [["node/a", node(0)]]);
  assert.deepEqual(record.picture.nodes.get("a"), node(0));
  assert.equal(server.fields.size, 0);
  record.step("moved", [["node/a", node(5)]]);
  await saver.save();
  assert.deepEqual(server.fields.get("node/a"), node(5));
  assert.equal(record.pending.length, 0);
  await saver.undo();
  assert.deepEqual(record.picture.nodes.get("a"), node(0));
  await saver.undo();
  assert.equal(record.picture.nodes.get("a"), undefined);
  assert.deepEqual(stacks(), [false, true]);
  await saver.redo();
  await saver.redo();
  assert.deepEqual(record.picture.nodes.get("a"), node(5));
  assert.deepEqual(server.fields.get("node/a"), node(5));
  assert.deepEqual(stacks(), [true, false]);
  record.step("moved", [["node/a", node(6)]]);
  await saver.save();
  await saver.undo();
  record.step("moved", [["node/a", node(7)]]);
  await saver.save();
  assert.deepEqual(stacks(), [true, false], "what is done anew ends what could be redone");
});

test("what looks the same is no step, and how it is looked at is not undone", async () => {
  const server = new Server(), { record, saver, stacks } = desk(server);
  assert.ok(record.step("added", [["node/a", node(0)]]));
  assert.equal(record.step("nothing", [["node/a", node(0)]]), null);
  record.step("looked", [["view", { level: "aggregated" }]], true);
  await saver.save();
  await saver.undo();
  assert.equal(record.picture.nodes.size, 0);
  assert.equal(record.picture.view.level, "aggregated");
  assert.deepEqual(stacks(), [false, true]);
});

test("others' changes and one's own pending steps stand together", async () => {
  const server = new Server(), { record, saver, asked } = desk(server);
  server.fields.set("node/a", node(0));
  record.load(Object.fromEntries(server.fields), 0);
  record.step("moved", [["node/a", node(5)]]);
  const theirs = server.write([{ kind: "graph", id: "g", field: "node/a", before: node(0), after: node(0, { note: "theirs" }) }])!;
  await saver.save();
  assert.deepEqual(server.fields.get("node/a"), node(5, { note: "theirs" }));
  assert.equal(asked(), 0, "a move and a note need no question");
  record.remote(theirs);
  assert.deepEqual(record.picture.nodes.get("a"), node(5, { note: "theirs" }), "an old change that comes late changes nothing");
});

test("where both wrote the same the person decides, and nothing is lost unasked", async () => {
  for (const own of [true, false]) {
    const server = new Server(), { record, saver, asked, states } = desk(server, () => own);
    server.fields.set("node/a", node(0));
    record.load(Object.fromEntries(server.fields), 0);
    record.step("noted", [["node/a", node(0, { note: "mine" })], ["node/b", node(1)]]);
    server.write([{ kind: "graph", id: "g", field: "node/a", before: node(0), after: node(0, { note: "theirs" }) }]);
    await saver.save();
    assert.equal(asked(), 1);
    assert.ok(states.includes("clash"));
    const want = own ? "mine" : "theirs";
    assert.equal((server.fields.get("node/a") as NodeValue).note, want);
    assert.equal(record.picture.nodes.get("a")!.note, want);
    assert.deepEqual(server.fields.get("node/b"), node(1), "what did not clash is saved in any case");
  }
});

test("a line that is down loses nothing, and stores nothing twice", async () => {
  const server = new Server(), { record, saver, states } = desk(server);
  server.fails = [new Problem(0, "", "no line", "", []), new Problem(503, "unavailable", "busy", "", []), new Problem(429, "busy", "slow", "", [])];
  for (let i = 0; i < 8; i++) record.step("added", [[`node/${i}`, node(i)]]);
  await saver.save();
  assert.equal(server.fields.size, 8);
  assert.equal(server.changes.length, 8);
  assert.ok(states.includes("waiting"));
  assert.equal(states.at(-1), "saved");
});

test("a step that the server refuses waits for the person", async () => {
  const server = new Server(), { record, saver, states } = desk(server);
  server.fails = [new Problem(403, "denied", "the case is closed", "", [])];
  record.step("added", [["node/a", node(0)]]);
  await saver.save();
  assert.equal(states.at(-1), "refused");
  assert.equal(record.pending.length, 1);
  await saver.giveUp();
  assert.equal(record.pending.length, 0);
  assert.equal(record.picture.nodes.size, 0);
});

test("a large step goes in parts, and is undone as one", async () => {
  const server = new Server(), { record, saver } = desk(server);
  record.step("added", Array.from({ length: 10 }, (_, i): [string, Value] => [`node/${i}`, node(i)]));
  await saver.save();
  assert.equal(server.changes.length, 4);
  await saver.undo();
  assert.equal(record.picture.nodes.size, 0);
  assert.equal(server.fields.size, 0);
  await saver.redo();
  assert.equal(server.fields.size, 10);
});

test("two people who do anything at all see the same in the end", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const server = new Server(), random = chance(seed);
    const desks = [desk(server, () => random() < 0.5), desk(server, () => random() < 0.5)];
    for (let i = 0; i < 60; i++) {
      const d = desks[Math.floor(random() * 2)]!, id = `node/${Math.floor(random() * 4)}`;
      const was = d.record.value(id) as NodeValue | null;
      const what = random();
      if (what < 0.5) d.record.step("moved", [[id, { ...(was ?? node(0)), x: Math.floor(random() * 100) }]]);
      else if (what < 0.8) d.record.step("noted", [[id, { ...(was ?? node(0)), note: String(i) }]]);
      else d.record.step("removed", [[id, null]]);
      if (random() < 0.5) await d.saver.save();
      if (random() < 0.5) for (const c of server.changes) d.record.remote(c);
    }
    for (const d of desks) await d.saver.save();
    for (const d of desks) {
      for (const c of server.changes) d.record.remote(c);
      assert.deepEqual(new Map([...d.record.picture.nodes].sort()), new Map([...server.fields].map(([k, v]) => [k.slice(5), v as NodeValue] as const).sort()), `seed ${seed}`);
    }
  }
});
