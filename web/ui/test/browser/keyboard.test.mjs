// A case from an address to a letter that was sent, by somebody who has a keyboard and nothing else: no test here
// clicks, and nothing gets the focus but by keys. At every step where one is must be seen, lie in the window, and
// come after where one was.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { house } from "./house.mjs";
import { only } from "./person.mjs";

const exchange = "Kestrel Exchange", most = 300; // stops of the tab key on a page
const folder = mkdtempSync(join(tmpdir(), "goshawk-keys-"));
let h, page, brief, A, at;
let pressed = 0;
before(async () => {
  h = await house({ world: true });
  brief = h.told("ransomware/brief.md");
  [, A] = /to the address\s+`(\w+)`/.exec(brief);
  page = await h.as("lead");
  page.on("dialog", (d) => d.accept()); // Enter, in the browser's own question
  // Listened for from here on: the message that switches listening on in the page may come to it after the key.
  page.on("filechooser", () => {});
  await page.goto(h.url + "/cases"); // an address that is typed into the browser
});
after(async () => {
  const faults = h?.faults ?? [];
  await h?.close();
  rmSync(folder, { recursive: true });
  assert.deepEqual(faults, [], "pages complained");
  console.log(`${pressed} keys, texts aside`);
});

async function press(...keys) {
  for (const k of keys) {
    await page.keyboard.press(k);
    pressed++;
  }
}

/** here is what has the focus: what it is called, and what is wrong with it. */
const here = () => page.evaluate(() => {
  const el = document.activeElement;
  if (!el || el === document.body) return { name: "", faults: [] };
  const label = [...(el.labels ?? [])].map((l) => l.innerText).join(" ");
  const by = (el.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.innerText ?? "").join(" ").trim();
  const name = (by || (el.getAttribute("aria-label") ?? (label || el.innerText || el.placeholder || el.title || ""))).trim().replace(/\s+/g, " ");
  const role = el.getAttribute("role") ?? (el.tagName === "INPUT" ? el.type : el.tagName.toLowerCase());
  const faults = [];
  // Seen: an outline or a shadow of its own, or of what holds it while it has the focus.
  const marked = (e) => {
    const s = getComputedStyle(e);
    return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1) || s.boxShadow !== "none";
  };
  if (![el, el.parentElement, ...(el.labels ?? [])].some(marked)) faults.push("that it has the focus is not seen");
  // In the window, and not wholly behind something else.
  const boxes = [el, ...(el.labels ?? [])].map((e) => e.getBoundingClientRect()).filter((b) => b.width > 0 && b.height > 0);
  const spots = boxes.flatMap((b) => [0.1, 0.5, 0.9].flatMap((x) => [0.1, 0.5, 0.9].map((y) => [b.left + b.width * x, b.top + b.height * y])));
  // A slider that lies on another lets what points at it through; its rail stands for it.
  const rail = getComputedStyle(el).pointerEvents === "none" ? el.parentElement : el;
  const bare = spots.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top && (rail.contains(top) || top.contains(el) && top.tagName === "LABEL" || [...(el.labels ?? [])].some((l) => l.contains(top)));
  });
  if (!bare) faults.push("it is out of sight");
  if (name === "") faults.push("it has no name");
  if (el.tabIndex > 0) faults.push("it jumps the queue");
  // In the order in which it is read; a page's end is followed by its beginning.
  const was = globalThis.lastStop;
  const earlier = was?.isConnected && (was.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_PRECEDING) !== 0;
  globalThis.lastStop = el;
  return { name, role, faults, earlier: Boolean(earlier), where: el.closest("dialog, [role=dialog]") ? "dialog" : "page", what: el.outerHTML.slice(0, 160) };
});

/** to goes on with the tab key until it comes to something of that name; everything on the way is looked at. */
async function to(name, { key = "Tab", role } = {}) {
  const met = [];
  let begun = 0;
  await page.evaluate(() => { globalThis.lastStop = undefined; });
  for (let i = 0; i < most; i++) {
    await press(key);
    const stop = await here();
    if (stop.name === "" && stop.faults.length === 0) continue; // the browser's own bar, between a page's end and its beginning
    assert.deepEqual(stop.faults, [], `${stop.role} “${stop.name}” on ${page.url()}: ${stop.what}`);
    if (key === "Tab" && stop.earlier) assert.ok(++begun < 2, `Tab goes back from one thing to another before it on ${page.url()}: ${met.slice(-3).join(" → ")} → ${stop.name}`);
    met.push(`${stop.role} ${stop.name.slice(0, 40)}`);
    if ((name instanceof RegExp ? name.test(stop.name) : stop.name === name) && (!role || stop.role === role)) return stop;
  }
  assert.fail(`the tab key never comes to ${name} on ${page.url()}, but to: ${[...new Set(met)].join(", ")}`);
}

/** follow goes to a link or button by the tab key, and presses Enter. */
async function follow(name, options) {
  await to(name, options);
  await press("Enter");
}

/** write goes to a field and types; paste brings in a text that was copied. */
async function write(name, text) {
  await to(name);
  await page.keyboard.type(text);
}

const seen = (name) => page.getByRole("heading", { name, exact: true }).waitFor();
const flash = (words) => page.locator(".flash", { hasText: words }).waitFor();

test("the first stop of a page leads past its menus", async () => {
  await press("Tab");
  assert.match((await here()).name, /^Skip/);
  await press("Enter", "Tab");
  assert.ok(await page.evaluate(() => document.getElementById("main").contains(document.activeElement)), "the next stop is in the page's own part");
  // A menu opens, is gone through, and closes where it was opened.
  await page.reload();
  await follow(/^IB/);
  await press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement.closest("details.me[open] .sheet") !== null), "into the menu");
  await press("Escape");
  assert.ok(await page.evaluate(() => document.activeElement.closest("summary") !== null && !document.querySelector("details.me").open), "and back to what opened it");
});

test("a case is opened, and gets what was pasted", async () => {
  await page.reload();
  await follow("New case");
  await write("Title", "Ransom, by keys");
  await write(/^Reference/, "2026/42");
  await press("Enter");
  await seen("Ransom, by keys");
  at = new URL(page.url()).pathname;
  await follow("Add addresses");
  await seen("Add addresses from a text");
  await to("Text");
  await page.keyboard.insertText(brief);
  await follow("Look for addresses");
  await seen("Found in the text");
  await to(`Add ${A}`);
  await press("Space");
  assert.equal(await page.evaluate(() => document.activeElement.checked), false);
  await press("Space");
  await follow("Add the chosen");
  await flash("Added.");
});

test("in the graph: along the nodes, into the details, through the table, and out of each dialog", async () => {
  await follow("Graph");
  await seen("Graphs");
  await write("What does it show?", "By keys");
  await press("Enter");
  await page.waitForFunction(() => document.getElementById("graph")?.dataset.ready && goshawk.drawn.nodes.size === 2);
  await to(/^Picture of the graph/);
  const said = () => page.locator("[aria-live=polite]").first().textContent();
  for (let i = 0; i < 4 && !(await said()).startsWith("address"); i++) await press("ArrowRight");
  assert.match(await said(), /^address /, "each node is said");
  await press("Space", "Enter");
  assert.ok(await page.evaluate(() => document.activeElement.matches(".g-panel-body")), "Enter leads to what is known of it");
  await follow("Expand out");
  await page.waitForFunction(() => goshawk.drawn.edges.size === 1);
  // The table has the same nodes, and chooses among them.
  await follow("Both");
  await to(/…/, { role: "checkbox" }); // addresses are shortened
  await press("Space");
  await page.waitForFunction(() => goshawk.chosen.size > 0);
  await follow("Picture");
  await to(/^Picture of the graph/);
  for (let i = 0; i < 6 && !(await said()).startsWith("address"); i++) await press("ArrowRight");
  await press("Enter");
  // The dialog keeps the focus while it is open, and gives it back.
  await follow("Trace from here");
  await page.getByRole("dialog").waitFor();
  const stops = new Set();
  for (let i = 0; i < 40; i++) {
    await press("Tab");
    const stop = await here();
    if (stop.name === "") continue;
    assert.deepEqual(stop.faults, [], stop.what);
    assert.equal(stop.where, "dialog", `${stop.name} is behind the dialog`);
    stops.add(stop.name);
  }
  assert.ok(stops.has("Begin"));
  await press("Escape");
  assert.equal((await here()).name, "Trace from here");
  await press("Enter");
  await page.getByRole("dialog").waitFor();
  await follow("Begin");
  await page.locator(".g-run[data-state=done]").waitFor();
  await follow("Open its page");
  await seen("Where it rests");
});

test("a letter is written and sent, and its answer brought in", async () => {
  await follow(new RegExp(`^Write a letter.*${exchange}`));
  await seen("Letter to " + exchange);
  await write("Legal basis: on which paper", "Order of 3 May, no. 12/26");
  await write("Answer due", "12242026");
  await write("Keep or hold for days", "90");
  await to("Freeze assets");
  await press("Space");
  await follow("Save");
  await flash("Saved.");
  assert.equal(await page.getByText("A service will ask back for what is missing here").count(), 0);
  await follow("It was sent");
  await flash("Fixed as exhibits.");
  const file = join(folder, "deposits.csv");
  writeFileSync(file, only(h.kept("kestrel-exchange", "deposits.csv"), "account", new Set(["4868435"])));
  await follow("Import their answer");
  await page.waitForURL(/\/answers\?letter=/);
  await to("File");
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), press("Enter")]);
  await chooser.setFiles(file); // the system's own window
  await follow("Fix it as an exhibit, and go on");
  await seen("As it would be read");
  await follow("Take it as their answer");
  await flash("Taken as their answer");
});

test("a finding is written and linked, the report filled in, and its package made, taken away and verified", async () => {
  await follow("Findings");
  await seen("Findings");
  await write("What was found, in one sentence", "The ransom reached an exchange");
  await write("Text", "By fifo, as the trace says.");
  await to(/^E-1 /, { role: "checkbox" });
  await press("Space");
  await to(/^E-2 /, { role: "checkbox" });
  await press("Space");
  await follow("Add a finding");
  await seen("1. The ransom reached an exchange");
  const basis = (await page.locator("#main").innerText()).match(/Exhibits\s+E-1\b[^]*?E-2\b/);
  assert.ok(basis, "the finding rests on the two exhibits");
  await follow("Report");
  await seen("Report");
  for (const [field, words] of [["Author", "Ines Berg"], ["Qualification", "Examiner since 2019."], ["Alternatives considered", "Haircut."], ["Limitations", "Labels of January 2022."]]) {
    await to(field);
    await page.keyboard.insertText(words);
  }
  await press("Tab"); // what is written is saved when the field is left
  await page.locator("[data-state=saved]").waitFor();
  await follow("Make the package");
  await page.waitForURL(/done=package_begun/);
  await page.locator("#packages .tag", { hasText: "Done" }).waitFor();
  await follow(/package-/);
  await page.waitForURL(/\/exhibits\//);
  await to("Download");
  const [download] = await Promise.all([page.waitForEvent("download"), press("Enter")]);
  const zip = join(folder, "package.zip");
  await download.saveAs(zip);
  const verified = spawnSync(h.program, ["verify", zip], { encoding: "utf8", env: { PATH: process.env.PATH, HOME: folder } });
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);
});

test("every page of the case is gone through from its first stop to its last", async () => {
  const paths = ["", "/subjects", "/graphs", "/runs", "/timeline", "/notes", "/tasks", "/exhibits", "/letters", "/answers", "/watches", "/findings", "/report", "/members", "/history", "/settings"];
  for (const path of paths) {
    await page.goto(h.url + at + path);
    // Round once: from the skip link to the skip link again.
    await to(/^Skip/);
    await to(/^Skip/);
  }
});
