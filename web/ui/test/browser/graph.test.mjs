// The graph in a real browser, against the real server.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { house, many } from "./house.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let h;
before(async () => {
  h = await house();
});
after(async () => {
  const faults = h?.faults ?? [];
  await h?.close();
  assert.deepEqual(faults, [], "pages complained");
});

const A = "bcrt1qaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", B = "bcrt1qaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2", T = "0f".repeat(32);
const story = () => ({
  ["node/a:" + A]: { what: "address", network: "regtest", text: A, x: 0, y: 0, title: "Ransom address", cluster: "c:" + A },
  ["node/t:" + T]: { what: "transaction", network: "regtest", text: T, x: 260, y: 0 },
  ["node/a:" + B]: { what: "address", network: "regtest", text: B, x: 520, y: 0, cluster: "c:" + A, label: { text: "<img src=x onerror=window.hit=1>", confidence: 70, source: "a list" } },
  ["edge/" + "1".repeat(32)]: { from: "a:" + A, to: "t:" + T, what: "spend", value: "1250000000", count: 1, first: "2024-03-12T10:00:00Z", last: "2024-03-12T10:00:00Z" },
  ["edge/" + "2".repeat(32)]: { from: "t:" + T, to: "a:" + B, what: "receive", value: "1249990000", count: 1, first: "2024-03-12T10:00:00Z", last: "2024-03-12T10:00:00Z" },
});

/** stored waits until all is saved, and reads the graph back from the server. */
async function stored(page, id) {
  await page.waitForFunction(() => goshawk.record.pending.length === 0);
  return (await h.api("lead", "GET", `/cases/${h.stage.case}/graphs/${id}`)).fields;
}

const choose = (page, ...ids) => page.evaluate((list) => goshawk.choose(list, "only"), ids);

test("what is done is saved as it is done, undone and redone", async () => {
  const id = await h.graph("Steps", story());
  const page = await h.as("lead");
  await h.open(page, id);
  await choose(page, "a:" + A);
  await page.getByLabel("Note", { exact: true }).fill("from the ransom note");
  await page.getByLabel("Note", { exact: true }).blur();
  await page.getByRole("radio", { name: "red" }).click();
  let fields = await stored(page, id);
  assert.equal(fields["node/a:" + A].note, "from the ransom note");
  assert.equal(fields["node/a:" + A].colour, "red");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForFunction((a) => goshawk.record.picture.nodes.get(a).colour === undefined, "a:" + A);
  fields = await stored(page, id);
  assert.equal(fields["node/a:" + A].colour, undefined);
  assert.equal(fields["node/a:" + A].note, "from the ransom note");
  await page.getByRole("button", { name: "Redo" }).click();
  await page.waitForFunction((a) => goshawk.record.picture.nodes.get(a).colour === "red", "a:" + A);
  // After a new visit one's own steps can still be undone.
  await page.reload();
  await page.waitForFunction(() => document.getElementById("graph")?.dataset.ready);
  await page.getByRole("button", { name: "Undo" }).and(page.locator(":enabled")).click();
  await page.waitForFunction((a) => goshawk.record.picture.nodes.get(a).colour === undefined, "a:" + A);
  await page.context().close();
});

test("the mouse moves nodes, marks areas and chooses several", async () => {
  const id = await h.graph("Mouse", story());
  const page = await h.as("lead");
  await h.open(page, id);
  const at = await page.evaluate((a) => goshawk.stage.screen(a), "a:" + A);
  await page.mouse.move(at.x, at.y);
  await page.mouse.down();
  await page.mouse.move(at.x + 30, at.y + 40, { steps: 4 });
  await page.mouse.up();
  const moved = (await stored(page, id))["node/a:" + A];
  assert.ok(moved.x > 0 && moved.y > 0, `moved to ${moved.x}, ${moved.y}`);
  const box = await page.locator(".g-canvas").boundingBox();
  await page.keyboard.down("Shift");
  await page.mouse.move(box.x + 5, box.y + 5);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 5, box.y + box.height - 40, { steps: 3 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  await page.waitForFunction(() => goshawk.chosen.size === 3);
  await page.getByRole("button", { name: "Group", exact: true }).first().click();
  await page.getByLabel("Name of the group").fill("All of it");
  await page.getByLabel("Fold it into one node").check();
  await page.getByRole("dialog").getByRole("button", { name: "Group" }).click();
  await page.waitForFunction(() => goshawk.drawn.nodes.size === 1);
  await page.context().close();
});

test("everything is reached by the keyboard, and said in words", async () => {
  const id = await h.graph("Keys", story());
  const page = await h.as("lead");
  await h.open(page, id);
  await page.locator(".g-canvas").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.evaluate(() => goshawk.stage.focused), "a:" + A);
  await page.keyboard.press("Space");
  assert.match(await page.locator("[aria-live=polite]").first().textContent(), /address Ransom address .* 0 lines in, 1 out\. selected/);
  await page.keyboard.press("Shift+ArrowDown");
  assert.equal((await stored(page, id))["node/a:" + A].y, 20);
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menuitem", { name: "Pin" }).waitFor();
  await page.keyboard.press("Escape");
  assert.ok(await page.locator(".g-canvas").evaluate((e) => document.activeElement === e), "the focus goes back to the picture");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  assert.ok(await page.locator(".g-panel-body").evaluate((e) => document.activeElement === e), "Enter leads to the details");
  assert.match(await page.locator(".g-panel-body").textContent(), /confidence high/);
  await page.keyboard.press("Control+z");
  await page.waitForFunction((a) => goshawk.record.picture.nodes.get(a).y === 0, "a:" + A);
  // The table holds the same, with the same selection.
  await page.getByRole("button", { name: "Both" }).press("Enter");
  await page.locator(`tr[data-id="a:${A}"] input`).press("Space");
  assert.deepEqual((await page.evaluate(() => [...goshawk.chosen])).sort(), ["a:" + A, "a:" + B].sort());
  // Every control is in the order of the tab key, and none of them is a trap.
  await page.evaluate(() => document.activeElement.blur());
  const seen = new Set();
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press("Tab");
    seen.add(await page.evaluate(() => document.activeElement.className + " " + (document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.slice(0, 20))));
  }
  for (const wanted of ["Add", "Layout", "Find in the graph", "Export", "Picture of the graph", "Selected"]) assert.ok([...seen].some((s) => s.includes(wanted)), `Tab never came to ${wanted}`);
  await page.context().close();
});

test("two people work on one graph: each sees the other live, and clashes are shown to who comes later", async () => {
  const id = await h.graph("Two", story());
  const one = await h.as("lead"), two = await h.as("worker");
  await h.open(one, id);
  await h.open(two, id);
  await one.waitForFunction(() => document.getElementById("graph").dataset.live === "yes");
  await two.waitForFunction(() => document.getElementById("graph").dataset.live === "yes");
  await choose(one, "a:" + A);
  await one.getByLabel("Title", { exact: true }).fill("Seen by both");
  await one.getByLabel("Title", { exact: true }).blur();
  await two.waitForFunction((a) => goshawk.record.picture.nodes.get(a).title === "Seen by both", "a:" + A);
  // Both move and note the same node at once: both stand. Both note it: the later one is asked.
  for (const p of [one, two]) await p.evaluate(() => (goshawk.api.changes = async () => ({ changes: [], more: false })));
  await choose(two, "a:" + B);
  const note = (p, text) => p.evaluate(([b, words]) => goshawk.do("noted", [["node/" + b, { ...goshawk.record.picture.nodes.get(b), note: words }]]), ["a:" + B, text]);
  await one.evaluate((b) => goshawk.do("moved", [["node/" + b, { ...goshawk.record.picture.nodes.get(b), y: 77 }]]), "a:" + B);
  await one.waitForFunction(() => goshawk.record.pending.length === 0);
  await note(two, "by the second");
  await two.waitForFunction(() => goshawk.record.pending.length === 0);
  let both = (await stored(two, id))["node/a:" + B];
  assert.deepEqual([both.y, both.note], [77, "by the second"]);
  await note(one, "by the first");
  await one.getByRole("dialog", { name: "Somebody else changed the same" }).waitFor();
  assert.match(await one.getByRole("dialog").textContent(), /by the first.*by the second/s);
  await one.getByRole("radio", { name: /Theirs/ }).check();
  await one.getByRole("button", { name: "Save this" }).click();
  both = (await stored(one, id))["node/a:" + B];
  assert.equal(both.note, "by the second");
  await one.context().close();
  await two.context().close();
});

test("a line that breaks loses nothing", async () => {
  const id = await h.graph("Offline", story());
  const page = await h.as("lead");
  await h.open(page, id);
  await page.context().setOffline(true);
  await page.evaluate((a) => goshawk.do("noted", [["node/" + a, { ...goshawk.record.picture.nodes.get(a), note: "written offline" }]]), "a:" + A);
  await page.getByText("Not saved yet").waitFor();
  await page.context().setOffline(false);
  assert.equal((await stored(page, id))["node/a:" + A].note, "written offline");
  await page.context().close();
});

test("who may only read looks and takes away, and changes nothing; who is no member sees nothing", async () => {
  const id = await h.graph("Shared", story());
  const page = await h.as("viewer");
  await h.open(page, id);
  await choose(page, "a:" + A);
  for (const name of ["Add", "Undo", "Pin", "Expand in", "Remove from the graph"]) assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, name);
  await page.locator(".g-canvas").focus();
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Delete");
  assert.equal((await stored(page, id))["node/a:" + A].y, 0);
  assert.equal(await page.evaluate(() => goshawk.drawn.nodes.size), 3);
  await page.context().close();
  const stranger = await h.as("stranger");
  const answer = await stranger.goto(`${h.url}/cases/${h.stage.case}/graphs/${id}`);
  assert.equal(answer.status(), 404);
  await stranger.context().close();
});

test("a snapshot stays as it was, whatever becomes of the graph", async () => {
  const id = await h.graph("Fixed", story());
  const page = await h.as("lead");
  await h.open(page, id);
  await page.getByRole("button", { name: "Snapshot" }).click();
  await page.getByRole("dialog").getByLabel("Title").fill("As on Monday");
  await page.getByRole("button", { name: "Fix it" }).click();
  await page.getByText("The snapshot is fixed.").waitFor();
  await choose(page, "a:" + A);
  await page.getByRole("button", { name: "Remove from the graph" }).click();
  await stored(page, id);
  await page.goto(`${h.url}/cases/${h.stage.case}/graphs`);
  await page.getByRole("link", { name: "As on Monday" }).click();
  await page.waitForFunction(() => document.getElementById("graph")?.dataset.ready);
  assert.equal(await page.evaluate(() => goshawk.drawn.nodes.size), 3);
  assert.equal(await page.getByRole("button", { name: "Add", exact: true }).count(), 0);
  await page.context().close();
});

test("files to take away are made of what is drawn", async () => {
  const id = await h.graph("=Exports", story());
  const page = await h.as("viewer");
  await h.open(page, id);
  const files = {};
  for (const name of ["Picture (PNG)", "Picture (SVG)", "GraphML", "GEXF", "Table of nodes (CSV)", "Table of lines (CSV)"]) {
    await page.getByRole("button", { name: "Export" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name }).click()]);
    files[download.suggestedFilename()] = readFileSync(await download.path());
  }
  assert.deepEqual(Object.keys(files).sort(), ["exports-edges.csv", "exports-nodes.csv", "exports.gexf", "exports.graphml", "exports.png", "exports.svg"]);
  assert.equal(files["exports.png"].subarray(1, 4).toString(), "PNG");
  assert.ok(files["exports.svg"].toString().includes("RESTRICTED"), "the marking is on the picture");
  const parsed = await page.evaluate((texts) => texts.map((x) => new DOMParser().parseFromString(x, "application/xml").querySelector("parsererror")?.textContent ?? "well"), ["exports.svg", "exports.graphml", "exports.gexf"].map((f) => files[f].toString()));
  assert.deepEqual(parsed, ["well", "well", "well"]);
  await page.context().close();
});

test("level, filter and time change what is drawn, and the picture says so", async () => {
  const id = await h.graph("Scope", story());
  const page = await h.as("lead");
  await h.open(page, id);
  await page.getByRole("button", { name: "Aggregated" }).click();
  assert.equal(await page.evaluate(() => goshawk.drawn.nodes.size), 2);
  assert.match(await page.locator(".g-scope").textContent(), /Transactions summed/);
  await page.getByRole("button", { name: "Transactions" }).click();
  await page.getByRole("tab", { name: "Filter" }).click();
  await page.getByLabel(/Transfers from/).fill("x");
  await page.getByLabel(/Transfers from/).blur();
  await page.getByText("This is no amount.").waitFor();
  await page.getByLabel(/Transfers from/).fill("1250000000");
  await page.getByLabel(/Transfers from/).blur();
  assert.match(await page.locator(".g-scope").textContent(), /the filter hides 1 node and 1 line/);
  // How it is looked at is kept with the graph.
  await page.waitForFunction(() => goshawk.record.picture.view.min === "1250000000" && goshawk.record.pending.length === 0);
  await page.reload();
  await page.waitForFunction(() => document.getElementById("graph")?.dataset.ready);
  assert.equal(await page.evaluate(() => goshawk.drawn.edges.size), 1);
  await page.context().close();
});

test("layouts run beside the page, and are one step", async () => {
  const id = await h.graph("Layouts", many(300, 450));
  const page = await h.as("lead");
  await h.open(page, id);
  for (const name of ["In layers, left to right", "By forces"]) {
    const before = await page.evaluate(() => [...goshawk.record.picture.nodes].map(([k, n]) => `${k} ${n.x} ${n.y}`).join("\n"));
    await page.getByRole("button", { name: "Layout" }).click();
    await page.getByRole("menuitem", { name }).click();
    await page.waitForFunction((was) => [...goshawk.record.picture.nodes].map(([k, n]) => `${k} ${n.x} ${n.y}`).join("\n") !== was, before);
    await stored(page, id);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.waitForFunction((was) => [...goshawk.record.picture.nodes].map(([k, n]) => `${k} ${n.x} ${n.y}`).join("\n") === was, before);
  }
  await page.context().close();
});

test("script in a label, a title or a note is text", async () => {
  const bad = "<img src=x onerror=window.hit=1><script>window.hit=1</script>";
  const fields = story();
  for (const f of Object.keys(fields)) fields[f] = { ...fields[f], title: bad, note: bad };
  fields["group/g1"] = { title: bad };
  const id = await h.graph(bad, fields);
  const page = await h.as("lead");
  await h.open(page, id);
  for (const node of ["a:" + A, "t:" + T, "a:" + B]) await choose(page, node);
  await page.evaluate(() => goshawk.setMode("both"));
  await page.getByRole("button", { name: "Lines" }).click();
  await page.evaluate((e) => goshawk.chooseEdge(e), "1".repeat(32));
  await page.goto(`${h.url}/cases/${h.stage.case}/graphs`);
  await page.getByRole("link", { name: bad }).waitFor();
  assert.equal(await page.evaluate(() => window.hit), undefined);
  await page.context().close();
});

for (const [name, options] of [["light", { colorScheme: "light" }], ["dark", { colorScheme: "dark" }], ["narrow", { viewport: { width: 390, height: 844 } }]]) {
  test(`axe finds no serious fault: ${name}`, async () => {
    const id = await h.graph("Access", story());
    const page = await h.as("lead", options);
    const check = async (where) => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      assert.deepEqual(violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => `${where}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`), []);
    };
    await page.goto(`${h.url}/cases/${h.stage.case}/graphs`);
    await check("list");
    const none = await h.graph("Empty", {});
    await h.open(page, none);
    await check("empty");
    await h.open(page, id);
    await choose(page, "a:" + B);
    await page.evaluate(() => goshawk.setMode("both"));
    await check("chosen");
    for (const tab of ["Filter", "Traces", "Legend"]) {
      await page.getByRole("tab", { name: tab }).click();
      await check(tab);
    }
    await page.getByRole("button", { name: "Trace", exact: true }).first().click();
    await check("dialog");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Layout" }).click();
    await check("menu");
    await page.context().close();
  });
}

test("what the page loads is small, and kept", async () => {
  const id = await h.graph("Weight", story());
  const page = await h.as("lead");
  let bytes = 0;
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  const assets = new Set();
  client.on("Network.responseReceived", (e) => {
    if (e.response.url.includes("/assets/")) assets.add(e.requestId);
  });
  client.on("Network.loadingFinished", (e) => {
    if (assets.has(e.requestId)) bytes += e.encodedDataLength;
  });
  await h.open(page, id);
  await page.waitForLoadState("networkidle").catch(() => {});
  assert.ok(assets.size > 3, "assets were counted");
  assert.ok(bytes <= 400 * 1024, `${bytes} bytes over the wire`);
  console.log(`# the graph page's assets over the wire: ${Math.round(bytes / 1024)} KB`);
  await page.context().close();
});

test("what the page shows is asked for once, before its script is there", async () => {
  const id = await h.graph("Once", story());
  const { seq } = await h.api("lead", "GET", `/cases/${h.stage.case}/graphs/${id}`);
  const edits = Object.entries({ title: "Then", graph: id, seq }).map(([field, after]) => ({ kind: "snapshot", id: id + "s", field, before: null, after }));
  await h.api("lead", "POST", `/cases/${h.stage.case}/changes`, { what: "fixed a graph", edits });
  for (const query of ["", `?snapshot=${id}s`]) {
    const page = await h.as("lead");
    const asked = [];
    page.on("request", (r) => /\/api\/v1\/(ledgers$|cases\/[^/]+\/graphs\/)/.test(r.url()) && asked.push(r.url()));
    await h.open(page, id, query);
    assert.equal(asked.length, 2, asked.join(" ")); // the graph and the ledgers
    const [graph, script] = await page.evaluate(() => ["/graphs/", "graph.js"].map((part) => performance.getEntriesByType("resource").find((e) => e.name.includes(part))));
    assert.ok(graph.startTime < script.responseEnd, "it is on its way before the script is there");
    await page.context().close();
  }
});

test("nodes lie above lines", async () => {
  const id = await h.graph("Above", {
    ["node/a:" + A]: { what: "address", network: "regtest", text: A, x: 0, y: 0 },
    ["node/a:" + B]: { what: "address", network: "regtest", text: B, x: 260, y: 0, colour: "red" },
    ["node/t:" + T]: { what: "transaction", network: "regtest", text: T, x: 520, y: 0 },
    ["edge/" + "1".repeat(32)]: { from: "a:" + A, to: "t:" + T, what: "spend", value: "1", count: 1 },
  });
  const page = await h.as("lead");
  await h.open(page, id);
  const [node, line, none] = await page.evaluate((b) => {
    const { stage } = goshawk, box = stage.box.getBoundingClientRect(), at = stage.screen(b), gl = stage.sigma.webGLContexts.edges;
    stage.sigma.refresh();
    return [0, 60, 120].map((aside) => {
      const pixel = new Uint8Array(4);
      gl.readPixels(Math.round(at.x - box.left - (aside % 120)), Math.round(gl.drawingBufferHeight - (at.y - box.top) - (aside === 120 ? 40 : 0)), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      return [...pixel];
    });
  }, "a:" + B);
  assert.ok(line[3] > 0, "the line is drawn");
  assert.equal(none[3], 0, "beside them is nothing");
  assert.ok(node[0] > node[2] + 60, `the node is red where the line passes: ${node}`);
  await page.context().close();
});

test("where the browser cannot draw, the table holds everything", async () => {
  const id = await h.graph("No picture", story());
  const page = await h.as("lead");
  await page.addInitScript(() => {
    const real = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      return /webgl/.test(kind) ? null : real.call(this, kind, ...rest);
    };
  });
  await h.open(page, id);
  await page.getByText("This browser cannot draw the picture.").waitFor();
  await page.locator(`tr[data-id="a:${A}"] input`).check();
  await page.getByLabel("Note", { exact: true }).fill("by the table");
  await page.getByLabel("Note", { exact: true }).blur();
  assert.equal((await stored(page, id))["node/a:" + A].note, "by the table");
  await page.context().close();
});

test("a thousand nodes are drawn", async () => {
  const id = await h.graph("Thousand", many(1_000, 1_500));
  // An officer comes from the case's list of graphs; a bookmark or a reload begins with the graph itself.
  const took = { listed: [], direct: [] };
  for (const [way, times] of Object.entries(took)) {
    for (let i = 0; i < 3; i++) {
      const page = await h.as("lead");
      if (way === "direct") await h.open(page, id);
      else {
        await page.goto(`${h.url}/cases/${h.stage.case}/graphs`);
        await page.getByRole("link", { name: "Thousand" }).click();
        await page.waitForFunction(() => document.getElementById("graph")?.dataset.ready);
      }
      assert.equal(await page.evaluate(() => goshawk.stage.sigma.getGraph().order), 1_000);
      times.push(await page.evaluate(() => Math.round(performance.getEntriesByName("graph-drawn")[0].startTime)));
      await page.context().close();
    }
  }
  console.log(`# 1,000 nodes, 1,500 lines: drawn ${took.listed.join(", ")} ms after the click in the list of graphs, ${took.direct.join(", ")} ms after a navigation straight to it; each in a window of its own`);
});

test("ten thousand nodes and twenty thousand lines open, pan and are searched", async () => {
  const id = await h.graph("Large", many(10_000, 20_000));
  const page = await h.as("lead");
  await h.open(page, id);
  assert.equal(await page.evaluate(() => goshawk.drawn.nodes.size), 10_000);
  await page.mouse.move(400, 400);
  const begun = Date.now();
  await page.mouse.down();
  for (let i = 1; i <= 10; i++) await page.mouse.move(400 + 10 * i, 400 + 5 * i);
  await page.mouse.up();
  const panned = Date.now() - begun;
  const find = page.getByRole("combobox", { name: "Find in the graph" });
  const typed = Date.now();
  await find.fill("exchange 970");
  await page.getByRole("option").first().waitFor();
  await find.press("Enter");
  assert.match(await page.locator(".g-panel-body h2").textContent(), /Exchange 970/);
  const searched = Date.now() - typed;
  console.log(`# 10,000 nodes, 20,000 lines: drawn ${await page.evaluate(() => Math.round(performance.getEntriesByName("graph-drawn")[0].startTime))} ms after the navigation began, ten steps of panning in ${panned} ms, found and shown ${searched} ms after it was typed`);
  await page.context().close();
});

// What the ledgers answer is told to the page here, in the shapes of the API's description: the
// ledgers themselves have tests of their own.
async function withLedger(page, answers) {
  await page.route("**/api/v1/ledgers", (r) => r.fulfill({ json: { ledgers: [{ id: "world", network: "regtest", ticker: "BTC", decimals: 8 }] } }));
  for (const [call, answer] of Object.entries(answers)) await page.route(`**/api/v1/cases/*/${call}`, (r) => r.fulfill(typeof answer === "function" ? answer(r.request().postDataJSON()) : { json: answer }));
}

test("a busy node shows its largest, says how many are not shown, and goes on where it stopped", async () => {
  const id = await h.graph("Busy", story());
  const page = await h.as("lead");
  const asked = [];
  await withLedger(page, {
    expand: (q) => {
      asked.push(q);
      const nodes = [], edges = [];
      for (let i = 0; i < q.most; i++) {
        const text = (asked.length * 1000 + i).toString(16).padStart(64, "0");
        nodes.push({ id: "t:" + text, what: "transaction", network: "regtest", text });
        edges.push({ id: text.slice(32), from: q.node, to: "t:" + text, what: "spend", value: String(1e8 * (q.most - i)), count: 1 });
      }
      return { json: { nodes, edges, more: 500_000 - asked.length * q.most, cursor: "page" + asked.length, scope: "all of its 500,000 transactions" } };
    },
  });
  await h.open(page, id);
  await choose(page, "a:" + B);
  await page.getByRole("button", { name: "Expand out" }).click();
  await page.waitForFunction(() => goshawk.drawn.nodes.size === 28);
  assert.match(await page.locator(".g-panel-body").textContent(), /499,975 \(all of its 500,000 transactions\)/);
  await page.getByText("the largest are shown, 499,975 more are not").waitFor();
  await page.getByRole("button", { name: /Show more/ }).click();
  await page.waitForFunction(() => goshawk.drawn.nodes.size === 53);
  assert.deepEqual(asked.map((q) => [q.node, q.direction, q.level, q.cursor]), [["a:" + B, "out", "transaction", undefined], ["a:" + B, "out", "transaction", "page1"]]);
  // New nodes stand where the value went, on nobody's place; one step takes them back.
  const places = await page.evaluate(() => [...goshawk.record.picture.nodes.values()].map((n) => [n.x, n.y]));
  assert.equal(new Set(places.map(String)).size, places.length);
  await page.waitForFunction(() => goshawk.record.pending.length === 0);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForFunction(() => goshawk.drawn.nodes.size === 28);
  // A filter is part of the question.
  await page.getByRole("tab", { name: "Filter" }).click();
  await page.getByLabel("From", { exact: true }).first().fill("2024-01-01");
  await page.getByLabel("From", { exact: true }).first().blur();
  await choose(page, "a:" + B);
  await page.getByRole("button", { name: "Expand in" }).click();
  await page.waitForFunction(() => goshawk.drawn.nodes.size > 28);
  assert.equal(asked.at(-1).from, "2024-01-01T00:00:00.000Z");
  await page.context().close();
});

test("what a ledger refuses is said, and nothing is changed", async () => {
  const id = await h.graph("Refused", story());
  const page = await h.as("lead");
  await withLedger(page, { expand: () => ({ status: 503, contentType: "application/problem+json", json: { status: 503, title: "Service Unavailable" } }) });
  await h.open(page, id);
  await choose(page, "a:" + B);
  await page.getByRole("button", { name: "Expand in" }).click();
  await page.getByRole("alert").getByText("Service Unavailable").waitFor();
  assert.equal(await page.evaluate(() => goshawk.drawn.nodes.size), 3);
  await page.context().close();
});

test("a merge's evidence is one click away, and siblings are drawn as inferred", async () => {
  const id = await h.graph("Why", story());
  const page = await h.as("lead");
  const C = "bcrt1qaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa3";
  await withLedger(page, { why: { cluster: "c:" + A, addresses: 3, claim: "Addresses spent together are held to be one party's (co-spend/1).", merges: [{ address: A, other: B, rule: "co-spend/1", tx: T, words: "spent together" }], siblings: [B, C], more: 0 } });
  await h.open(page, id);
  await choose(page, "a:" + A);
  assert.deepEqual(await page.evaluate(() => [...goshawk.kin()]), ["a:" + B]);
  await page.getByRole("button", { name: "Why one party?" }).click();
  assert.match(await page.getByRole("dialog").textContent(), /This is an inference, not a fact.*co-spend\/1.*spent together/s);
  await page.getByRole("button", { name: /Add 2 siblings/ }).click();
  const fields = await stored(page, id);
  assert.equal(fields["node/c:" + A].inferred, true);
  assert.equal(Object.values(fields).filter((e) => e.what === "member" && e.inferred).length, 3);
  await page.context().close();
});

test("a trace is asked for with its methods, whose lines have looks of their own and can be hidden", async () => {
  const id = await h.graph("Trace", { ...story(), ["edge/" + "a".repeat(32)]: { from: "a:" + A, to: "a:" + B, what: "trace", method: "fifo", value: "5" }, ["edge/" + "b".repeat(32)]: { from: "a:" + A, to: "a:" + B, what: "trace", method: "haircut", value: "4" } });
  const page = await h.as("lead");
  const run = "r" + id;
  let asked = null;
  await withLedger(page, {
    runs: (q) => {
      asked = q;
      return { status: 201, json: { id: run } };
    },
  });
  await h.open(page, id);
  await choose(page, "a:" + A);
  await page.getByRole("button", { name: "Trace from here" }).click();
  await page.getByRole("checkbox", { name: /^haircut/ }).check();
  await page.getByLabel(/Leave out less than/).fill("0.001");
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.deepEqual(asked.question, { ledger: "world", method: "fifo", methods: ["fifo", "haircut"], direction: "forward", starts: [A], min_amount: "100000", graph: id });
  await page.getByRole("tab", { name: "Traces" }).click();
  // Both methods' lines are in the picture in looks of their own, which words say too, and each can be hidden.
  assert.match(await page.locator(".g-methods").textContent(), /fifo, long-dashed line.*haircut, dash-dotted line/s);
  await page.getByRole("checkbox", { name: /^fifo/ }).uncheck();
  assert.deepEqual(await page.evaluate(() => [...goshawk.drawn.edges.values()].filter((e) => e.value.what === "trace").map((e) => e.value.method)), ["haircut"]);
  await page.context().close();
});

test("the list of traces stays as it is looked at while traces go on", async () => {
  const id = await h.graph("Going on", story());
  const page = await h.as("lead");
  await h.open(page, id);
  await page.getByRole("tab", { name: "Traces" }).click();
  await page.evaluate(() => {
    const run = (id, state, summary) => ({ id, title: "Trace " + id, state, question: { method: "fifo", direction: "forward", starts: [] }, summary });
    globalThis.run = run;
    goshawk.runs.set("a", run("a", "done", { ends: [{ kind: "unspent", tx: "ab".repeat(32), out: 0, amount: "5" }] }));
    goshawk.runs.set("b", run("b", "running"));
    goshawk.panel.refresh("traces");
    document.querySelector("[data-run=a] details").open = true;
    const link = document.querySelector("[data-run=a] a");
    link.focus();
    globalThis.mine = link;
  });
  const b = page.locator("[data-run=b]");
  const kept = () => page.evaluate(() => document.activeElement === mine && document.querySelector("[data-run=a] details").open);
  const next = (how) => page.evaluate(`(${how})(); goshawk.panel.refresh("traces")`);
  assert.equal(await b.locator("progress").getAttribute("value"), null);
  await next(() => goshawk.progress.set("b", { run: "b", done: 3, total: 8, text: "block 3" }));
  assert.equal(await b.locator("progress").evaluate((p) => p.value), 3);
  assert.equal(await b.getByRole("status").textContent(), "block 3");
  assert.ok(await kept(), "a step of another trace");
  await next(() => goshawk.runs.set("b", run("b", "done", { ends: [] })));
  assert.equal(await b.getByRole("button", { name: "Cancel" }).count(), 0);
  assert.equal(await b.getByRole("link", { name: "Open its page" }).getAttribute("href"), await page.evaluate(() => location.pathname.replace(/graphs.*/, "runs/b")));
  await next(() => goshawk.runs.set("c", run("c", "running")));
  assert.deepEqual(await page.locator(".g-run").evaluateAll((all) => all.map((r) => r.dataset.run)), ["c", "b", "a"]);
  assert.ok(await kept(), "a new trace, above");
  await next(() => goshawk.runs.delete("b"));
  assert.deepEqual(await page.locator(".g-run").evaluateAll((all) => all.map((r) => r.dataset.run)), ["c", "a"]);
  assert.ok(await kept(), "a trace that is gone");
  await page.context().close();
});

test("pasted text gives its addresses; what only looks like one is said to be none", async () => {
  const id = await h.graph("Paste", {});
  const page = await h.as("lead");
  await h.open(page, id);
  await page.getByRole("button", { name: "Add", exact: true }).first().click();
  await page.getByLabel(/any text that holds them/).fill("He paid 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa, then 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb and " + T);
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await page.getByText(/were found/).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const nodes = Object.keys(await stored(page, id)).filter((f) => f.startsWith("node/")).sort();
  assert.deepEqual(nodes, ["node/a:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "node/t:" + T]);
  await page.context().close();
});
