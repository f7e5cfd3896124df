// Saving, undoing and redoing: a person's steps go to the server one after the other, each
// as one change of the case. Nothing that was done is dropped because a line was down.
import { Problem } from "../api.ts";
import type { Change, Clash, Edit, GraphRecord, Step, Theirs } from "./record.ts";
import type { Value } from "./picture.ts";

/** What the saver needs of the API. */
export interface Sends {
  change(what: string, edits: Edit[]): Promise<{ change: Change | null }>;
  undo(seq: number): Promise<{ change: Change | null }>;
}

export type SaveState = "saved" | "saving" | "waiting" | "clash" | "refused";

export interface SaverOptions {
  /** Asked where others changed the same; answers for each field whether this person's stands. */
  settle(clashes: Clash[]): Promise<(field: string) => boolean>;
  state(state: SaveState, problem?: Problem): void;
  /** What can be undone and redone now. */
  stacks(undo: boolean, redo: boolean): void;
  /** after resolves when it is worth to try again. */
  after(attempt: number): Promise<void>;
  mostEdits?: number; // of one change
}

export class Saver {
  private readonly done: number[][] = []; // numbers of this person's changes, by step
  private readonly undone: number[][] = [];
  private running: Promise<void> | null = null;
  private refused: Step | null = null;

  constructor(
    private readonly record: GraphRecord,
    private readonly api: Sends,
    private readonly options: SaverOptions,
  ) {}

  /** remember puts steps of earlier visits on the stack, oldest first. */
  remember(seqs: number[]): void {
    for (const seq of seqs) this.done.push([seq]);
    this.tell();
  }

  get canUndo(): boolean {
    return this.done.length > 0 || this.record.pending.some((s) => !s.quiet);
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /** save sends what is pending; it resolves when all of it is stored or refused. */
  save(): Promise<void> {
    this.running ??= this.send().finally(() => {
      this.running = null;
      this.tell();
    });
    return this.running;
  }

  /** retry tries a refused step again. */
  retry(): Promise<void> {
    this.refused = null;
    return this.save();
  }

  /** giveUp takes a refused step back, and goes on with the next. */
  giveUp(): Promise<void> {
    if (this.refused) this.record.drop(this.refused);
    this.refused = null;
    return this.save();
  }

  async undo(): Promise<void> {
    await this.save();
    await this.turn(this.done, this.undone);
  }

  async redo(): Promise<void> {
    await this.save();
    await this.turn(this.undone, this.done);
  }

  /** turn takes the changes of the newest step on one stack back, and puts the opposite on the other. */
  private async turn(from: number[][], to: number[][]): Promise<void> {
    const seqs = from.pop();
    if (!seqs) return;
    const opposite: number[] = [];
    this.options.state("saving");
    try {
      for (const seq of seqs.toReversed()) {
        const { change } = await this.api.undo(seq);
        if (!change) continue;
        this.record.own(change);
        opposite.push(change.seq);
      }
      this.options.state("saved");
    } catch (e) {
      // What was taken back stays so; what was not can still be.
      const rest = seqs.slice(0, seqs.length - opposite.length);
      if (rest.length > 0 && !(e instanceof Problem && e.status === 409)) from.push(rest);
      this.options.state("refused", problemOf(e));
    }
    if (opposite.length > 0) to.push(opposite);
    this.tell();
  }

  private async send(): Promise<void> {
    let attempt = 0;
    const most = this.options.mostEdits ?? 8_000;
    while (this.record.pending.length > 0 && !this.refused) {
      const step = this.record.pending[0]!;
      this.options.state("saving");
      try {
        const edits = this.record.edits(step), seqs: number[] = [];
        for (const part of parts(edits, most)) {
          const { change } = await this.api.change(step.what.slice(0, 200), part);
          if (change) seqs.push(change.seq);
          // A part that is stored is not sent again, whatever becomes of the rest.
          for (const e of part) step.before.set(e.field, e.after as Value);
          if (change) this.record.own(change);
        }
        this.record.confirm(step);
        if (seqs.length > 0 && !step.quiet) {
          this.done.push(seqs);
          this.undone.length = 0;
        }
        attempt = 0;
      } catch (e) {
        const problem = problemOf(e);
        if (problem.status === 409 && problem.clashes.length > 0) await this.clash(step, problem);
        else if (problem.status === 0 || problem.status >= 500 || problem.status === 429) {
          this.options.state("waiting", problem);
          await this.options.after(attempt++);
        } else {
          this.refused = step;
          this.options.state("refused", problem);
          return;
        }
      }
    }
    if (!this.refused) this.options.state("saved");
  }

  private async clash(step: Step, problem: Problem): Promise<void> {
    const theirs = new Map<string, Theirs>();
    for (const c of problem.clashes) theirs.set(c.field, { value: (c.theirs ?? null) as Value, seq: c.seq });
    const clashes = this.record.rebase(step, theirs);
    if (clashes.length === 0) return;
    this.options.state("clash", problem);
    this.record.settle(step, theirs, await this.options.settle(clashes));
  }

  private tell(): void {
    this.options.stacks(this.canUndo, this.canRedo);
  }
}

function* parts(edits: Edit[], most: number): Generator<Edit[]> {
  const left = edits.filter((e) => JSON.stringify(e.before) !== JSON.stringify(e.after));
  for (let at = 0; at < left.length; at += most) yield left.slice(at, at + most);
}

function problemOf(e: unknown): Problem {
  return e instanceof Problem ? e : new Problem(0, "unavailable", e instanceof Error ? e.message : String(e), "", []);
}

/** steps finds a person's changes of a graph that still stand, oldest first. What takes an undoing back is a step again. */
export function steps(changes: Change[], of: { person: string; graph: string }): number[] {
  const all = new Map(changes.map((c) => [c.seq, c]));
  const undone = new Set(changes.map((c) => c.undoes ?? 0));
  const isStep = (c: Change): boolean => !c.undoes || (all.has(c.undoes) && !isStep(all.get(c.undoes)!));
  const out: number[] = [];
  for (const c of changes) {
    const about = c.edits.length > 0 && c.edits.every((e) => e.kind === "graph" && e.id === of.graph && e.field !== "view");
    const began = c.edits.some((e) => e.field === "title" && (e.before ?? null) === null);
    if (c.person === of.person && isStep(c) && !undone.has(c.seq) && about && !began) out.push(c.seq);
  }
  return out;
}
