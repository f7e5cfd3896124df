// From what a graph holds to what is drawn of it: the level, the filter, folded groups. It
// computes and changes nothing of the record.
import type { EdgeValue, GroupValue, Level, NodeValue, Picture } from "./picture.ts";
import { edgeID } from "./picture.ts";
import { less, sum } from "./words.ts";

/** What is drawn of a picture. */
export interface Drawn {
  nodes: Map<string, DrawnNode>;
  edges: Map<string, DrawnEdge>;
  hidden: { nodes: number; edges: number }; // by the filter
}

export interface DrawnNode {
  id: string;
  value: NodeValue;
  folded?: { group: GroupValue; members: string[] }; // the node stands for a folded group
}

export interface DrawnEdge {
  id: string;
  from: string;
  to: string;
  value: EdgeValue;
  of: string[]; // IDs of the record's edges that it stands for
  partly: boolean; // a part of what it sums lies outside the filter
  joint: boolean; // the amount had several senders: what of it was whose is not said
}

export interface Scope {
  level: Level;
  from?: number | undefined; // milliseconds
  until?: number | undefined;
  min?: string | undefined; // smallest units
  asset?: string | undefined;
  label?: string | undefined; // text in a label or title
}

/** project applies a scope to a picture. */
export function project(p: Picture, scope: Scope): Drawn {
  const aggregated = scope.level === "aggregated";
  const edges = new Map<string, DrawnEdge>();
  const counted = { nodes: 0, edges: 0 };
  const passes = (id: string, e: EdgeValue): void => {
    if (!p.nodes.has(e.from) || !p.nodes.has(e.to)) return; // one of them was deleted
    const seen = inScope(e, scope);
    if (seen === "out") counted.edges++;
    else edges.set(id, { id, from: e.from, to: e.to, value: e, of: [id], partly: seen === "partly", joint: false });
  };
  for (const [id, e] of p.edges) passes(id, e);
  const drawn: Drawn = { nodes: new Map(), edges, hidden: counted };
  const wanted = scope.label?.toLocaleLowerCase() ?? "";
  for (const [id, n] of p.nodes) {
    if (aggregated && (n.what === "transaction" || n.what === "coin")) continue;
    drawn.nodes.set(id, { id, value: n });
  }
  if (aggregated) join(p, drawn);
  else withoutDoubles(drawn);
  if (wanted !== "") {
    const near = new Set<string>();
    for (const [id, n] of drawn.nodes) if (matches(n.value, wanted)) near.add(id);
    const kept = new Set(near);
    for (const e of drawn.edges.values()) {
      if (near.has(e.from)) kept.add(e.to);
      if (near.has(e.to)) kept.add(e.from);
    }
    for (const id of [...drawn.nodes.keys()]) {
      if (kept.has(id)) continue;
      drawn.nodes.delete(id);
      counted.nodes++;
    }
  }
  for (const [id, e] of edges) if (!drawn.nodes.has(e.from) || !drawn.nodes.has(e.to)) edges.delete(id);
  // A node all of whose edges are outside the filter is outside it too; one that has none was
  // put there by hand, and stays.
  if (counted.edges > 0) {
    const linked = new Set<string>(), ever = new Set<string>();
    for (const e of edges.values()) linked.add(e.from).add(e.to);
    for (const e of p.edges.values()) ever.add(e.from).add(e.to);
    for (const [id, n] of drawn.nodes) {
      if (!ever.has(id) || linked.has(id) || n.value.pinned) continue;
      drawn.nodes.delete(id);
      counted.nodes++;
    }
  }
  fold(p, drawn);
  return drawn;
}

function inScope(e: EdgeValue, s: Scope): "in" | "partly" | "out" {
  if (s.asset && e.asset && e.asset !== s.asset) return "out";
  if (s.min && e.value !== undefined && e.what !== "member" && e.what !== "manual" && less(e.value, s.min)) return "out";
  const first = e.first ? Date.parse(e.first) : NaN, last = e.last ? Date.parse(e.last) : first;
  if (Number.isNaN(first)) return "in";
  if ((s.from !== undefined && last < s.from) || (s.until !== undefined && first > s.until)) return "out";
  const whole = (s.from === undefined || first >= s.from) && (s.until === undefined || last <= s.until);
  return whole ? "in" : "partly";
}

function matches(n: NodeValue, wanted: string): boolean {
  for (const s of [n.label?.text, n.title, n.note, n.text]) if (s && s.toLocaleLowerCase().includes(wanted)) return true;
  return false;
}

/** withoutDoubles leaves out sums between parties whose transactions are drawn one by one. */
function withoutDoubles(d: Drawn): void {
  const pays = [...d.edges.values()].filter((e) => e.value.what === "pay");
  if (pays.length === 0) return;
  const into = new Map<string, Set<string>>();
  for (const e of d.edges.values()) if (e.value.what === "spend") add(into, e.from, e.to);
  const out = new Map<string, Set<string>>();
  for (const e of d.edges.values()) if (e.value.what === "receive") add(out, e.to, e.from);
  for (const e of pays) {
    const a = into.get(e.from), b = out.get(e.to);
    if (!a || !b || e.value.count === undefined) continue;
    let shared = 0;
    for (const tx of a) if (b.has(tx)) shared++;
    if (shared >= e.value.count) d.edges.delete(e.id);
  }
}

/**
 * join draws what parties paid each other in place of their transactions. An amount that
 * several senders paid together is not divided among them: each of their lines says all of
 * it, and that it is joint.
 */
function join(p: Picture, d: Drawn): void {
  const through = new Map<string, { from: DrawnEdge[]; to: DrawnEdge[] }>();
  const between = (id: string): boolean => {
    const what = p.nodes.get(id)?.what;
    return what === "transaction" || what === "coin";
  };
  const stored = new Set<string>();
  for (const [id, e] of d.edges) {
    const a = between(e.from), b = between(e.to);
    if (!a && !b) {
      if (e.value.what === "pay") stored.add(e.from + "\n" + e.to);
      continue;
    }
    d.edges.delete(id);
    if (a && !b) entry(through, e.from).to.push(e);
    else if (b && !a) entry(through, e.to).from.push(e);
  }
  const sums = new Map<string, { from: string; to: string; parts: DrawnEdge[]; joint: boolean; partly: boolean; txs: Set<string> }>();
  for (const [tx, sides] of through) {
    const senders = new Set(sides.from.map((e) => e.from));
    for (const from of senders) {
      for (const e of sides.to) {
        if (from === e.to) continue; // change
        const key = from + "\n" + e.to;
        if (stored.has(key)) continue;
        const at = sums.get(key) ?? { from, to: e.to, parts: [], joint: false, partly: false, txs: new Set() };
        at.parts.push(e);
        at.joint ||= senders.size > 1;
        at.partly ||= e.partly;
        at.txs.add(tx);
        sums.set(key, at);
      }
    }
  }
  for (const s of sums.values()) {
    const id = edgeID(s.from, s.to, "pay", "");
    const times = s.parts.flatMap((e) => [e.value.first, e.value.last]).filter((x): x is string => !!x).sort();
    const total = sum(s.parts.map((e) => e.value.value));
    const value: EdgeValue = { from: s.from, to: s.to, what: "pay", count: s.txs.size, inferred: false };
    if (total !== undefined) value.value = total;
    if (times.length > 0) {
      value.first = times[0]!;
      value.last = times[times.length - 1]!;
    }
    d.edges.set(id, { id, from: s.from, to: s.to, value, of: s.parts.flatMap((e) => e.of), partly: s.partly, joint: s.joint });
  }
}

/** fold puts one node in the place of each folded group's members. */
function fold(p: Picture, d: Drawn): void {
  const folded = [...p.groups].filter(([, g]) => g.folded);
  if (folded.length === 0) return;
  const stands = new Map<string, string>();
  for (const [gid, group] of folded) {
    const members = [...d.nodes.values()].filter((n) => n.value.group === gid);
    if (members.length === 0) continue;
    const id = "g:" + gid;
    let x = 0, y = 0;
    for (const m of members) {
      x += m.value.x;
      y += m.value.y;
      stands.set(m.id, id);
      d.nodes.delete(m.id);
    }
    const value: NodeValue = { what: "cluster", text: group.title, title: group.title, x: Math.round(x / members.length), y: Math.round(y / members.length) };
    if (group.colour) value.colour = group.colour;
    d.nodes.set(id, { id, value, folded: { group, members: members.map((m) => m.id) } });
  }
  const merged = new Map<string, DrawnEdge[]>();
  for (const [id, e] of d.edges) {
    const from = stands.get(e.from) ?? e.from, to = stands.get(e.to) ?? e.to;
    if (from === e.from && to === e.to) continue;
    d.edges.delete(id);
    if (from !== to) {
      const key = [from, to, e.value.what, e.value.method ?? ""].join("\n");
      const list = merged.get(key);
      if (list) list.push({ ...e, from, to });
      else merged.set(key, [{ ...e, from, to }]);
    }
  }
  for (const list of merged.values()) {
    const e = list[0]!;
    const id = edgeID(e.from, e.to, e.value.what, e.value.method ?? "");
    const value: EdgeValue = { ...e.value, from: e.from, to: e.to, count: list.reduce((n, x) => n + (x.value.count ?? 1), 0) };
    const total = sum(list.map((x) => x.value.value));
    if (total === undefined) delete value.value;
    else value.value = total;
    const times = list.flatMap((x) => [x.value.first, x.value.last]).filter((x): x is string => !!x).sort();
    if (times.length > 0) {
      value.first = times[0]!;
      value.last = times[times.length - 1]!;
    }
    d.edges.set(id, { id, from: e.from, to: e.to, value, of: list.flatMap((x) => x.of), partly: list.some((x) => x.partly), joint: list.some((x) => x.joint) });
  }
}

function entry(map: Map<string, { from: DrawnEdge[]; to: DrawnEdge[] }>, id: string): { from: DrawnEdge[]; to: DrawnEdge[] } {
  const at = map.get(id);
  if (at) return at;
  const made = { from: [], to: [] };
  map.set(id, made);
  return made;
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const at = map.get(key);
  if (at) at.add(value);
  else map.set(key, new Set([value]));
}
