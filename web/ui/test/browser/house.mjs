// What browser tests share: the real server on a folder of its own, people who are signed
// in, and Debian's Chromium with its software renderer.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "..");
const go = process.env.GO ?? "go";

/**
 * house starts the server; close ends it and removes all that it made. With a world it has a ledger, labels and
 * rates of a made-up crime, as `goshawk world new` makes it, and the blocks beside; with the demo all that
 * `goshawk demo` makes, its people signed in.
 */
export async function house({ world = false, demo = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "goshawk-browser-"));
  const program = join(folder, "goshawk"), data = demo ? join(folder, "demo", "data") : join(folder, "data"), made = demo ? join(folder, "demo", "world") : join(folder, "world");
  const run = (...args) => execFileSync(go, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  run("build", "-o", program, "./cmd/goshawk");
  const tool = (...args) => execFileSync(program, [...args, "--quiet"], { stdio: ["ignore", "ignore", "inherit"] });
  if (demo) tool("demo", "--out", join(folder, "demo"));
  const stage = JSON.parse(run("run", "./internal/stage", "--data", data, ...(demo ? ["--there"] : [])));
  if (world) {
    tool("world", "new", "--seed", "3", "--scenario", "ransomware", "--out", made);
    tool("ingest", "--network", "regtest", "--ledger", join(data, "ledgers", "world"), join(made, "blocks"));
    tool("label", "--data", data, "import", join(made, "public", "labels"));
  }
  const server = spawn(program, ["serve", "--data", data, "--listen", "127.0.0.1:0", "--log", "none", ...(world ? ["--blocks", "world=" + join(made, "blocks")] : [])], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => server.once("exit", done));
  const url = await new Promise((found, failed) => {
    let text = "";
    server.stdout.on("data", (d) => {
      text += d;
      const at = /http:\/\/\S+/.exec(text);
      if (at && text.includes("\n")) found(at[0]);
    });
    void ended.then(() => failed(new Error("the server ended at once")));
  });
  for (let up = false; !up; ) {
    up = await fetch(url + "/healthz").then((r) => r.ok, () => false);
    if (!up) await new Promise((again) => setTimeout(again, 20));
  }
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"],
  });
  const faults = [];
  if (world) {
    const prices = await fetch(url + "/api/v1/rates?name=prices.csv&asset=regtest", { method: "POST", headers: { Cookie: "goshawk=" + stage.people.administrator.cookie, "Content-Type": "text/csv" }, body: readFileSync(join(made, "public", "prices.csv")) });
    if (!prices.ok) throw new Error(`the rates were refused: ${await prices.text()}`);
  }
  return {
    url, stage, faults, program,

    /** What the world tells its investigators, by the file's name under public/. */
    told: (name) => readFileSync(join(made, "public", name), "utf8"),

    /** What a service of the world wrote down of its customers. */
    kept: (service, name) => readFileSync(join(made, "services", service, name), "utf8"),

    /** as opens a window of somebody's, or of nobody whom the server knows. What the page complains of fails the tests. */
    async as(who, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, ...options });
      if (who) await context.addCookies([{ name: "goshawk", value: stage.people[who].cookie, url }]);
      const page = await context.newPage();
      page.on("pageerror", (e) => faults.push(`${who}: ${e.stack}`));
      // A page works without the rest of the world, and lacks nothing of its own.
      page.on("request", (r) => {
        if (!r.url().startsWith(url) && !/^(data|blob):/.test(r.url())) faults.push(`${who}: asked for ${r.url()}`);
      });
      page.on("response", (r) => {
        if (r.status() >= 400 && ["script", "stylesheet", "font", "image"].includes(r.request().resourceType())) faults.push(`${who}: ${r.status()} for ${r.url()}`);
      });
      page.on("console", (m) => {
        if (m.type() === "error" && !/Failed to load resource|ERR_INTERNET_DISCONNECTED/.test(m.text())) faults.push(`${who}: ${m.text()}`);
      });
      return page;
    },

    /** api makes a call as somebody, and returns its answer. */
    async api(who, method, path, body) {
      const answer = await fetch(url + "/api/v1" + path, { method, headers: { Cookie: "goshawk=" + stage.people[who].cookie, "Content-Type": "application/json" }, body: body === undefined ? undefined : JSON.stringify(body) });
      const text = await answer.text(), said = text && JSON.parse(text);
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
      return said;
    },

    /** graph makes a graph of fields, in parts that the server takes, and returns its ID. */
    async graph(title, fields) {
      const id = "g" + Math.random().toString(36).slice(2, 12);
      const edit = (field, after) => ({ kind: "graph", id, field, before: null, after });
      const edits = [edit("title", title), ...Object.entries(fields).map(([k, v]) => edit(k, v))];
      for (let at = 0; at < edits.length; at += 9_000) await this.api("lead", "POST", `/cases/${stage.case}/changes`, { what: "made a graph for a test", edits: edits.slice(at, at + 9_000) });
      return id;
    },

    /** open goes to a graph, and waits until it is drawn. */
    async open(page, id, query = "") {
      await page.goto(`${url}/cases/${stage.case}/graphs/${id}${query}`);
      await page.waitForFunction(() => document.getElementById("graph")?.dataset.ready);
    },

    async close() {
      await browser.close();
      server.kill("SIGINT");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** A picture of many nodes, with every kind of value, the same each time. */
export function many(nodes, links) {
  let seed = 7;
  const random = () => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff);
  const side = Math.ceil(Math.sqrt(nodes)), ids = [], fields = {};
  for (let i = 0; i < nodes; i++) {
    const what = i % 3 === 2 ? "transaction" : "address";
    const text = what === "transaction" ? i.toString(16).padStart(64, "0") : "bcrt1q" + i.toString(36).padStart(38, "0");
    const id = (what === "transaction" ? "t:" : "a:") + text;
    ids.push(id);
    fields["node/" + id] = { what, network: "regtest", text, x: Math.round((i % side) * 110 + random() * 60), y: Math.round(Math.floor(i / side) * 90 + random() * 50), ...(i % 97 === 0 ? { label: { text: "Exchange " + i, confidence: [95, 70, 50, 30, 5][i % 5], source: "made-up.yaml" } } : {}) };
  }
  for (let k = 0; k < links; k++) {
    const i = k < nodes - 1 ? k + 1 : Math.floor(random() * nodes);
    const near = i - 1 - Math.floor(random() * 4), below = i + side * (random() < 0.5 ? 1 : -1) + Math.floor(random() * 3) - 1;
    const j = Math.max(0, Math.min(nodes - 1, k < nodes - 1 ? near : below));
    if (i === j) continue;
    const from = ids[j], to = ids[i], day = new Date(Date.UTC(2024, 0, 1) + Math.floor((k / links) * 300) * 864e5).toISOString().slice(0, 19) + "Z";
    fields["edge/" + k.toString(16).padStart(32, "0")] = { from, to, what: from[0] === "t" ? "receive" : to[0] === "t" ? "spend" : "pay", value: String(Math.floor(random() * 5e9)), count: 1, first: day, last: day };
  }
  return fields;
}
