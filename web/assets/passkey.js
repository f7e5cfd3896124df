// Passkeys: the buttons with data-passkey ask the browser for one. A browser that knows none shows
// no such button, and its user goes another way in.
"use strict";

(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => {
    let s = "";
    for (const b of new Uint8Array(buffer)) s += String.fromCharCode(b);
    return btoa(s).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  const keys = (list) => list?.map((k) => ({ ...k, id: bytes(k.id) }));

  const send = async (to, body) => {
    const answer = await fetch(to, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      credentials: "same-origin",
      body: JSON.stringify(body ?? {}),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Refused(said);
    return said;
  };

  // Refused is what the server says in its own words.
  class Refused extends Error {
    constructor(problem) {
      super([problem.detail, problem.hint].filter(Boolean).join(". "));
    }
  }

  // What the server is sent of a passkey, as WebAuthn Level 3 writes it in JSON.
  const plain = (c) => {
    const r = c.response;
    const out = { clientDataJSON: text(r.clientDataJSON) };
    for (const name of ["authenticatorData", "signature", "userHandle", "attestationObject"]) if (r[name]) out[name] = text(r[name]);
    if (r.attestationObject) {
      delete out.authenticatorData;
      out.transports = r.getTransports?.() ?? [];
    }
    const whole = { id: c.id, rawId: text(c.rawId), type: c.type, response: out, clientExtensionResults: c.getClientExtensionResults() };
    if (c.authenticatorAttachment) whole.authenticatorAttachment = c.authenticatorAttachment;
    return whole;
  };

  const ways = {
    "sign-in": async (o) => navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: keys(o.allowCredentials) } }),
    "set-up": async (o) =>
      navigator.credentials.create({
        publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: keys(o.excludeCredentials) },
      }),
  };

  const use = async (button) => {
    const section = button.closest("section") ?? document;
    const state = section.querySelector("[data-passkey-state]");
    const say = (word, failed) => {
      state.textContent = word;
      state.dataset.state = failed ? "failed" : "";
    };
    button.disabled = true;
    say(button.dataset.busy);
    try {
      const begun = await send(button.dataset.begin);
      const options = begun.options.publicKey ?? begun.options;
      const credential = await ways[button.dataset.passkey](options);
      const name = section.querySelector("[data-passkey-name]")?.value ?? "";
      const done = await send(button.dataset.finish, { seal: begun.seal, next: button.dataset.next ?? "", name, response: plain(credential) });
      location.assign(done.to);
    } catch (e) {
      say(e instanceof Refused && e.message ? e.message : button.dataset.failed, true);
      button.disabled = false;
    }
  };

  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.hidden = false;
    button.addEventListener("click", () => use(button));
  }
})();
