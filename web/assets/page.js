// What pages do in a browser beyond forms and links. Each of them works without it: then forms
// are saved by their buttons.
"use strict";

(() => {
  // Copying: addresses are shortened on the page, never in what is copied.
  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      say(button.dataset.said);
    } catch {
      // The browser does not allow it: the text can be selected.
    }
  };

  // say tells a message to everybody, those with a screen reader too.
  let quiet = 0;
  const say = (text) => {
    let at = document.getElementById("said");
    if (!at) {
      at = document.createElement("p");
      at.id = "said";
      at.className = "said";
      at.setAttribute("role", "status");
      document.body.append(at);
    }
    at.textContent = text;
    at.classList.add("on");
    clearTimeout(quiet);
    quiet = setTimeout(() => at.classList.remove("on"), 2500);
  };

  document.addEventListener("click", (e) => {
    const button = e.target.closest?.("[data-copy]");
    if (button) copy(button);
  });

  // A form that asks before it is sent.
  document.addEventListener("submit", (e) => {
    const sure = e.submitter?.dataset.sure ?? e.target.dataset.sure;
    if (sure && !window.confirm(sure)) e.preventDefault();
  });

  // Saving as one types. The form has what its author saw in b.NAME, and what it is to be in
  // f.NAME; the server merges, or refuses with both, and nothing is lost.
  const patience = 900;
  const saving = new WeakMap();

  const state = (form, word) => {
    const at = form.querySelector("[data-state]");
    if (!at) return;
    at.dataset.state = word;
    at.textContent = at.dataset[word] ?? "";
  };

  const save = async (form) => {
    const s = saving.get(form);
    if (s.busy) {
      s.again = true;
      return;
    }
    s.busy = true;
    s.again = false;
    const sent = new FormData(form);
    state(form, "saving");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(sent),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
      });
      if (answer.status === 409) {
        s.clash = true;
        state(form, "clash");
        const look = form.querySelector("[data-look]");
        if (look) look.hidden = false;
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const said = await answer.json();
      for (const [name, value] of Object.entries(said.values ?? {})) {
        const field = form.elements.namedItem("f." + name);
        const before = form.elements.namedItem("b." + name);
        if (!before) continue;
        const stored = typeof value === "string" ? value : "";
        const mine = String(sent.get("f." + name) ?? "").replaceAll("\r\n", "\n");
        if (field && "value" in field && field.type !== "checkbox" && stored !== mine) {
          if (field.value === mine) {
            const at = field.selectionStart;
            field.value = stored; // with what others wrote meanwhile
            if (document.activeElement === field) field.setSelectionRange?.(at, at);
          } else {
            before.value = JSON.stringify(mine); // typed on: the next one is merged from what was sent
            continue;
          }
        }
        before.value = value === null ? "" : JSON.stringify(value);
      }
      s.dirty = s.again;
      state(form, "saved");
    } catch {
      state(form, "failed");
      s.timer = setTimeout(() => save(form), 5000);
    } finally {
      s.busy = false;
      if (s.again && !s.clash) save(form);
    }
  };

  const autosave = (form) => {
    if (saving.has(form)) return;
    const s = { busy: false, again: false, dirty: false, clash: false, timer: 0 };
    saving.set(form, s);
    form.querySelectorAll("[data-manual]").forEach((b) => (b.hidden = true));
    const changed = () => {
      s.dirty = true;
      if (s.clash) return;
      clearTimeout(s.timer);
      state(form, "saving");
      s.timer = setTimeout(() => save(form), patience);
    };
    form.addEventListener("input", changed);
    form.addEventListener("submit", () => {
      clearTimeout(s.timer);
      s.dirty = false;
    });
  };
  window.addEventListener("beforeunload", (e) => {
    for (const form of document.querySelectorAll("form[data-autosave]")) {
      const s = saving.get(form);
      if (s?.dirty || s?.busy) e.preventDefault();
    }
  });

  // A file that is too large is said to be so before it is sent.
  document.addEventListener("change", (e) => {
    const most = Number(e.target.dataset?.most);
    if (!most || e.target.type !== "file") return;
    e.target.setCustomValidity([...e.target.files].some((f) => f.size > most) ? e.target.dataset.large : "");
    e.target.reportValidity();
  });

  // All of a list's boxes at once.
  document.addEventListener("change", (e) => {
    const all = e.target.closest?.("[data-all]");
    if (all) {
      for (const box of all.form.elements) if (box.name === all.dataset.all && !box.disabled) box.checked = all.checked;
    }
    if (e.target.closest?.("[data-go]")) e.target.form.requestSubmit();
  });

  // The search is one key away, as long as nobody types.
  document.addEventListener("keydown", (e) => {
    if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input,textarea,select,[contenteditable]")) return;
    const find = document.getElementById("q");
    if (find) {
      e.preventDefault();
      find.focus();
    }
  });

  // What is being made is followed: how far it is, and its part of the page anew when it has ended.
  const follow = (part) => {
    const source = new EventSource(part.dataset.live);
    const renew = async () => {
      try {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
        if (!fresh || fresh.dataset.live) return;
        source.close();
        const here = part.contains(document.activeElement);
        part.replaceWith(fresh);
        ready(fresh);
        if (here) {
          fresh.tabIndex = -1;
          fresh.focus();
        }
        say(fresh.querySelector("[data-ended]")?.textContent ?? "");
      } catch {
        // The line is down: the page can be loaded again.
      }
    };
    source.addEventListener("progress", (e) => {
      const at = JSON.parse(e.data);
      if (at.run !== part.dataset.of) return;
      if (["done", "failed", "cancelled"].includes(at.text)) renew();
      else part.querySelector("[data-far]").textContent = at.total > 0 ? `${at.text} (${at.done} / ${at.total})` : at.text;
    });
    // The first event comes at once: it may have ended before anybody listened.
    source.addEventListener("change", renew, { once: true });
  };

  // Menus close when one clicks elsewhere, and with Escape.
  const menus = "details.me,details.pop";
  document.addEventListener("click", (e) => {
    for (const menu of document.querySelectorAll(menus)) if (menu.open && !menu.contains(e.target)) menu.open = false;
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    for (const menu of document.querySelectorAll(menus)) {
      if (menu.open) {
        menu.open = false;
        menu.querySelector("summary")?.focus();
      }
    }
  });

  const ready = (root) => {
    root.querySelectorAll("form[data-autosave]").forEach(autosave);
    root.querySelectorAll("[data-live]").forEach(follow);
    root.querySelectorAll("[data-script]").forEach((el) => (el.hidden = false));
    if (navigator.clipboard) root.querySelectorAll("[data-copy]").forEach((b) => (b.hidden = false));
  };
  ready(document);
  // On a narrow screen a case's menu is one line: the part where one is must not be out of sight.
  document.querySelector(".case-menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  document.addEventListener("htmx:load", (e) => ready(e.detail.elt));
})();
