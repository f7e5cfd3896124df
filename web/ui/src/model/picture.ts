// What a graph holds: nodes, edges, groups and how it was last looked at. A picture is
// read from the fields of a record of the kind "graph"; each node, edge and group is
// one field, so that two people's work is merged node by node.
import { sha256Hex } from "./sha256.ts";

export type NodeWhat = "address" | "transaction" | "coin" | "cluster" | "service";
export type EdgeWhat = "spend" | "receive" | "pay" | "trace" | "member" | "manual";

/** Who controls an address, as one source says it; a claim, never a fact. */
export interface Label {
  text: string;
  confidence: number; // 0 to 100
  source?: string;
  because?: string; // why the address is inferred to be theirs; not there: the label is its own
}

/** How much of a busy node is not in the picture. */
export interface Rest {
  count: number; // transactions or counterparties that are not shown
  scope: string; // of what, in words
  sampled?: boolean; // the count is of a part of the ledger only
  cursor?: string; // asks for the next ones
}

export interface NodeValue {
  what: NodeWhat;
  network?: string;
  text: string; // the address, transaction or coin itself
  title?: string;
  x: number; // to the right
  y: number; // downward
  pinned?: boolean;
  colour?: string; // a name of `colours`
  note?: string;
  group?: string;
  label?: Label;
  inferred?: boolean; // it stands for an inference: a cluster, a deposit address
  cluster?: string; // "c:…" of the cluster that the address is inferred to be in
  time?: string; // of a transaction or coin, RFC 3339
  height?: number; // of its block
  value?: string; // of a coin, smallest units
  address?: string; // of a coin: whose it was
  spent?: boolean; // of a coin, by the ledger's last block
  coinjoin?: string; // the rule by which a transaction is consistent with a CoinJoin: an inference
  labels?: number; // how many there are, where there is more than one
  rest?: { in?: Rest; out?: Rest };
}

export interface EdgeValue {
  from: string;
  to: string;
  what: EdgeWhat;
  value?: string; // smallest units, decimal
  asset?: string;
  count?: number; // transfers that it sums
  first?: string; // RFC 3339
  last?: string;
  days?: Record<string, string>; // of a sum over several days: what moved on each (UTC)
  asked?: string; // the filter under which it was counted, as Scope's key; not there: without any
  method?: string; // of a trace
  note?: string;
  inferred?: boolean;
  scope?: string; // of what the value is the sum, where that is not everything
  run?: string; // the trace that it is of
}

export interface GroupValue {
  title: string;
  colour?: string;
  folded?: boolean;
}

export type Level = "transaction" | "aggregated";

export interface ViewValue {
  layout?: "force" | "layered";
  level?: Level;
  from?: string;
  until?: string;
  min?: string;
  asset?: string;
  label?: string;
  currency?: string; // that values are told in too; "": none
}

export type Value = NodeValue | EdgeValue | GroupValue | ViewValue | string | boolean | null;

/** A picture: what its record's fields hold. Whoever has it does not change its values. */
export class Picture {
  title = "";
  deleted = false;
  view: ViewValue = {};
  readonly nodes = new Map<string, NodeValue>();
  readonly edges = new Map<string, EdgeValue>();
  readonly groups = new Map<string, GroupValue>();

  /** set puts a field's value; null takes the field away. Unknown fields are passed over. */
  set(field: string, value: Value): void {
    const [family, id] = split(field);
    switch (family) {
      case "node":
        put(this.nodes, id, value as NodeValue | null);
        break;
      case "edge":
        put(this.edges, id, value as EdgeValue | null);
        break;
      case "group":
        put(this.groups, id, value as GroupValue | null);
        break;
      case "view":
        this.view = (value as ViewValue | null) ?? {};
        break;
      case "title":
        this.title = typeof value === "string" ? value : "";
        break;
      case "deleted":
        this.deleted = value === true;
        break;
    }
  }
}

function put<T>(map: Map<string, T>, id: string, value: T | null): void {
  if (id === "") return;
  if (value === null || value === undefined) map.delete(id);
  else map.set(id, value);
}

/** split takes a field's name apart: the family, and the ID after the stroke. */
export function split(field: string): [string, string] {
  const at = field.indexOf("/");
  return at < 0 ? [field, ""] : [field.slice(0, at), field.slice(at + 1)];
}

/** The ID of a node that stands for something of a chain. */
export function nodeID(what: NodeWhat, text: string): string {
  const prefix = { address: "a", transaction: "t", coin: "u", cluster: "c", service: "s" }[what];
  return prefix + ":" + text;
}

/** The ID of an edge: the same for whoever draws it. */
export function edgeID(from: string, to: string, what: EdgeWhat, method = ""): string {
  return sha256Hex(`${from}\n${to}\n${what}\n${method}`).slice(0, 32);
}

/** The colours that people may give, by names that are words in the table too. */
export const colours = ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"] as const;
