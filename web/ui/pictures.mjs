// The pictures of docs/workbench.md, of the demo's case as it is worked on: node pictures.mjs FOLDER
import { join } from "node:path";
import { house } from "./test/browser/house.mjs";
import { people, work } from "./test/browser/office.mjs";

const folder = process.argv[2];
const h = await house({ demo: true });
try {
  const w = await work(h), of = `${h.url}/cases/${w.of}`;
  const page = await h.as(people.lead, { viewport: { width: 1180, height: 760 }, deviceScaleFactor: 1.25, colorScheme: "light" });
  const take = (name) => page.screenshot({ path: join(folder, name + ".png") });
  await page.goto(of);
  await take("case");
  await page.goto(`${of}/graphs/${w.graph}`);
  await page.waitForFunction(() => document.getElementById("graph")?.dataset.ready);
  // What is known of the largest deposit stands beside the picture.
  await page.evaluate(() => goshawk.choose([[...goshawk.drawn.nodes.keys()].find((k) => k.startsWith("a:2N8QqARRFBNe8M9TuDZroc5j3wfX2KRrBdM"))], "only"));
  await page.locator(".g-facts").first().waitFor();
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await take("graph");
  await page.goto(`${of}/letters/${w.letter}`);
  await take("letter");
  await page.goto(`${of}/report.html`);
  await page.getByRole("heading", { name: "Where the money went" }).evaluate((e) => e.scrollIntoView());
  await take("report");
} finally {
  await h.close();
}
