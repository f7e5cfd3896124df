// The layered layout: value flows from left to right, one column per hop, and columns are
// ordered so that few lines cross (Sugiyama, Tagawa and Toda, 1981: longest paths, then
// barycentres). The same picture gives the same places, whatever order it is told in.
import { byID, gap, rounded, type Body, type Link, type Place } from "./geometry.ts";

export interface Timed extends Body {
  time?: number; // milliseconds: breaks cycles where it is known
}

/** layered places nodes; pinned ones keep their places, the rest goes by hops. */
export function layered(nodes: Timed[], links: Link[]): Place[] {
  const sorted = [...nodes].sort(byID);
  const index = new Map(sorted.map((n, i) => [n.id, i]));
  const out: number[][] = sorted.map(() => []), into: number[][] = sorted.map(() => []);
  const seen = new Set<string>();
  const pairs: [number, number][] = [];
  for (const l of links) {
    const a = index.get(l.from), b = index.get(l.to);
    if (a === undefined || b === undefined || a === b || seen.has(`${a} ${b}`)) continue;
    seen.add(`${a} ${b}`);
    pairs.push([a, b]);
  }
  pairs.sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  for (const [a, b] of pairs) out[a]!.push(b);
  // Money goes round. A line that closes a circle points back, and does not decide columns.
  const back = cycles(sorted, out);
  for (const [a, b] of pairs) {
    if (back.has(`${a} ${b}`)) continue;
    into[b]!.push(a);
  }
  for (let a = 0; a < out.length; a++) out[a] = out[a]!.filter((b) => !back.has(`${a} ${b}`));

  const layer = columns(sorted.length, out, into);
  const places: Place[] = [];
  let top = 0;
  for (const part of components(sorted.length, out, into)) {
    const height = order(part, layer, out, into, (i, column, row) => {
      places.push({ id: sorted[i]!.id, x: column * gap.column, y: top + row * gap.row });
    });
    top += (height + 1.5) * gap.row;
  }
  const at = new Map(places.map((p) => [p.id, p]));
  return sorted.map((n) => rounded(n.pinned ? { id: n.id, x: n.x, y: n.y } : at.get(n.id)!));
}

/** cycles finds the links that point back, without recursion: pictures may be deep. */
function cycles(nodes: Timed[], out: number[][]): Set<string> {
  const back = new Set<string>();
  const state = new Uint8Array(nodes.length); // 1: on the way, 2: done
  const inbound = new Int32Array(nodes.length);
  for (const list of out) for (const b of list) inbound[b] = inbound[b]! + 1;
  const roots = nodes.map((_, i) => i).sort((a, b) => inbound[a]! - inbound[b]! || (nodes[a]!.time ?? Infinity) - (nodes[b]!.time ?? Infinity) || a - b);
  for (const root of roots) {
    if (state[root]) continue;
    const stack: [number, number][] = [[root, 0]];
    state[root] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const next = out[top[0]]![top[1]++];
      if (next === undefined) {
        state[top[0]] = 2;
        stack.pop();
      } else if (state[next] === 1) back.add(`${top[0]} ${next}`);
      else if (!state[next]) {
        state[next] = 1;
        stack.push([next, 0]);
      }
    }
  }
  return back;
}

/** columns numbers nodes by the longest way that leads to them; a source stands just before what it feeds. */
function columns(n: number, out: number[][], into: number[][]): Int32Array {
  const layer = new Int32Array(n), left = new Int32Array(n);
  const ready: number[] = [];
  for (let i = 0; i < n; i++) {
    left[i] = into[i]!.length;
    if (left[i] === 0) ready.push(i);
  }
  const done: number[] = [];
  for (let at = 0; at < ready.length; at++) {
    const a = ready[at]!;
    done.push(a);
    for (const b of out[a]!) {
      layer[b] = Math.max(layer[b]!, layer[a]! + 1);
      left[b] = left[b]! - 1;
      if (left[b] === 0) ready.push(b);
    }
  }
  for (const a of done) {
    if (into[a]!.length > 0 || out[a]!.length === 0) continue;
    layer[a] = Math.max(0, Math.min(...out[a]!.slice(0, 1_000).map((b) => layer[b]!)) - 1);
  }
  return layer;
}

/** components are the parts of a picture that nothing joins, the largest first. */
function components(n: number, out: number[][], into: number[][]): number[][] {
  const part = new Int32Array(n).fill(-1);
  const all: number[][] = [];
  for (let i = 0; i < n; i++) {
    if (part[i]! >= 0) continue;
    const members = [i];
    part[i] = all.length;
    for (let at = 0; at < members.length; at++) {
      for (const list of [out[members[at]!]!, into[members[at]!]!]) {
        for (const b of list) {
          if (part[b]! >= 0) continue;
          part[b] = all.length;
          members.push(b);
        }
      }
    }
    all.push(members.sort((a, b) => a - b));
  }
  return all.sort((a, b) => b.length - a.length || a[0]! - b[0]!);
}

/** order places one component, and returns how many rows it takes. */
function order(part: number[], layer: Int32Array, out: number[][], into: number[][], put: (node: number, column: number, row: number) => void): number {
  const least = part.reduce((m, i) => Math.min(m, layer[i]!), Infinity);
  const rows: number[][] = [];
  for (const i of part) (rows[layer[i]! - least] ??= []).push(i);
  for (let c = 0; c < rows.length; c++) rows[c] ??= [];
  const row = new Map<number, number>();
  const number_ = (column: number[]): void => column.forEach((i, at) => row.set(i, at - (column.length - 1) / 2));
  rows.forEach(number_);
  const sweep = (column: number[], near: number[][]): void => {
    const weight = new Map<number, number>();
    for (const i of column) {
      const list = near[i]!;
      weight.set(i, list.length === 0 ? row.get(i)! : list.reduce((s, b) => s + row.get(b)!, 0) / list.length);
    }
    column.sort((a, b) => weight.get(a)! - weight.get(b)! || a - b);
    number_(column);
  };
  for (let pass = 0; pass < 8; pass++) {
    if (pass % 2 === 0) for (let c = 1; c < rows.length; c++) sweep(rows[c]!, into);
    else for (let c = rows.length - 2; c >= 0; c--) sweep(rows[c]!, out);
  }
  // Columns are pulled to their neighbours' middle, keeping their order and distances.
  for (let pass = 0; pass < 6; pass++) {
    for (let k = 0; k < rows.length; k++) {
      const c = pass % 2 === 0 ? k : rows.length - 1 - k;
      const column = rows[c]!;
      const wish = column.map((i) => {
        const list = pass % 2 === 0 ? into[i]! : out[i]!;
        return list.length === 0 ? row.get(i)! : list.reduce((s, b) => s + row.get(b)!, 0) / list.length;
      });
      spread(column, wish, row);
    }
  }
  let first = Infinity, last = -Infinity;
  for (const i of part) {
    first = Math.min(first, row.get(i)!);
    last = Math.max(last, row.get(i)!);
  }
  for (const i of part) put(i, layer[i]! - least, row.get(i)! - first);
  return last - first + 1;
}

/** spread gives a column's nodes rows near their wishes, at least one apart: pooled neighbours share their mean. */
function spread(column: number[], wish: number[], row: Map<number, number>): void {
  const blocks: { sum: number; n: number }[] = []; // of wishes less their offset: pool adjacent violators
  for (let k = 0; k < column.length; k++) {
    let block = { sum: wish[k]! - k, n: 1 };
    while (blocks.length > 0 && blocks[blocks.length - 1]!.sum / blocks[blocks.length - 1]!.n > block.sum / block.n) {
      const before = blocks.pop()!;
      block = { sum: block.sum + before.sum, n: block.n + before.n };
    }
    blocks.push(block);
  }
  let k = 0;
  for (const b of blocks) for (let j = 0; j < b.n; j++, k++) row.set(column[k]!, b.sum / b.n + k);
}
