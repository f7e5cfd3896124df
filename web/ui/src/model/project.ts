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
  doubled: ReadonlySet<string>; // edges of single coins whose amounts other edges hold too: sums leave them out
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
  parts?: EdgeValue[]; // what its value is the sum of, where that is several edges
}

export interface Scope {
  level: Level;
  from?: number | undefined; // milliseconds
  until?: number | undefined;
  min?: string | undefined; // smallest units
  asset?: string | undefined;
  label?: string | undefined; // text in a label or title
}

/** nothing is drawn of an empty picture. */
export function nothing(hidden: Drawn["hidden"] = { nodes: 0, edges: 0 }): Drawn {
  return { nodes: new Map(), edges: new Map(), hidden, doubled: new Set() };
}

/** counting is a scope's part that sums depend on, as a key; "" where there is none. */
export function counting(s: Scope): string {
  const { from, until, min } = s;
  return from === undefined && until === undefined && !min ? "" : [from ?? "", until ?? "", min ?? ""].join("|");
}

/**
 * project applies a scope to a picture. again has sums that the ledger counted anew within this scope, by
 * their edges' IDs; null where nothing is left of one.
 */
export function project(p: Picture, scope: Scope, again: ReadonlyMap<string, EdgeValue | null> = new Map()): Drawn {
  const aggregated = scope.level === "aggregated";
  const edges = new Map<string, DrawnEdge>();
  const counted = { nodes: 0, edges: 0 };
  const passes = (id: string, e: EdgeValue): void => {
    if (!p.nodes.has(e.from) || !p.nodes.has(e.to)) return; // one of them was deleted
    const seen = within(e, scope, again.get(id));
    if (seen === null) counted.edges++;
    else edges.set(id, { id, from: e.from, to: e.to, value: seen.value, of: [id], partly: seen.partly, joint: false });
  };
  for (const [id, e] of p.edges) passes(id, e);
  const drawn: Drawn = { nodes: new Map(), edges, hidden: counted, doubled: new Set() };
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
  drawn.doubled = doubles(drawn);
  fold(p, drawn);
  return drawn;
}

/** doubles are the edges of single coins beside which the edge of the coin's address to the same transaction is drawn. */
function doubles(d: Drawn): Set<string> {
  const of = (id: string): string | undefined => {
    const n = d.nodes.get(id)?.value;
    return n?.what === "coin" ? n.address : undefined;
  };
  const coins: [DrawnEdge, string][] = [];
  for (const e of d.edges.values()) {
    if (e.value.what !== "spend" && e.value.what !== "receive") continue;
    const from = of(e.from), to = of(e.to);
    if (from !== undefined) coins.push([e, `a:${from}\n${e.to}`]);
    else if (to !== undefined) coins.push([e, `${e.from}\na:${to}`]);
  }
  const out = new Set<string>();
  if (coins.length === 0) return out;
  const whole = new Set<string>();
  for (const e of d.edges.values()) if (e.value.what === "spend" || e.value.what === "receive") whole.add(`${e.from}\n${e.to}`);
  for (const [e, key] of coins) if (whole.has(key)) out.add(e.id);
  return out;
}

/**
 * within is what of an edge is in a scope: null where nothing is. A sum that lies partly outside is narrowed
 * to the days that are inside, where it says what was on which; else it is said to be partly outside.
 */
function within(e: EdgeValue, s: Scope, again: EdgeValue | null | undefined): { value: EdgeValue; partly: boolean } | null {
  if (s.asset && e.asset && e.asset !== s.asset) return null;
  if (again === null) return null;
  if (again) return { value: e.note ? { ...again, note: e.note } : again, partly: false };
  if (e.asked !== undefined && e.asked !== counting(s)) {
    // It was counted within another filter: how much it is in this one is not known yet.
    const { value: _, count: __, first: ___, last: ____, days: _____, ...rest } = e;
    return { value: rest, partly: true };
  }
  if (s.min && e.value !== undefined && e.what !== "member" && e.what !== "manual" && less(e.value, s.min)) return null;
  // A sum may hold transfers that are smaller each.
  const small = !!s.min && e.what === "pay" && (e.count ?? 1) > 1 && e.asked === undefined;
  const first = e.first ? Date.parse(e.first) : NaN, last = e.last ? Date.parse(e.last) : first;
  if (Number.isNaN(first)) return { value: e, partly: small };
  if ((s.from !== undefined && last < s.from) || (s.until !== undefined && first > s.until)) return null;
  if ((s.from === undefined || first >= s.from) && (s.until === undefined || last <= s.until)) return { value: e, partly: small };
  if (!e.days) return { value: e, partly: true };
  const kept: Record<string, string> = {};
  let cut = small;
  for (const [day, units] of Object.entries(e.days)) {
    const begins = Date.parse(day), ends = begins + 86_399_999;
    if ((s.from !== undefined && ends < s.from) || (s.until !== undefined && begins > s.until)) continue;
    kept[day] = units;
    cut ||= (s.from !== undefined && begins < s.from) || (s.until !== undefined && ends > s.until);
  }
  const total = sum(Object.values(kept));
  if (total === undefined || Object.keys(kept).length === 0) return null;
  const { count: _, first: __, last: ___, ...rest } = e;
  const value: EdgeValue = { ...rest, value: total, days: kept };
  if (s.from === undefined || first >= s.from) value.first = e.first!;
  if (s.until === undefined || last <= s.until) value.last = (e.last ?? e.first)!;
  return { value, partly: cut };
}

function matches(n: NodeValue, wanted: string): boolean {
  for (const s of [n.label?.text, n.title, n.note, n.text, n.address]) if (s && s.toLocaleLowerCase().includes(wanted)) return true;
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
    d.edges.set(id, { id, from: s.from, to: s.to, value, of: s.parts.flatMap((e) => e.of), partly: s.partly, joint: s.joint, parts: s.parts.map((e) => e.value) });
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
    const { days: _, count: __, ...one } = e.value;
    const value: EdgeValue = { ...one, from: e.from, to: e.to };
    const transfers = list.map((x) => times(x.value));
    if (!transfers.includes(undefined)) value.count = transfers.reduce<number>((n, x) => n + x!, 0);
    const total = sum(list.map((x) => x.value.value));
    if (total === undefined) delete value.value;
    else value.value = total;
    const when = list.flatMap((x) => [x.value.first, x.value.last]).filter((x): x is string => !!x).sort();
    if (when.length > 0) {
      value.first = when[0]!;
      value.last = when[when.length - 1]!;
    }
    d.edges.set(id, { id, from: e.from, to: e.to, value, of: list.flatMap((x) => x.of), partly: list.some((x) => x.partly), joint: list.some((x) => x.joint), parts: list.flatMap((x) => x.parts ?? [x.value]) });
  }
}

/** times is how many transfers an edge sums; undefined where a filter left out some, and nobody counted the rest. */
export function times(e: EdgeValue): number | undefined {
  return e.count ?? (e.days ? undefined : 1);
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
