// The layout's own thread: the page stays quick while a large picture is laid out.
import { Force, type ForceQuestion } from "./force.ts";
import { apart } from "./geometry.ts";
import { layered, type Timed } from "./layered.ts";
import type { Link } from "./geometry.ts";

export type Order = { layout: "force"; question: ForceQuestion } | { layout: "layered"; nodes: Timed[]; links: Link[] };

const say = (message: unknown): void => (self as unknown as { postMessage(m: unknown): void }).postMessage(message);

self.onmessage = (e: MessageEvent<Order>): void => {
  const order = e.data;
  if (order.layout === "layered") {
    say({ places: layered(order.nodes, order.links), done: 1, total: 1, end: true });
    return;
  }
  const { question } = order;
  const force = new Force(question);
  let told = performance.now();
  for (let i = 0; i < question.rounds; i++) {
    force.step();
    if (performance.now() - told < 250) continue;
    told = performance.now();
    say({ places: force.places(), done: i, total: question.rounds, end: false });
  }
  const pinned = new Set(question.nodes.filter((n) => n.pinned).map((n) => n.id));
  const places = apart(force.places().map((p) => ({ ...p, pinned: pinned.has(p.id) })));
  say({ places: places.map(({ id, x, y }) => ({ id, x, y })), done: question.rounds, total: question.rounds, end: true });
};
