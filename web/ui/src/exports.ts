// The files that a person takes away: all of what is drawn, at the level and in the scope of
// the picture, and each says so.
import type { App } from "./app.ts";
import { edgesCSV, gexf, graphML, nodesCSV, type About } from "./export/plain.ts";
import { fileName, png, save } from "./export/save.ts";
import { svg } from "./export/svg.ts";
import { light } from "./view/look.ts";
import { t } from "./messages/messages.ts";
import type { Item } from "./view/menu.ts";

export function exportItems(app: App): Item[] {
  const title = app.record.picture.title || t("graph");
  const about: About = { title, scope: app.scopeWords(), worth: (e) => app.worthOfEdge(e) };
  // Paper is light, whatever the screen is.
  const picture = (): string => svg(app.drawn, { ...about, palette: light, methods: app.methods, asset: (n) => app.asset(n), marking: app.setting.marking });
  const item = (text: string, make: () => void | Promise<void>): Item => ({ text, icon: "download", press: () => void Promise.resolve().then(make).catch((e: unknown) => app.tell(t("fault.export"), { fault: true, hint: e instanceof Error ? e.message : "" })) });
  return [
    item(t("export.png"), async () => save(fileName(title, ".png"), "image/png", await png(picture()))),
    item(t("export.svg"), () => save(fileName(title, ".svg"), "image/svg+xml", picture())),
    item(t("export.graphml"), () => save(fileName(title, ".graphml"), "application/xml", graphML(app.drawn, about))),
    item(t("export.gexf"), () => save(fileName(title, ".gexf"), "application/xml", gexf(app.drawn, about))),
    item(t("export.nodes"), () => save(fileName(title, "-nodes.csv"), "text/csv", nodesCSV(app.drawn))),
    item(t("export.edges"), () => save(fileName(title, "-edges.csv"), "text/csv", edgesCSV(app.drawn, about))),
    ...(app.setting.may ? [{ text: t("fix"), icon: "pin" as const, press: () => void fix(app, { graph: { graph: app.setting.graph, ...(app.setting.at === undefined ? {} : { at: app.setting.at }) } }) }] : []),
  ];
}

/** fix keeps an answer, or the graph as it is saved, as an exhibit of the case. */
export async function fix(app: App, question: Record<string, unknown>): Promise<void> {
  try {
    app.tell(t("fix.done", { number: (await app.api.fix(question)).number }));
  } catch (e) {
    app.fail(e);
  }
}
