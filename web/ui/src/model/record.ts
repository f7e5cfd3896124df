// A graph's record as this browser knows it: what the server has confirmed, and on top
// of it the person's own steps that are still on their way. Pure: it sends nothing.
import { Picture, type Value } from "./picture.ts";

/** An edit of one field of the record, as the API takes it. */
export interface Edit {
  kind: "graph";
  id: string;
  field: string;
  before: unknown;
  after: unknown;
}

/** A change of a case, as the API tells it. */
export interface Change {
  seq: number;
  at: string;
  person: string;
  undoes?: number;
  edits: { kind: string; id: string; field: string; before: unknown; after: unknown }[];
}

/** A field that somebody else has changed meanwhile. */
export interface Clash {
  field: string;
  yours: Value;
  theirs: Value;
  base: Value;
}

/** What somebody else set a field to, and by which change. */
export interface Theirs {
  value: Value;
  seq: number;
}

/** What a person did at one time: one change of the case. */
export interface Step {
  what: string; // in words, for the history
  sets: Map<string, Value>;
  before: Map<string, Value>; // what the person saw
  quiet: boolean; // not for undo: how they look at it, not what it says
}

export type Listener = (fields: string[]) => void;

export class GraphRecord {
  readonly picture = new Picture();
  readonly pending: Step[] = [];
  private readonly confirmed = new Map<string, Value>();
  private readonly setAt = new Map<string, number>(); // by field: the change that set it, where it is known
  private readonly listeners: Listener[] = [];
  seq = 0; // every change of the case up to this one is in confirmed

  constructor(readonly id: string) {}

  /** load takes a record as it stands after a change. */
  load(fields: Record<string, Value>, seq: number): void {
    const all = new Set(this.confirmed.keys());
    this.confirmed.clear();
    this.setAt.clear();
    for (const [field, value] of Object.entries(fields)) {
      this.confirmed.set(field, value);
      all.add(field);
    }
    this.seq = seq;
    this.show(all);
  }

  on(f: Listener): void {
    this.listeners.push(f);
  }

  /** value is what a field holds for this person. */
  value(field: string): Value {
    for (let i = this.pending.length - 1; i >= 0; i--) {
      const step = this.pending[i]!;
      if (step.sets.has(field)) return step.sets.get(field) ?? null;
    }
    return this.confirmed.get(field) ?? null;
  }

  /** step does something: at once for this person, and kept as pending until it is confirmed. */
  step(what: string, sets: Iterable<[string, Value]>, quiet = false): Step | null {
    const step: Step = { what, sets: new Map(), before: new Map(), quiet };
    for (const [field, value] of sets) {
      const before = this.value(field);
      if (same(before, value)) continue;
      step.sets.set(field, value);
      step.before.set(field, before);
    }
    if (step.sets.size === 0) return null;
    this.pending.push(step);
    this.show(step.sets.keys());
    return step;
  }

  /** edits is a step as the API takes it. */
  edits(step: Step): Edit[] {
    return [...step.sets].map(([field, after]) => ({ kind: "graph", id: this.id, field, before: step.before.get(field) ?? null, after }));
  }

  /** confirm says that the server has stored a pending step. */
  confirm(step: Step): void {
    const at = this.pending.indexOf(step);
    if (at >= 0) this.pending.splice(at, 1);
    this.show(step.sets.keys());
  }

  /** own takes a change of this person's that the server stored; others' before it may still be on their way. */
  own(change: Change): void {
    this.take(change);
    if (change.seq === this.seq + 1) this.seq++;
  }

  /** drop takes a pending step back; those after it stand. */
  drop(step: Step): void {
    const at = this.pending.indexOf(step);
    if (at < 0) return;
    this.pending.splice(at, 1);
    this.show(step.sets.keys());
  }

  /** remote takes the next change that the server tells of: somebody else's, or one's own. */
  remote(change: Change): void {
    if (change.seq <= this.seq) return;
    this.seq = change.seq;
    this.take(change);
  }

  private take(change: Change): void {
    const touched: string[] = [];
    for (const e of change.edits) {
      if (e.kind !== "graph" || e.id !== this.id) continue;
      this.keep(e.field, (e.after ?? null) as Value, change.seq);
      touched.push(e.field);
    }
    if (touched.length > 0) this.show(touched);
  }

  /**
   * rebase tries to bring a refused step over what others did: of a node that they moved
   * and this person noted something at, both stand. What cannot be brought together comes
   * back, and the step is left as it was.
   */
  rebase(step: Step, theirs: Map<string, Theirs>): Clash[] {
    const clashes: Clash[] = [];
    const merged = new Map<string, Value>();
    for (const [field, { value: now, seq }] of theirs) {
      this.keep(field, now, seq);
      if (!step.sets.has(field)) continue;
      const base = step.before.get(field) ?? null, mine = step.sets.get(field) ?? null;
      const both = merge(base, mine, now);
      if (both === undefined) clashes.push({ field, yours: mine, theirs: now, base });
      else merged.set(field, both);
    }
    if (clashes.length > 0) return clashes;
    for (const [field, value] of merged) {
      step.sets.set(field, value);
      step.before.set(field, theirs.get(field)?.value ?? null);
    }
    this.show(theirs.keys());
    return [];
  }

  /** settle decides clashes: for each field, whether this person's value stands. */
  settle(step: Step, theirs: Map<string, Theirs>, mine: (field: string) => boolean): void {
    for (const [field, { value: now, seq }] of theirs) {
      this.keep(field, now, seq);
      if (!step.sets.has(field)) continue;
      step.before.set(field, now);
      if (!mine(field)) step.sets.delete(field);
    }
    if (step.sets.size === 0) this.drop(step);
    this.show(theirs.keys());
  }

  /** keep takes what a change set; an older one that comes late changes nothing. */
  private keep(field: string, value: Value, seq: number): void {
    if (seq < (this.setAt.get(field) ?? 0)) return;
    this.setAt.set(field, seq);
    if (value === null) this.confirmed.delete(field);
    else this.confirmed.set(field, value);
  }

  private show(fields: Iterable<string>): void {
    const list = [...fields];
    for (const field of list) this.picture.set(field, this.value(field));
    for (const f of this.listeners) f(list);
  }
}

/** same says whether two values are the same JSON, whatever the order of their members. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if ((a ?? null) === null || (b ?? null) === null) return (a ?? null) === (b ?? null);
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const x = a as Record<string, unknown>, y = b as Record<string, unknown>;
  const names = new Set([...Object.keys(x), ...Object.keys(y)]);
  for (const name of names) if (!same(x[name], y[name])) return false;
  return true;
}

/** merge brings two descendants of one object together, member by member; undefined where both changed one. */
export function merge(base: Value, mine: Value, theirs: Value): Value | undefined {
  if (same(mine, theirs) || same(base, theirs)) return mine;
  if (same(base, mine)) return theirs;
  if (!isObject(mine) || !isObject(theirs)) return undefined;
  const was = isObject(base) ? base : {};
  const out: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const a = mine[name], b = theirs[name], o = was[name];
    // Where both moved a node there is nothing to discuss: the later hand wins.
    const settled = name === "x" || name === "y";
    if (same(o, a)) out[name] = b;
    else if (same(a, b) || same(o, b) || settled) out[name] = a;
    else return undefined;
    if (out[name] === undefined) delete out[name];
  }
  return out as unknown as Value;
}

function isObject(v: Value): v is Value & Record<string, unknown> {
  return typeof v === "object" && v !== null;
}
