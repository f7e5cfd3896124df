// What the server is asked, and what it answers: the shapes of /api/v1 that the graph uses.
import type { EdgeValue, Level, NodeValue, Value } from "./model/picture.ts";
import type { Change, Edit } from "./model/record.ts";

/** A graph's record after a change of its case. */
export interface GraphAnswer {
  id: string;
  seq: number;
  fields: Record<string, Value>;
}

/** A ledger that the server has. */
export interface Ledger {
  id: string;
  network: string;
  ticker: string;
  decimals: number;
  tip?: { height: number; time?: string };
}

export interface Filter {
  from?: string;
  until?: string;
  min?: string;
  asset?: string;
  label?: string;
}

export interface ExpandQuestion extends Filter {
  ledger: string;
  node: string;
  direction: "in" | "out";
  level: Level;
  by?: "address" | "cluster" | "coin"; // coin: of a transaction, its coins and what spent them
  most: number;
  cursor?: string;
}

/** A node or edge as the ledger tells it: the record's value without a place. */
export type FoundNode = Omit<NodeValue, "x" | "y"> & { id: string };
export type FoundEdge = EdgeValue & { id: string };

export interface Found {
  nodes: FoundNode[];
  edges: FoundEdge[];
  more: number; // how many more there are; 0: this is all
  sampled?: boolean; // more counts what was looked at only
  cursor?: string;
  scope: string; // in words: of what blocks, days and amounts this is the answer
}

/** Something of interest in a text. */
export interface InText {
  what: "address" | "transaction" | "coin" | "wallet";
  networks?: string[]; // that it may belong to, the likeliest first
  text: string;
  wrong?: string; // why it cannot be what it looks like
  joined?: boolean; // it was broken by spaces or lines
}

/** Why addresses are held to be one party's. */
export interface Why {
  cluster: string;
  addresses: number;
  claim: string; // that it is an inference, and which
  merges: { address: string; other: string; rule: string; tx: string; time?: string; words: string }[];
  siblings: string[];
  more: number;
}

export interface RunQuestion {
  ledger: string;
  method: string;
  methods?: string[]; // several: compared
  direction: "forward" | "backward";
  starts: string[]; // TXID:N or addresses
  max_hops?: number;
  min_amount?: string;
  until?: string;
  through_coinjoin?: boolean;
  stop_confidence?: number;
  by_start?: boolean;
  graph?: string;
}

export interface Run {
  id: string;
  title: string;
  state: "running" | "done" | "failed" | "cancelled";
  question: Partial<RunQuestion>;
  summary: RunSummary | null;
}

export interface RunEnd {
  kind: string;
  tx: string;
  out?: number | null;
  address?: string | null;
  amount?: string | null; // of one method
  amounts?: (string | null)[] | null; // of a comparison, in the order of its methods
  least?: string | null;
  most?: string | null;
  label?: { label: string; confidence: number } | null;
  sweep?: string;
}

export interface RunSummary {
  error?: string;
  hint?: string;
  method?: string;
  methods?: string[];
  ticker?: string;
  decimals?: number;
  steps?: number;
  truncated?: boolean;
  warnings?: string[];
  ends_omitted?: number;
  ends?: RunEnd[];
  totals?: Record<string, { amount: string; count: number; unknown?: number }>;
  [other: string]: unknown;
}

export interface Progress {
  run: string;
  done: number;
  total: number;
  text: string;
}

/** What went wrong, as the server tells it (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly clashes: { kind: string; id: string; field: string; yours: unknown; theirs: unknown; seq: number }[],
  ) {
    super(message);
  }
}

export class API {
  constructor(
    readonly root: string,
    readonly case_: string,
  ) {}

  private get at(): string {
    return `${this.root}/cases/${encodeURIComponent(this.case_)}`;
  }

  async ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const init: RequestInit = { method, headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store" };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      (init.headers as Record<string, string>)["Content-Type"] = "application/json";
    }
    if (signal) init.signal = signal;
    const answer = await fetch(path, init);
    const text = await answer.text();
    let said: unknown = null;
    try {
      said = text === "" ? null : JSON.parse(text);
    } catch {
      said = null;
    }
    if (!answer.ok) {
      const p = (said ?? {}) as { code?: string; detail?: string; title?: string; hint?: string; clashes?: Problem["clashes"] };
      throw new Problem(answer.status, p.code ?? "", p.detail || p.title || "", p.hint ?? "", p.clashes ?? []);
    }
    return said as T;
  }

  graph(id: string, at?: number): Promise<GraphAnswer> {
    return this.ask("GET", `${this.at}/graphs/${encodeURIComponent(id)}${at === undefined ? "" : `?at=${at}`}`);
  }

  changes(after: number): Promise<{ changes: Change[]; more: boolean }> {
    return this.ask("GET", `${this.at}/changes?after=${after}`);
  }

  change(what: string, edits: Edit[] | Omit<Edit, "kind">[] | unknown[]): Promise<{ change: Change | null }> {
    return this.ask("POST", `${this.at}/changes`, { what, edits });
  }

  undo(seq: number): Promise<{ change: Change | null }> {
    return this.ask("POST", `${this.at}/changes/${seq}/undo`);
  }

  async ledgers(): Promise<Ledger[]> {
    return (await this.ask<{ ledgers: Ledger[] }>("GET", `${this.root}/ledgers`)).ledgers ?? [];
  }

  expand(q: ExpandQuestion, signal?: AbortSignal): Promise<Found> {
    return this.ask("POST", `${this.at}/expand`, q, signal);
  }

  find(text: string): Promise<{ found: InText[]; more: boolean }> {
    return this.ask("POST", `${this.at}/find`, { text });
  }

  /** fix has the server ask a question itself, and keep its answer as an exhibit. */
  fix(question: Record<string, unknown>): Promise<{ id: string; number: string }> {
    return this.ask("POST", `${this.at}/exhibits/computed`, question);
  }

  why(ledger: string, address: string): Promise<Why> {
    return this.ask("POST", `${this.at}/why`, { ledger, address });
  }

  paths(q: { ledger: string; from: string; to: string; max_hops?: number }, signal?: AbortSignal): Promise<Found & { paths: { by: string; amount: string; nodes: string[] }[]; truncated?: boolean; warnings?: string[] }> {
    return this.ask("POST", `${this.at}/paths`, q, signal);
  }

  run(question: RunQuestion): Promise<{ id: string }> {
    return this.ask("POST", `${this.at}/runs`, { question });
  }

  cancel(run: string): Promise<void> {
    return this.ask("POST", `${this.at}/runs/${encodeURIComponent(run)}/cancel`);
  }

  /** picture is a trace's flow as nodes and edges: the ways to so many of its largest ends; 0: all of it. */
  picture(run: string, ends: number): Promise<Found> {
    return this.ask("GET", `${this.at}/runs/${encodeURIComponent(run)}/picture?ends=${ends}`);
  }

  /** rates lists of which coins and days there are rates. */
  async rates(): Promise<{ asset: string; currency: string; days: number }[]> {
    return (await this.ask<{ rates: { asset: string; currency: string; days: number }[] }>("GET", `${this.root}/rates`)).rates;
  }

  /** dayRates are the rates of a ledger's coin, by day. */
  async dayRates(ledger: string, currency: string, first: string, last: string): Promise<Record<string, string>> {
    const q = new URLSearchParams({ currency, first, last });
    return (await this.ask<{ rates: Record<string, string> }>("GET", `${this.root}/ledgers/${encodeURIComponent(ledger)}/rates?${q}`)).rates;
  }

  /** records of one kind, by ID, without those that were deleted. */
  async records(kind: string): Promise<Map<string, Record<string, unknown>>> {
    const answer = await this.ask<{ records?: Record<string, Record<string, Record<string, { value: unknown }>>> }>("GET", `${this.at}?kind=${kind}`);
    const out = new Map<string, Record<string, unknown>>();
    for (const [id, fields] of Object.entries(answer.records?.[kind] ?? {})) {
      const flat: Record<string, unknown> = {};
      for (const [field, v] of Object.entries(fields)) flat[field] = v.value;
      if (flat["deleted"] !== true) out.set(id, flat);
    }
    return out;
  }

  people(): Promise<{ people: { id: string; name: string; email?: string }[] }> {
    return this.ask("GET", `${this.root}/people`);
  }

  /** events listens to what happens in the case until close is called. */
  events(on: { change(seq: number): void; progress(p: Progress): void; state(open: boolean): void }): { close(): void } {
    const source = new EventSource(`${this.at}/events`);
    source.addEventListener("open", () => on.state(true));
    source.addEventListener("error", () => on.state(false));
    source.addEventListener("change", (e) => {
      const said = parse<{ seq: number }>(e);
      if (said) on.change(said.seq);
    });
    source.addEventListener("progress", (e) => {
      const said = parse<Progress>(e);
      if (said) on.progress(said);
    });
    return source;
  }
}

function parse<T>(e: Event): T | null {
  try {
    return JSON.parse((e as MessageEvent<string>).data) as T;
  } catch {
    return null;
  }
}
