// The graph over a real ledger: a made-up world's, in a real browser against the real server. What a page
// shows is held against what the API answers, or against what the chain must say.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { house } from "./house.mjs";

let h, A, T; // the address that was paid, and the transaction
before(async () => {
  h = await house({ world: true });
  [, A, T] = /to the address\s+`(\w+)` \(transaction `(\w+)`, output 1\)/.exec(h.told("ransomware/brief.md"));
});
after(async () => {
  const faults = h?.faults ?? [];
  await h?.close();
  assert.deepEqual(faults, [], "pages complained");
});

const api = (method, path, body) => h.api("lead", method, `/cases/${h.stage.case}${path}`, body);
const choose = (page, ...ids) => page.evaluate((list) => goshawk.choose(list, "only"), ids);
const saved = (page) => page.waitForFunction(() => goshawk.record.pending.length === 0);
const nodes = (page, prefix) => page.evaluate((p) => [...goshawk.drawn.nodes.keys()].filter((k) => k.startsWith(p)), prefix);
// fixed waits until an answer is an exhibit, and returns the question that stands in it.
const fixed = async (page) => {
  const number = /It is the exhibit (.+)\./.exec(await page.getByText(/^It is the exhibit /).textContent())[1];
  const [id] = Object.entries((await api("GET", "?kind=exhibit")).records.exhibit).find(([, x]) => x.number.value === number);
  const answer = await fetch(`${h.url}/api/v1/cases/${h.stage.case}/exhibits/${id}/bytes`, { headers: { Cookie: "goshawk=" + h.stage.people.lead.cookie } });
  return Object.values((await answer.json()).question)[0];
};
const begin = async (title = "The ransom", who = "lead") => {
  const id = await h.graph(title, { ["node/a:" + A]: { what: "address", network: "regtest", text: A, x: 0, y: 0, title: "Ransom address" } });
  const page = await h.as(who);
  await h.open(page, id);
  await choose(page, "a:" + A);
  return { id, page };
};

test("from a brief to what came in and went out, and on by spend, coin by coin", async () => {
  const id = await h.graph("From a brief", {});
  const page = await h.as("lead");
  await h.open(page, id);
  await page.getByRole("button", { name: "Add", exact: true }).first().click();
  await page.getByLabel(/any text that holds them/).fill(h.told("ransomware/brief.md"));
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await page.getByText(/were found/).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await page.waitForFunction(() => goshawk.drawn.nodes.size === 2);
  await choose(page, "a:" + A);
  for (const name of ["Expand in", "Expand out"]) {
    const before = await page.evaluate(() => goshawk.drawn.edges.size);
    await page.getByRole("button", { name }).click();
    await page.waitForFunction((n) => goshawk.drawn.edges.size > n, before);
  }
  // The answer of the last expansion is kept as an exhibit, as the server gives it.
  await page.getByRole("button", { name: "Fix the answer as an exhibit" }).click();
  assert.deepEqual(await fixed(page), { ledger: "world", node: "a:" + A, direction: "out", level: "transaction", most: 25 });
  const next = await page.evaluate((a) => [...goshawk.drawn.edges.values()].find((e) => e.from === a).to, "a:" + A);
  await choose(page, next);
  await page.getByRole("button", { name: "Next spend" }).click();
  await page.waitForFunction((t) => [...goshawk.drawn.edges.values()].some((e) => e.from === t), next);
  // Each coin leads to the one transaction that spent it, which the coin itself says too.
  const coins = await nodes(page, "u:" + next.slice(2));
  assert.ok(coins.length >= 2);
  for (const coin of coins) {
    const told = (await api("POST", "/expand", { ledger: "world", node: coin, direction: "out", level: "transaction" })).edges.map((e) => e.to);
    assert.deepEqual(await page.evaluate((c) => [...goshawk.drawn.edges.values()].filter((e) => e.from === c).map((e) => e.to), coin), told);
    assert.equal(told.length, 1);
  }
  // What went out is not counted twice where the coin and its address are both drawn.
  await choose(page, next);
  const out = await page.locator(".g-facts").textContent();
  await page.getByRole("button", { name: "Expand out" }).click();
  await page.waitForFunction((n) => [...goshawk.drawn.edges.values()].filter((e) => e.from === n).length > 2, next);
  await choose(page, next);
  assert.equal(/Out, as shown([\d.]+ tBTC)/.exec(await page.locator(".g-facts").textContent())[1], /Out, as shown([\d.]+ tBTC)/.exec(out)[1]);
  // A second time nothing is new, and that is said.
  await choose(page, coins[0]);
  await page.getByRole("button", { name: "Next spend" }).click();
  await page.getByText(/is in the picture already/).waitFor();
  await page.context().close();
});

test("amounts are told in a currency on the day on which they moved, and a missing rate shows as missing", async () => {
  const { page } = await begin("Money");
  await page.getByRole("button", { name: "Expand in" }).click();
  await page.waitForFunction(() => goshawk.drawn.edges.size === 1);
  const edge = await page.evaluate(() => [...goshawk.record.picture.edges][0]);
  const worth = await h.api("lead", "GET", `/ledgers/world/worth?amount=${edge[1].value}&at=${edge[1].first}&currency=USD`);
  await page.evaluate((e) => goshawk.chooseEdge(e), edge[0]);
  const shown = `${Number(worth.value).toLocaleString("en", { minimumFractionDigits: 2 })} USD`;
  await page.locator(".g-facts").getByText(shown, { exact: true }).waitFor();
  await page.evaluate(() => goshawk.setMode("both"));
  await page.getByRole("button", { name: "Lines" }).click();
  await page.getByRole("cell", { name: shown }).waitFor();
  const day = edge[1].first.slice(0, 10), other = new Date(Date.parse(day) + 864e5).toISOString().slice(0, 10);
  const answer = await fetch(`${h.url}/api/v1/rates?name=e.csv&asset=regtest`, { method: "POST", headers: { Cookie: "goshawk=" + h.stage.people.administrator.cookie, "Content-Type": "text/csv" }, body: `date,currency,price\n${other},EUR,40000\n` });
  assert.equal(answer.status, 201);
  await page.reload();
  await page.waitForFunction(() => goshawk?.spans?.some((s) => s.currency === "EUR"));
  await page.getByRole("tab", { name: "Filter" }).click();
  await page.getByLabel("Values in").selectOption("EUR");
  await page.waitForFunction(() => goshawk.rates.get("regtest")?.currency === "EUR");
  await page.evaluate((e) => goshawk.chooseEdge(e), edge[0]);
  await page.getByText(`no EUR rate of ${day}`).first().waitFor();
  // It is kept with the graph.
  await saved(page);
  await page.reload();
  await page.waitForFunction(() => goshawk?.currency === "EUR");
  // A graph for which nobody chose follows its case, though no rate of that currency is known.
  const named = (before, after) => h.api("lead", "POST", `/cases/${h.stage.case}/changes`, { what: "named a currency", edits: [{ kind: "case", id: "case", field: "currency", before, after }] });
  await named(null, "chf");
  await h.open(page, await h.graph("Francs", await page.evaluate(() => Object.fromEntries(["nodes", "edges"].flatMap((of) => [...goshawk.record.picture[of]].map(([id, value]) => [`${of.slice(0, -1)}/${id}`, value]))))));
  await page.waitForFunction(() => goshawk?.rates.get("regtest")?.currency === "CHF");
  await page.evaluate((e) => goshawk.chooseEdge(e), edge[0]);
  await page.getByText(`no CHF rate of ${day}`).first().waitFor();
  await named("chf", null);
  await page.context().close();
});

test("a trace by two methods: begun at a node, told live, laid side by side, its amounts those of its answer", async () => {
  const { id, page } = await begin("Traced");
  await page.getByRole("button", { name: "Trace from here" }).click();
  await page.getByLabel("From which coins").fill(T + ":1");
  await page.getByRole("checkbox", { name: /^haircut/ }).check();
  await page.getByRole("button", { name: "Begin" }).click();
  await page.locator(".g-run[data-state=done]").first().waitFor();
  const run = await page.evaluate(() => [...goshawk.runs.values()].at(-1));
  assert.deepEqual(run.summary.methods, ["fifo", "haircut"]);
  const rows = await page.locator(".g-compare tbody tr").evaluateAll((list) => list.slice(0, 20).map((r) => [...r.querySelectorAll("td[data-method]")].map((c) => c.textContent)));
  const words = (units) => (units === null ? "not reached" : Number(units) / 1e8 + " tBTC");
  const most = (e) => Math.max(...e.amounts.map((a) => Number(a ?? 0)));
  const ends = run.summary.ends.map((e) => [most(e), e.amounts.map(words)]).sort((a, b) => b[0] - a[0]).slice(0, 20);
  assert.deepEqual(rows.map((r) => [...r].sort()).map(String).sort(), ends.map(([, w]) => [...w].sort()).map(String).sort());
  assert.ok(await page.locator('.g-compare tr[data-agree="no"]').count() > 0, "the methods differ somewhere, and that is said");
  await page.getByRole("button", { name: "Put on the picture" }).click();
  await page.waitForFunction(() => goshawk.methods.length === 2 && !document.getElementById("graph").dataset.busy);
  await page.getByText(/ways to its 10 largest ends/).waitFor();
  await saved(page);
  // Each of the ten largest ends is there, and value runs from left to right on the way to it.
  const laid = await page.evaluate(() => [...goshawk.drawn.edges.values()].filter((e) => e.value.what === "trace").map((e) => ({ from: e.from, to: e.to, method: e.value.method, value: e.value.value, x: goshawk.drawn.nodes.get(e.to).value.x - goshawk.drawn.nodes.get(e.from).value.x })));
  for (const e of run.summary.ends.filter((e) => e.out !== null).sort((a, b) => most(b) - most(a)).slice(0, 10)) assert.ok(laid.some((l) => l.from === "t:" + e.tx && l.to === "a:" + e.address), `${e.tx} to ${e.address}`);
  assert.ok(laid.filter((l) => l.x <= 0).length < laid.length / 10, "most lines run to the right");
  assert.deepEqual([...new Set(laid.map((l) => l.method))].sort(), ["fifo", "haircut"]);
  // An end whose address has no label, and which a service swept, is named as what it is: inferred, with the transaction that says so.
  const named = await page.evaluate(() => Object.fromEntries([...goshawk.drawn.nodes.values()].map((n) => [n.id, { ...n.value.label, inferred: n.value.inferred }])));
  const swept = run.summary.ends.filter((e) => e.sweep && named["a:" + e.address]), own = run.summary.ends.filter((e) => e.label && !e.sweep && named["a:" + e.address]);
  assert.ok(swept.length > 0, "the trace ends at swept addresses");
  for (const e of swept) assert.ok(named["a:" + e.address].text === e.label.label && named["a:" + e.address].because?.includes("no label of its own") && named["a:" + e.address].inferred, e.address);
  for (const e of own) assert.ok(named["a:" + e.address].text === e.label.label && named["a:" + e.address].because === undefined && !named["a:" + e.address].inferred, e.address);
  await choose(page, "a:" + swept[0].address);
  await page.getByRole("tab", { name: "Selected" }).click();
  await page.getByRole("heading", { name: `${swept[0].label.label} (inferred)` }).waitFor();
  await page.locator(".g-because", { hasText: swept[0].sweep }).waitFor();
  await page.getByText(/^none of the chain's own; \d+ lines? of/).first().waitFor();
  // One step takes the layout back, another the trace.
  await page.getByRole("button", { name: "Undo" }).click();
  await saved(page);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForFunction(() => goshawk.drawn.nodes.size === 1);
  assert.equal((await h.api("lead", "GET", `/cases/${h.stage.case}/graphs/${id}`)).fields["node/a:" + A].title, "Ransom address");
  await page.context().close();
});

test("a trace that runs says how far it is, and is cancelled", async () => {
  const { page } = await begin("Cancelled");
  await page.getByRole("tab", { name: "Traces" }).click();
  await page.waitForFunction(() => document.getElementById("graph").dataset.live === "yes");
  // Half the chain, split over hundreds of starts: minutes of work.
  const { nodes: found } = await api("POST", "/expand", { ledger: "world", node: "s:coinharbour", direction: "in", level: "transaction", order: "oldest", most: 500 });
  const starts = found.filter((n) => n.what === "transaction").map((n) => n.text);
  assert.equal(starts.length, 500);
  const { id } = await api("POST", "/runs", { question: { ledger: "world", methods: ["haircut", "poison"], starts, stop_confidence: 100, through_coinjoin: true, by_start: true, title: "Everything" } });
  const run = page.locator(`.g-run[data-run="${id}"]`);
  await run.getByRole("progressbar").waitFor();
  await page.waitForFunction((r) => goshawk.progress.get(r)?.done > 0, id);
  assert.match(await run.textContent(), /Everythingrunning.*\d/s);
  await run.getByRole("button", { name: "Cancel the trace" }).click();
  await page.locator(`.g-run[data-run="${id}"][data-state=cancelled]`).waitFor();
  assert.match(await run.textContent(), /stopped/);
  await page.context().close();
});

test("paths between two nodes are laid, and claim no amount", async () => {
  const { page } = await begin("Paths");
  const { nodes: far } = await api("POST", "/expand", { ledger: "world", node: "a:" + A, direction: "out", level: "aggregated" });
  const first = far.find((n) => n.id !== "a:" + A);
  const end = (await api("POST", "/expand", { ledger: "world", node: first.id, direction: "out", level: "aggregated" })).nodes.find((n) => n.id !== first.id);
  await page.evaluate(([n, text]) => goshawk.do("added", [["node/" + n, { what: "address", network: "regtest", text, x: 600, y: 0 }]]), [end.id, end.text]);
  await choose(page, "a:" + A, end.id);
  await page.getByRole("button", { name: "Find paths" }).first().click();
  await page.getByRole("button", { name: "Look" }).click();
  await page.getByText(/claims no amount/).waitFor();
  await page.getByRole("button", { name: "Fix as an exhibit" }).click();
  const asked = await fixed(page);
  assert.deepEqual([asked.ledger, asked.from, asked.to, asked.max_hops], ["world", A, end.text, 12]);
  // There is a way from one to the other along the picture's lines.
  assert.ok(await page.evaluate(([from, to]) => {
    const reached = new Set([from]);
    for (let n = -1; n !== reached.size; ) {
      n = reached.size;
      for (const e of goshawk.drawn.edges.values()) if (reached.has(e.from)) reached.add(e.to);
    }
    return reached.has(to);
  }, ["a:" + A, end.id]));
  await page.context().close();
});

test("sums between parties are counted anew when a filter narrows them, and say so until they are", async () => {
  const { page } = await begin("Sums");
  await page.getByRole("button", { name: "Aggregated" }).click();
  // A service's address has many transfers: sums over days.
  const { nodes: some } = await api("POST", "/expand", { ledger: "world", node: "s:coinharbour", direction: "out", level: "aggregated", most: 3 });
  assert.ok(some.length > 1);
  await page.evaluate(() => goshawk.do("added", [["node/s:coinharbour", { what: "service", network: "regtest", text: "coinharbour", x: 300, y: 200 }]]));
  await choose(page, "s:coinharbour");
  await page.getByRole("button", { name: "Expand out" }).click();
  await page.waitForFunction(() => [...goshawk.drawn.edges.values()].some((e) => e.value.count > 3 && e.value.days));
  const edges = await page.evaluate(() => [...goshawk.drawn.edges.values()].map((e) => ({ id: e.id, value: e.value.value, days: e.value.days })));
  const wide = edges.find((e) => e.days && Object.keys(e.days).length > 3);
  const days = Object.keys(wide.days).sort(), from = days[1], until = days[2];
  await page.getByRole("tab", { name: "Filter" }).click();
  for (const [label, value] of [["From", from], ["Until", until]]) {
    await page.locator(".g-panel-body").getByLabel(label, { exact: true }).fill(value);
    await page.locator(".g-panel-body").getByLabel(label, { exact: true }).blur();
  }
  await page.waitForFunction((u) => goshawk.scope.until === Date.parse(u) + 86_399_999, until);
  await page.waitForFunction(() => [...goshawk.drawn.edges.values()].every((e) => !e.partly || e.value.what !== "pay"));
  const ask = { ledger: "world", node: "s:coinharbour", direction: "out", level: "aggregated", from: from + "T00:00:00Z", until: until + "T23:59:59.999Z", most: 500 };
  const truth = new Map((await api("POST", "/expand", ask)).edges.map((e) => [e.id, e.value]));
  const narrowed = await page.evaluate(() => [...goshawk.drawn.edges.values()].map((e) => [e.id, e.value.value]));
  assert.ok(narrowed.length > 0 && narrowed.some(([id]) => id === wide.id));
  for (const [id, value] of narrowed) assert.equal(value, truth.get(id), "the sum of these days");
  // At least so much at once: no day says that, the ledger does.
  const least = String(Math.max(...edges.map((e) => Number(e.value))) / 20 / 1e8);
  await page.getByLabel(/Transfers from/).fill(least.slice(0, 10));
  await page.getByLabel(/Transfers from/).blur();
  await page.waitForFunction(() => goshawk.scope.min && [...goshawk.drawn.edges.values()].every((e) => !e.partly));
  const min = await page.evaluate(() => goshawk.scope.min);
  const again = new Map((await api("POST", "/expand", { ...ask, min })).edges.map((e) => [e.id, e.value]));
  for (const [id, value] of await page.evaluate(() => [...goshawk.drawn.edges.values()].map((e) => [e.id, e.value.value]))) assert.equal(value, again.get(id), "the sum of the larger ones");
  assert.match(await page.locator(".g-scope").textContent(), /Transactions summed · .* to .* · from .* tBTC on/);
  // Without the filter the sums are what they were: nothing was written over them.
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await page.waitForFunction((was) => was.every((e) => goshawk.drawn.edges.get(e.id)?.value.value === e.value), edges);
  await page.context().close();
});

test("a cluster's siblings are ringed, and each merge shows its transaction", async () => {
  const { page } = await begin("Siblings");
  // Somebody who spent with several addresses at once.
  const { nodes: out } = await api("POST", "/expand", { ledger: "world", node: "s:coinharbour", direction: "in", level: "transaction", most: 100 });
  let pair;
  for (const tx of out.filter((n) => n.what === "transaction" && !n.coinjoin)) {
    const { nodes: payers } = await api("POST", "/expand", { ledger: "world", node: tx.id, direction: "in", level: "transaction" });
    const list = payers.filter((n) => n.what === "address" && n.cluster);
    if (list.length > 1 && list.length < 20) {
      pair = [tx.id, list];
      break;
    }
  }
  const [tx, list] = pair;
  await page.evaluate((t) => goshawk.do("added", [["node/" + t, { what: "transaction", network: "regtest", text: t.slice(2), x: 300, y: 300 }]]), tx);
  await choose(page, tx);
  await page.getByRole("button", { name: "Expand in" }).click();
  await page.waitForFunction((n) => goshawk.drawn.nodes.has(n), list[0].id);
  await choose(page, list[0].id);
  const kin = await page.evaluate(() => [...goshawk.kin()].sort());
  assert.deepEqual(kin, list.filter((n) => n.cluster === list[0].cluster && n.id !== list[0].id).map((n) => n.id).sort());
  await page.getByText(/held to be of the same party/).first().waitFor();
  await page.getByRole("button", { name: "Why one party?" }).click();
  const said = await page.getByRole("dialog").textContent();
  assert.match(said, /This is an inference, not a fact.*spent coins of both/s);
  assert.ok(await page.getByRole("dialog").locator("tbody tr").count() > 0);
  // The evidence is kept as the server computes it.
  await page.getByRole("dialog").getByRole("button", { name: "Fix as an exhibit" }).click();
  await page.getByText(/It is the exhibit E-\d+\./).waitFor();
  await page.context().close();
});

test("an address and a trace's ends are watched from the picture", async () => {
  const { page } = await begin("Watched");
  await page.getByRole("button", { name: "Watch this" }).click();
  await page.getByText("Watched: 0 movements were seen.").waitFor();
  const watches = Object.values((await api("GET", "?kind=watch")).records.watch).map((w) => [w.what.value, w.text.value, w.ledger.value]);
  assert.ok(watches.some((w) => w.join() === ["address", A, "world"].join()), String(watches));
  await page.getByRole("link", { name: "Watches" }).last().click();
  await page.getByText(A).first().waitFor();
  await page.goBack();
  await page.waitForFunction(() => document.getElementById("graph")?.dataset.ready);
  await choose(page, "a:" + A);
  await page.getByRole("button", { name: "End the watch" }).click();
  await page.getByRole("button", { name: "Watch this" }).waitFor();
  await page.context().close();
});

test("a snapshot that is shared with one account is looked at, filtered and taken away, and nothing else of the case is seen", async () => {
  const { id, page } = await begin("For one");
  await page.getByRole("button", { name: "Expand out" }).click();
  await page.waitForFunction(() => goshawk.drawn.nodes.size === 2);
  await saved(page);
  await page.getByRole("button", { name: "Snapshot" }).click();
  await page.getByLabel("Title").last().fill("As of Monday");
  await page.getByRole("button", { name: "Fix it" }).click();
  await page.getByRole("button", { name: "Open it" }).waitFor();
  await page.goto(`${h.url}/cases/${h.stage.case}/graphs`);
  await page.getByLabel("Snapshot", { exact: true }).selectOption({ label: "As of Monday" });
  await page.getByLabel("Their e-mail address here").fill("stranger@police.example");
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("heading", { name: "Shared snapshots" }).waitFor();
  const other = await h.as("stranger");
  await other.goto(h.url + "/cases");
  await other.getByRole("link", { name: "As of Monday" }).click();
  await other.waitForFunction(() => document.getElementById("graph")?.dataset.ready);
  assert.deepEqual(await other.evaluate(() => [goshawk.mayChange, goshawk.drawn.nodes.size, goshawk.drawn.edges.size]), [false, 2, 1]);
  await other.locator(".g-scope").waitFor();
  assert.ok((await other.locator("body").innerText()).includes("RESTRICTED"), "the case's marking stands there");
  for (const name of ["Add", "Trace", "Snapshot", "Share", "Undo"]) assert.equal(await other.getByRole("button", { name, exact: true }).count(), 0, name);
  assert.equal(await other.getByRole("tab", { name: "Traces" }).count(), 0);
  await other.getByRole("tab", { name: "Filter" }).click();
  await other.getByLabel(/^Transfers from/).fill("100000");
  await other.getByLabel(/^Transfers from/).blur();
  await other.waitForFunction(() => goshawk.drawn.edges.size === 0);
  assert.match(await other.locator(".g-scope").textContent(), /the filter hides/);
  await other.getByRole("button", { name: "Clear the filter" }).first().click();
  await other.getByRole("button", { name: "Export" }).click();
  const [file] = await Promise.all([other.waitForEvent("download"), other.getByRole("menuitem", { name: /GraphML/ }).click()]);
  assert.match(readFileSync(await file.path(), "utf8"), new RegExp(A));
  // Of the case itself there is nothing, over pages and API; what is ended is gone.
  const shared = other.url();
  for (const path of [`/cases/${h.stage.case}`, `/cases/${h.stage.case}/graphs/${id}`, `/api/v1/cases/${h.stage.case}`, `/api/v1/cases/${h.stage.case}/graphs/${id}`]) assert.equal((await other.goto(h.url + path)).status(), 404, path);
  await page.getByRole("button", { name: /^End/ }).first().click();
  await page.waitForLoadState();
  assert.ok([403, 404].includes((await other.goto(shared)).status()));
  await other.context().close();
  await page.context().close();
});

test("a snapshot is shared by its link: a colleague reads it as it was, and who is no member sees nothing", async () => {
  const { id, page } = await begin("Shared");
  await page.getByRole("button", { name: "Expand out" }).click();
  await page.waitForFunction(() => goshawk.drawn.nodes.size === 2);
  await saved(page);
  await page.getByRole("button", { name: "Snapshot" }).click();
  await page.getByRole("button", { name: "Fix it" }).click();
  const [fixed] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("button", { name: "Open it" }).click()]);
  await fixed.waitForFunction(() => document.getElementById("graph")?.dataset.ready);
  const link = fixed.url();
  assert.match(link, /\?snapshot=\w+$/);
  // The graph goes on; the snapshot does not.
  await page.evaluate((a) => goshawk.do("noted", [["node/" + a, { ...goshawk.record.picture.nodes.get(a), note: "written later" }]]), "a:" + A);
  await saved(page);
  const other = await h.as("stranger");
  assert.equal((await other.goto(link)).status(), 404);
  await fixed.getByRole("button", { name: "Share" }).click();
  await fixed.getByLabel("Let somebody read the case").selectOption({ label: h.stage.people.stranger.name });
  assert.equal(await fixed.getByLabel("Link to this graph").inputValue(), link);
  await fixed.getByRole("button", { name: "Share and copy the link" }).click();
  await fixed.getByText(/may read the case now/).waitFor();
  await h.open(other, id, new URL(link).search);
  assert.deepEqual(await other.evaluate((a) => [goshawk.mayChange, goshawk.record.picture.nodes.get(a).note ?? null, goshawk.drawn.nodes.size], "a:" + A), [false, null, 2]);
  assert.equal(await other.getByRole("button", { name: "Add", exact: true }).count(), 0);
  // Only who leads the case chooses who reads it: a reader is offered the link alone, and the server refuses more.
  await other.getByRole("button", { name: "Share" }).click();
  assert.equal(await other.getByLabel("Let somebody read the case").count(), 0);
  const refused = await fetch(`${h.url}/api/v1/cases/${h.stage.case}/changes`, { method: "POST", headers: { Cookie: "goshawk=" + h.stage.people.stranger.cookie, "Content-Type": "application/json" }, body: JSON.stringify({ what: "x", edits: [{ kind: "graph", id, field: "title", before: null, after: "mine" }] }) });
  assert.equal(refused.status, 403);
  await other.context().close();
  await page.context().close();
});

test("each field of a trace's dialog is part of its question", async () => {
  const { page } = await begin("Asked");
  await page.getByRole("button", { name: "Trace from here" }).click();
  const inside = page.getByRole("dialog");
  await inside.getByLabel("From which coins").fill(T + ":1");
  await inside.getByRole("checkbox", { name: /^haircut/ }).check();
  await inside.getByLabel("Hops at most").fill("3");
  await inside.getByLabel(/^Leave out less than/).fill("0.01");
  await inside.getByLabel("Not after").fill("2022-12-31");
  await inside.getByLabel(/^Labels name a service/).fill("40");
  await inside.getByRole("checkbox", { name: /^Go through CoinJoins/ }).check();
  await inside.getByRole("checkbox", { name: /^Split each end/ }).check();
  const [asked] = await Promise.all([page.waitForRequest((r) => r.method() === "POST" && r.url().endsWith("/runs")), inside.getByRole("button", { name: "Begin" }).click()]);
  const { graph, ...question } = asked.postDataJSON().question;
  assert.deepEqual(question, { ledger: "world", method: "fifo", methods: ["fifo", "haircut"], direction: "forward", starts: [T + ":1"], max_hops: 3, min_amount: "1000000", until: "2022-12-31T23:59:59Z", stop_confidence: 40, by_start: true, through_coinjoin: true });
  assert.match(page.url(), new RegExp(graph));
  // The case has other traces, in no order: this one is known by its question.
  const mine = await page.waitForFunction(() => [...goshawk.runs.values()].find((r) => r.question.max_hops === 3 && r.state === "done"));
  const ends = await mine.evaluate((r) => r.summary.ends);
  assert.ok(ends.length > 0 && ends.some((e) => e.kind === "unfollowed" || e.kind === "limit" || /limit|hops/i.test(e.note ?? "")), JSON.stringify([...new Set(ends.map((e) => e.kind + " " + (e.note ?? "")))]));
  await page.context().close();
});

test("files to take away are read by other programs, and no cell of them is a formula", async () => {
  const { page } = await begin('=HYPERLINK("http://evil")<script>');
  await page.getByRole("button", { name: "Expand out" }).click();
  await page.waitForFunction(() => goshawk.drawn.edges.size === 1);
  await page.evaluate((a) => goshawk.do("noted", [["node/" + a, { ...goshawk.record.picture.nodes.get(a), title: '=cmd|"/c calc"!A0', note: '"><script>alert(1)</script>\n+1' }]]), "a:" + A);
  await page.waitForFunction(() => goshawk.rates.size > 0);
  const folder = mkdtempSync(join(tmpdir(), "goshawk-files-"));
  try {
    const files = {};
    for (const [name, ending] of [["Picture (PNG)", "png"], ["Picture (SVG)", "svg"], ["GraphML", "graphml"], ["GEXF", "gexf"], ["Table of nodes (CSV)", "nodes.csv"], ["Table of lines (CSV)", "edges.csv"]]) {
      await page.getByRole("button", { name: "Export" }).click();
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name }).click()]);
      files[ending] = readFileSync(await download.path());
      writeFileSync(join(folder, "graph." + ending), files[ending]);
    }
    // Python's own parsers stand for another program: what they read is what is drawn.
    const read = JSON.parse(execFileSync("python3", ["-c", `
import csv, json, sys, xml.etree.ElementTree as E
at = sys.argv[1] + "/graph."
def tags(name, tag): return [e.attrib for e in E.parse(at + name).getroot().iter() if e.tag.endswith("}" + tag)]
svg = E.parse(at + "svg").getroot()
rows = {n: list(csv.reader(open(at + n, encoding="utf-8-sig", newline=""))) for n in ("nodes.csv", "edges.csv")}
print(json.dumps({
  "graphml": [sorted(n["id"] for n in tags("graphml", "node")), [(e["source"], e["target"]) for e in tags("graphml", "edge")]],
  "gexf": [sorted(n["id"] for n in tags("gexf", "node")), [(e["source"], e["target"]) for e in tags("gexf", "edge")]],
  "scripts": [e.tag for e in svg.iter() if e.tag.endswith("script") or any(k.startswith("on") for k in e.attrib)],
  "texts": [t for t in svg.itertext()],
  "rows": rows}))`, folder], { encoding: "utf8" }));
    const drawn = await page.evaluate(() => [[...goshawk.drawn.nodes.keys()].sort(), [...goshawk.drawn.edges.values()].map((e) => [e.from, e.to])]);
    assert.deepEqual(read.graphml, drawn);
    assert.deepEqual(read.gexf, drawn);
    assert.deepEqual(read.scripts, []);
    assert.ok(read.texts.some((s) => s.includes("<script>")), "as text");
    for (const row of Object.values(read.rows).flat()) for (const cell of row) assert.ok(!/^[=+@\t\r|%]/.test(cell) && !/^-\D/.test(cell), `${cell} is a formula`);
    assert.deepEqual(read.rows["nodes.csv"].length, 3);
    assert.ok(read.rows["edges.csv"][1].some((c) => /^[\d,]+\.\d\d USD$/.test(c)), "the value on its day");
    assert.deepEqual([...files.png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  await page.context().close();
});
