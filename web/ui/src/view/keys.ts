// The picture by keyboard: every node is reached by arrows, and everything that the mouse
// does has a key or a menu.
import type { App } from "../app.ts";
import { t } from "../messages/messages.ts";
import * as actions from "../actions.ts";

export function keys(app: App, canvas: HTMLElement): void {
  const arrows: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("focus", () => {
    const s = app.stage;
    if (!s.focused) s.focus([...app.chosen][0] ?? s.next(0, 0), false);
    else s.redraw();
  });
  canvas.addEventListener("blur", () => app.stage.redraw());
  canvas.addEventListener("mousedown", () => canvas.focus({ preventScroll: true }));
  canvas.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const s = app.stage;
    const arrow = arrows[e.key];
    const used = (): void => e.preventDefault();
    if (arrow && e.shiftKey) {
      used();
      const ids = app.chosen.size > 0 ? [...app.chosen] : s.focused ? [s.focused] : [];
      actions.nudge(app, ids, arrow[0] * 20, arrow[1] * 20);
    } else if (arrow) {
      used();
      const next = s.next(...arrow);
      if (next) s.focus(next);
    } else if (e.key === " " && s.focused) {
      used();
      app.choose([s.focused], "toggle");
      s.focus(s.focused);
    } else if (e.key === "Enter" && s.focused) {
      used();
      if (!app.chosen.has(s.focused) || app.chosen.size < 2) app.choose([s.focused], "only");
      app.panel.open("selection", true);
    } else if (e.key === "ContextMenu" || (e.key === "F10" && e.shiftKey)) {
      used();
      const at = s.focused ? s.screen(s.focused) : s.screen("");
      app.menu(s.focused, at.x + 8, at.y + 8);
    } else if (e.key === "+" || e.key === "=") s.zoom(1.5);
    else if (e.key === "-") s.zoom(1 / 1.5);
    else if (e.key === "0") s.fit();
    else if (e.key === "Escape") app.choose([], "only");
    else if (e.key === "Delete" || e.key === "Backspace") actions.remove(app);
    else if (e.key === "a") actions.chooseAll(app);
    else if (e.key === "o") void actions.expandChosen(app, "out");
    else if (e.key === "i") void actions.expandChosen(app, "in");
    else if (e.key === "n") void actions.nextSpend(app);
    else if (e.key === "p") actions.pin(app);
    else if (e.key === "g") actions.askGroup(app);
    else if (e.key === "t") actions.askTrace(app, [...app.chosen]);
    else if (e.key === "/") {
      used();
      app.bar.find();
    }
  });
  addEventListener("keydown", (e) => {
    if (!(e.ctrlKey || e.metaKey) || e.altKey) return;
    const at = document.activeElement;
    const writing = at instanceof HTMLTextAreaElement || (at instanceof HTMLInputElement && !["checkbox", "radio", "range", "button"].includes(at.type));
    if (writing || document.querySelector("dialog[open]")) return;
    const key = e.key.toLowerCase();
    if (key === "z" && !e.shiftKey) {
      e.preventDefault();
      void app.saver.undo();
    } else if (key === "y" || (key === "z" && e.shiftKey)) {
      e.preventDefault();
      void app.saver.redo();
    } else if (key === "s") {
      // Everything is saved already; people press it all the same.
      e.preventDefault();
      void app.saver.save().then(() => app.say(t("saved.saved")));
    }
  });
}
