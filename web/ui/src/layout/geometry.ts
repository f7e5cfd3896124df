// Places: aligning, spreading, keeping nodes from lying on each other. Pure and the same
// everywhere: no chance, and ties go by ID.

export interface Place {
  id: string;
  x: number;
  y: number;
}

export interface Body extends Place {
  pinned?: boolean;
}

export interface Link {
  from: string;
  to: string;
}

/** The distances of a drawing, in its own units: one is a pixel at the first zoom. */
export const gap = { column: 260, row: 72, least: 44 } as const;

/** spot is a stable pseudo-random place for an ID, from 0 to 1 in both directions. */
export function spot(id: string): [number, number] {
  let h = 2166136261;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 16777619);
  let g = h;
  g = Math.imul(g ^ (g >>> 15), 2246822507);
  g = Math.imul(g ^ (g >>> 13), 3266489909);
  g ^= g >>> 16;
  return [(h >>> 0) / 2 ** 32, (g >>> 0) / 2 ** 32];
}

/** apart moves nodes that lie closer together than they may; pinned ones stay. */
export function apart<T extends Body>(nodes: T[], least: number = gap.least, rounds = 30): T[] {
  const out = nodes.map((n) => ({ ...n })).sort(byID);
  for (let round = 0; round < rounds; round++) {
    const cells = new Map<string, T[]>();
    const cell = (n: Place): [number, number] => [Math.floor(n.x / least), Math.floor(n.y / least)];
    for (const n of out) {
      const key = cell(n).join();
      const list = cells.get(key);
      if (list) list.push(n);
      else cells.set(key, [n]);
    }
    let moved = false;
    for (const n of out) {
      const [cx, cy] = cell(n);
      for (let i = cx - 1; i <= cx + 1; i++) {
        for (let j = cy - 1; j <= cy + 1; j++) {
          for (const o of cells.get(`${i},${j}`) ?? []) {
            if (o.id <= n.id || (n.pinned && o.pinned)) continue;
            let dx = o.x - n.x, dy = o.y - n.y;
            let d = Math.hypot(dx, dy);
            if (d >= least) continue;
            if (d < 0.01) {
              const [a] = spot(n.id + o.id);
              dx = Math.cos(a * 2 * Math.PI);
              dy = Math.sin(a * 2 * Math.PI);
              d = 1;
            }
            const push = (least - Math.hypot(o.x - n.x, o.y - n.y)) / 2 + 0.5;
            const share = n.pinned || o.pinned ? 2 : 1;
            if (!n.pinned) {
              n.x -= (dx / d) * push * share;
              n.y -= (dy / d) * push * share;
            }
            if (!o.pinned) {
              o.x += (dx / d) * push * share;
              o.y += (dy / d) * push * share;
            }
            moved = true;
          }
        }
      }
    }
    if (!moved) break;
  }
  return out.map(rounded);
}

/** align puts nodes in one column (x) or row (y), at their mean; or spreads them evenly. */
export function align(nodes: Place[], how: "column" | "row" | "spread-x" | "spread-y" | "grid"): Place[] {
  if (nodes.length < 2) return nodes.map(rounded);
  const mean = (f: (n: Place) => number): number => nodes.reduce((s, n) => s + f(n), 0) / nodes.length;
  switch (how) {
    case "column":
      return nodes.map((n) => rounded({ ...n, x: mean((m) => m.x) }));
    case "row":
      return nodes.map((n) => rounded({ ...n, y: mean((m) => m.y) }));
    case "spread-x":
    case "spread-y": {
      const axis = how === "spread-x" ? "x" : "y";
      const sorted = [...nodes].sort((a, b) => a[axis] - b[axis] || byID(a, b));
      const first = sorted[0]![axis], last = sorted[sorted.length - 1]![axis];
      const step = Math.max((last - first) / (sorted.length - 1), gap.least);
      return sorted.map((n, i) => rounded({ ...n, [axis]: first + i * step }));
    }
    case "grid":
      return nodes.map((n) => ({ id: n.id, x: Math.round(n.x / 40) * 40, y: Math.round(n.y / 40) * 40 }));
  }
}

/** beside finds places for new nodes next to one: a column on the side the value goes to. */
export function beside(origin: Place, ids: string[], side: -1 | 1, taken: Iterable<Place>): Place[] {
  const busy = new Map<string, [number, number][]>();
  const cell = (v: number): number => Math.floor(v / gap.least);
  const take = (x: number, y: number): void => {
    const key = `${cell(x)},${cell(y)}`, list = busy.get(key);
    if (list) list.push([x, y]);
    else busy.set(key, [[x, y]]);
  };
  for (const p of taken) take(p.x, p.y);
  const free = (x: number, y: number): boolean => {
    for (const dx of [-1, 0, 1]) for (const dy of [-1, 0, 1]) for (const [bx, by] of busy.get(`${cell(x) + dx},${cell(y) + dy}`) ?? []) if (Math.hypot(bx - x, by - y) < gap.least) return false;
    return true;
  };
  const out: Place[] = [];
  let column = 0, row = 0;
  const perColumn = Math.max(12, Math.ceil(Math.sqrt(ids.length) * 2));
  for (const id of ids) {
    for (let tries = 0; tries < 4_000; tries++) {
      const x = origin.x + side * (gap.column + column * gap.column * 0.7);
      const y = origin.y + (row % 2 === 0 ? 1 : -1) * Math.ceil(row / 2) * gap.row;
      if (++row >= perColumn) {
        row = 0;
        column++;
      }
      if (!free(x, y)) continue;
      take(x, y);
      out.push(rounded({ id, x, y }));
      break;
    }
    if (out.length === 0 || out[out.length - 1]!.id !== id) out.push(rounded({ id, x: origin.x + side * gap.column, y: origin.y }));
  }
  return out;
}

/** bounds is the rectangle around places; null of none. */
export function bounds(nodes: Iterable<Place>): { x: [number, number]; y: [number, number] } | null {
  let out: { x: [number, number]; y: [number, number] } | null = null;
  for (const n of nodes) {
    if (!out) out = { x: [n.x, n.x], y: [n.y, n.y] };
    out.x = [Math.min(out.x[0], n.x), Math.max(out.x[1], n.x)];
    out.y = [Math.min(out.y[0], n.y), Math.max(out.y[1], n.y)];
  }
  return out;
}

export function rounded<T extends Place>(p: T): T {
  return { ...p, x: Math.round(p.x) || 0, y: Math.round(p.y) || 0 };
}

export function byID(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
