// The graph's page begins here: it finds its place in the page, and what the page says of it.
import { API, type GraphAnswer } from "./api.ts";
import { App, type Setting } from "./app.ts";
import { use, type Key } from "./messages/messages.ts";

async function begin(root: HTMLElement): Promise<void> {
  const d = root.dataset;
  const setting: Setting = {
    api: d["api"] ?? "/api/v1",
    case: d["case"] ?? "",
    graph: d["graph"] ?? "",
    title: d["title"] ?? "",
    marking: d["marking"] ?? "",
    currency: d["currency"] ?? "",
    person: d["person"] ?? "",
    may: d["may"] === "change",
    lead: d["lead"] === "yes",
    ...(d["source"] ? { source: d["source"] } : {}),
    ...(d["at"] ? { at: Number(d["at"]) } : {}),
  };
  // What is to be drawn is on its way while the page makes what draws it.
  const api = new API(setting.api, setting.case);
  const first = { api, graph: setting.source === undefined ? api.graph(setting.graph, setting.at) : api.ask<GraphAnswer>("GET", setting.source), ledgers: api.ledgers().catch(() => []) };
  first.graph.catch(() => {}); // it is told by who waits for it
  if (d["messages"]) {
    const answer = await fetch(d["messages"]);
    if (answer.ok) use(document.documentElement.lang, (await answer.json()) as Partial<Record<Key, string>>);
  }
  const app = new App(root, setting, first);
  // For tests, and for whoever looks at the page with the browser's tools.
  (globalThis as { goshawk?: App }).goshawk = app;
  await app.start();
}

const root = document.getElementById("graph");
if (root) void begin(root);
