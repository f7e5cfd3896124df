// Every page of the server in a real browser, on the demo's case: what a machine can find wrong with a page, wide and narrow,
// light and dark; and what each role sees of each. The pages are those of docs/routes.md, which a test of the server
// keeps whole: a page that nobody visits here fails.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { house } from "./house.mjs";
import { people, work } from "./office.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.PICTURES; // a folder for pictures of each page, if any are wanted
const table = readFileSync(join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "..", "docs", "routes.md"), "utf8");

// Each route, with what it answers to whom.
const [head, , ...lines] = table.split("\n").filter((l) => l.startsWith("|")).map((l) => l.split("|").slice(1, -1).map((c) => c.trim()));
const routes = lines.map(([route, action, ...answers]) => {
  const [method, pattern] = route.replaceAll("`", "").split(" ");
  const expression = pattern.replace("{$}", "").replace(/\{[^}]+\.\.\.\}/, ".+").replace(/\{[^}]+\}/g, "[^/]+");
  return { method, pattern, action, matches: new RegExp(`^${expression}$`), literal: pattern.replace(/\{[^}]+\}/g, "").length, to: Object.fromEntries(answers.map((a, i) => [head[i + 2], a])) };
});

/** route finds what a request comes to: the pattern with the most that is written out. */
const route = (method, path) => routes.filter((r) => r.method === method && r.matches.test(path)).sort((a, b) => b.literal - a.literal)[0];

// What is no page for people.
const files = ["/assets/{name...}", "/healthz", "/metrics", "/openapi.json", "/cases/{case}/exhibits/{exhibit}/file", "/cases/{case}/letters/{letter}/file", "/cases/{case}/report.json", "/cases/{case}/report.pdf"];

let h, w;
before(async () => {
  h = await house({ demo: true });
  w = await work(h);
  if (pictures) mkdirSync(pictures, { recursive: true });
});
after(async () => {
  const faults = h?.faults ?? [];
  await h?.close();
  assert.deepEqual(faults, [], "pages complained");
});

/** visits says by whom and where each page is visited: of the case, of one with hard texts, of one with nothing in it. */
function visits() {
  const of = `/cases/${w.of}`, hard = `/cases/${w.hard}`, empty = `/cases/${w.empty}`;
  const all = (path) => ["lead", of + path, hard + path, empty + path];
  return {
    "/docs/api": ["stranger", "/docs/api"], // by far the longest
    "/{$}": ["lead", "/"], "/search": ["lead", "/search?q=ransom", "/search?q=nothingatall", "/search"], "/cases": ["lead", "/cases", "/cases?status=closed"],
    "/cases/{case}": all(""), "/cases/{case}/notes": all("/notes"), "/cases/{case}/tasks": all("/tasks"), "/cases/{case}/timeline": all("/timeline"),
    "/cases/{case}/subjects": all("/subjects"), "/cases/{case}/exhibits": all("/exhibits"), "/cases/{case}/findings": all("/findings"), "/cases/{case}/report": all("/report"),
    "/cases/{case}/members": all("/members"), "/cases/{case}/history": ["lead", of + "/history", of + "/history?show=all", hard + "/history", empty + "/history"], "/cases/{case}/settings": all("/settings"),
    "/cases/{case}/runs": all("/runs"), "/cases/{case}/watches": all("/watches"), "/cases/{case}/letters": all("/letters"), "/cases/{case}/answers": all("/answers"), "/cases/{case}/graphs": all("/graphs"),
    "/cases/{case}/notes/{note}": ["lead", `${of}/notes/${w.note}`, ...w.hardNotes.map((n) => `${hard}/notes/${n}`)],
    "/cases/{case}/subjects/{subject}": ["lead", `${of}/subjects/${w.ofSubject}`, `${hard}/subjects/${w.subject}`],
    "/cases/{case}/wallets/{wallet}": ["lead", `${of}/wallets/${w.wallet}`],
    "/cases/{case}/exhibits/{exhibit}": ["lead", `${of}/exhibits/${w.exhibit}`],
    "/cases/{case}/report.html": ["lead", `${of}/report.html`, `${hard}/report.html`],
    "/cases/{case}/runs/{run}": ["lead", `${of}/runs/${w.run}`, `${of}/runs/${w.compared}`],
    "/cases/{case}/letters/{letter}": ["lead", `${of}/letters/${w.letter}`, `${of}/letters/${w.sent}`, `${hard}/letters/${w.hardLetter}`],
    "/cases/{case}/answers/new": ["lead", `${of}/answers/new?exhibit=${w.answered}&service=Northgate`],
    "/cases/{case}/answers/{answer}": ["lead", `${of}/answers/${w.answer}`],
    "/cases/{case}/account": ["lead", `${of}/account?service=Northgate`, `${of}/account?service=Northgate&account=${w.account}`],
    "/cases/{case}/graphs/{graph}": ["lead", `${of}/graphs/${w.graph}`, `${hard}/graphs/${w.hardGraph}`],
    "/shared/{case}/{share}": ["guest", `/shared/${w.of}/${w.share}`],
    "/profiles": ["lead", "/profiles"], "/profiles/{profile}": ["lead", `/profiles/${w.profile}`, "/profiles/new"], "/templates/{template}": ["lead", `/templates/${w.template}`, "/templates/new"],
    "/ledgers": ["administrator", "/ledgers"], "/settings": ["administrator", "/settings"], "/people": ["administrator", "/people"], "/people/{person}": ["administrator", `/people/${h.stage.people[people.worker].id}`], "/agencies": ["administrator", "/agencies"],
    "/account": ["lead", "/account"], "/account/password": ["lead", "/account/password"], "/account/recovery": ["lead", "/account/recovery"],
    "/sign-in": ["stranger", "/sign-in"], "/sign-in/oidc": ["stranger", "/sign-in/oidc"], "/sign-in/oidc/back": ["stranger", "/sign-in/oidc/back"],
    "/first": ["stranger", "/first"], "/invite/{secret}": ["stranger", "/invite/NOBODY"],
  };
}

/** open goes to a page and waits until it is all there. */
async function open(page, path) {
  // The report forbids every script, that of axe too. Here, and only here, it may run.
  if (path.endsWith("/report.html"))
    await page.route("**/report.html", async (r) => {
      const answer = await r.fetch(), headers = answer.headers();
      headers["content-security-policy"] = headers["content-security-policy"].replace("; sandbox", "");
      await r.fulfill({ response: answer, headers });
    });
  const answer = await page.goto(h.url + path);
  if (/\/(graphs|shared)\/./.test(path)) await page.waitForFunction(() => document.getElementById("graph")?.dataset.ready);
  return answer;
}

/** look finds what a machine can find wrong with the page that is shown. */
async function look(page, name) {
  const wrong = [];
  await page.evaluate(axe + ";0");
  for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    const found = await page.evaluate(async () => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const run = await globalThis.axe.run(document, { resultTypes: ["violations"] });
      return { faults: run.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 5).join(", ")}`), over: document.documentElement.scrollWidth - document.documentElement.clientWidth };
    });
    wrong.push(...found.faults.map((f) => `${name}, ${width}, ${colorScheme}: ${f}`));
    if (found.over > 0) wrong.push(`${name}, ${width}: ${found.over} px too wide`);
    if (pictures) await page.screenshot({ path: join(pictures, `${name.replace(/[^a-z0-9]+/gi, "-").slice(0, 80)}-${width}.png`), fullPage: true });
  }
  return wrong;
}

test("no page has a fault that a machine finds, wide or narrow, light or dark", async () => {
  const list = visits(), pages = routes.filter((r) => r.method === "GET" && !r.pattern.startsWith("/api/") && !files.includes(r.pattern));
  assert.deepEqual(pages.map((r) => r.pattern).filter((p) => !list[p]), [], "nobody visits these pages");
  assert.deepEqual(Object.keys(list).filter((p) => !pages.some((r) => r.pattern === p)), [], "these are no pages");
  const todo = Object.entries(list).flatMap(([pattern, [who, ...paths]]) => paths.map((path, i) => ({ who, path, name: pattern.replace("/cases/{case}", "case").replace(/^\//, "house-") + (i ? `-${i}` : "") })));
  const wrong = [];
  await Promise.all([0, 1, 2].map(async () => {
    const windows = {};
    for (let next; (next = todo.shift()); ) {
      const page = (windows[next.who] ??= await h.as(people[next.who] ?? null));
      page.setDefaultTimeout(120_000); // pages are no slower here than elsewhere: machines are
      await page.setViewportSize({ width: 1280, height: 900 });
      const answer = await open(page, next.path);
      if (answer.status() >= 400 && next.who !== "stranger") wrong.push(`${next.name}: ${answer.status()}`);
      wrong.push(...(await look(page, next.name)));
    }
    for (const page of Object.values(windows)) await page.context().close();
  }));
  assert.deepEqual(wrong, []);
});

/** read fetches a page in the browser, as somebody, and says what it holds: the ways on it, and the forms that would be sent. */
const read = (page, path) => page.evaluate(async (path) => {
  const answer = await fetch(path, { headers: { Accept: "text/html" } }), doc = new DOMParser().parseFromString(await answer.text(), "text/html");
  const list = [...doc.querySelectorAll('a[href]:not([href^="#"])')].map((a) => ["GET", a.getAttribute("href")]);
  // A form without a button shows what is so, and cannot be sent.
  for (const f of doc.querySelectorAll("form")) if (f.matches("[data-autosave]") || f.querySelector("button:not([type=button], [formaction], :disabled)")) list.push([(f.getAttribute("method") ?? "get").toUpperCase(), f.getAttribute("action") ?? ""]);
  for (const b of doc.querySelectorAll("[formaction]")) list.push(["POST", b.getAttribute("formaction")]);
  for (const method of ["get", "post", "put", "delete"]) for (const e of doc.querySelectorAll(`[hx-${method}]`)) list.push([method.toUpperCase(), e.getAttribute("hx-" + method)]);
  const offers = list.map(([method, to]) => [method, new URL(to, answer.url)]).filter(([, to]) => to.origin === location.origin).map(([method, to]) => `${method} ${to.pathname}`);
  return { status: answer.status, at: new URL(answer.url).pathname, text: doc.querySelector("main")?.textContent.replace(/\s+/g, " ").trim() ?? "", offers: [...new Set(offers)] };
}, path);

test("everybody sees what they may, is offered nothing that they may not, and is told so politely", async () => {
  const pages = Object.entries(visits()).filter(([pattern]) => !pattern.startsWith("/sign-in") && !["/first", "/invite/{secret}", "/cases/{case}/report.html"].includes(pattern)).map(([pattern, [, path, other]]) => [pattern, /\{(profile|template)\}/.test(pattern) ? other : path]); // another agency has others
  const wrong = [];
  // Where there is no case, a reader who is a member stands in another column, and so does who is shown a snapshot.
  const column = (who, pattern) => (/^\/(cases|shared)\/\{case\}/.test(pattern) ? who : ({ viewer: "reader", guest: "outsider" }[who] ?? who));
  const tour = async (who, closed) => {
    const page = await h.as(people[who] ?? null);
    await page.goto(h.url + (people[who] ? "/cases" : "/sign-in"));
    for (const [pattern, path] of pages) {
      if (closed && !pattern.startsWith("/cases/{case}")) continue;
      const name = `${who}${closed ? ", closed" : ""}: ${pattern}`, wants = routes.find((r) => r.method === "GET" && r.pattern === pattern).to[column(who, pattern)];
      const seen = await read(page, path);
      if (wants === "401") {
        if (seen.at !== "/sign-in") wrong.push(`${name}: nobody is led to ${seen.at}`);
        continue;
      }
      if (seen.status !== (wants === "yes" ? 200 : Number(wants))) wrong.push(`${name}: ${seen.status}, not ${wants}`);
      else if (wants !== "yes" && !(/may not|no such case|nothing is shared with you/i.test(seen.text) && seen.offers.includes("GET /cases"))) wrong.push(`${name}: it is said as ${JSON.stringify(seen.text)}`);
      for (const offer of seen.offers) {
        if (who === "stranger" && offer === "GET /cases") continue; // the house's name leads to signing in
        const [method, to] = offer.split(" "), may = [route(method, to)];
        // Who is in a case, and its status, are changed by those who may choose its members, in a closed case, too.
        if (/\/records\/(member|case)\//.test(to)) may.push(route("POST", to.replace(/records.*/, "members")));
        const said = may.map((r) => (r?.action === "(open to all)" ? "yes" : r?.to[column(who, r.pattern)]));
        if (!said.includes("yes") && (closed || !said.includes("yes, open"))) wrong.push(`${name} offers ${offer}: ${said.join(", ")}`);
      }
    }
    // What the graph offers is made in the browser.
    if (["lead", "viewer", "supervisor"].includes(who)) {
      await open(page, `/cases/${w.of}/graphs/${w.graph}`);
      for (const button of ["Add", "Trace", "Snapshot"]) if ((await page.locator(".g-bar").getByRole("button", { name: button, exact: true }).count()) !== Number(who === "lead" && !closed)) wrong.push(`${who}${closed ? ", closed" : ""}: the graph's button ${button}`);
    }
    await page.context().close();
  };
  await Promise.all([...Object.keys(people), "stranger"].map((who) => tour(who, false)));
  // A closed case is offered for reading.
  const status = (before, after) => h.api(people.lead, "POST", `/cases/${w.of}/changes`, { what: "closed the case", edits: [{ kind: "case", id: "case", field: "status", before, after }] });
  await status("open", "closed");
  await Promise.all(["lead", "worker", "supervisor"].map((who) => tour(who, true)));
  await status("closed", "open");
  assert.deepEqual([...new Set(wrong)], []);
});
