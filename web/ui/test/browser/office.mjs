// The demo's case, worked on from where `goshawk demo` leaves it: so that each page has something to show.

/** Who of the demo's people is which column of docs/routes.md; the passers-by are the stage's. */
export const people = {
  administrator: "ada.keeper", supervisor: "tomas.vale", lead: "ines.berg", worker: "jonas.lund", viewer: "mara.holt", guest: "piet.orme",
  investigator: "passing.investigator", reader: "passing.reader", outsider: "rhea.colm",
};

export const long = "Very long words with no end " + "Donaudampfschifffahrtsgesellschaftskapitän".repeat(3);
const arabic = "قضية الفدية: تتبّع الأموال من مدينة إيستفولد حتى المنصّة";
const id = () => "x" + Math.random().toString(36).slice(2, 14);

/** work finishes the demo's case, and returns the records that pages are named after. */
export async function work(h) {
  const api = (method, path, body, who = people.lead) => h.api(who, method, path, body);
  const [{ id: of }] = (await api("GET", "/cases")).cases;
  const ledger = (await api("GET", "/ledgers")).ledgers[0].id;
  const records = async (kind) => Object.entries((await api("GET", `/cases/${of}?kind=${kind}`)).records[kind] ?? {});
  const add = async (into, kind, fields, who) => {
    const record = id();
    await api("POST", `/cases/${into}/changes`, { what: "went on", edits: Object.entries(fields).map(([field, after]) => ({ kind, id: record, field, before: null, after })) }, who);
    return record;
  };
  const [run] = (await records("run")).find(([, r]) => r.used?.value);
  const [exhibit] = (await records("exhibit"))[0];

  const profile = (await api("PUT", "/profiles/new", { version: 0, profile: { name: "Northgate", entity: "Northgate Exchange OÜ", jurisdiction: "Eastfold", email: "law@northgate.example", portal: "https://law.northgate.example/requests", languages: "en, de", requires: "- an order of a court, as **PDF** with a signature\n- identifiers as text, and as CSV", days: 14, source: "their page for authorities", checked: "2026-01-15" } })).id;
  const template = (await api("PUT", "/templates/new", { version: 0, template: { name: "Eastfold Police, in English", language: "en", head: "**Eastfold Police**\nCyber Crime Unit", text: "To {{service}}\n\nWe ask you, by {{paper}}:\n\n{{asked}}\n\n{{identifiers}}\n" } })).id;
  const write = async () => {
    const letter = (await api("POST", `/cases/${of}/letters`, { run, service: "Northgate" })).id;
    await api("POST", `/cases/${of}/changes`, { what: "named the paper", edits: [{ kind: "letter", id: letter, field: "paper", before: null, after: "Order of the District Court of Eastfold, 12 Gs 117/26" }] });
    return letter;
  };
  const letter = await write(), sent = await write();
  await api("POST", `/cases/${of}/letters/${sent}/send`, { due: "2027-01-04" });

  // They answer for the accounts that the trace came to.
  const lines = (name) => h.kept("northgate", `${name}.csv`).trim().split("\n").map((l) => l.split(","));
  const credited = lines("deposits"), account = credited.find((c) => c[credited[0].indexOf("address")] === "2N8QqARRFBNe8M9TuDZroc5j3wfX2KRrBdM")[credited[0].indexOf("account")];
  let answer, answered;
  for (const name of ["deposits", "withdrawals", "balances"]) {
    const [top, ...rows] = lines(name), whose = top.indexOf("account");
    const list = [top, ...rows.filter((c) => c[whose] === account)].map((c) => c.join(",") + "\n").join("");
    const file = await fetch(`${h.url}/api/v1/cases/${of}/exhibits?name=northgate-${name}.csv&source=answer+of+Northgate`, { method: "POST", headers: { Cookie: "goshawk=" + h.stage.people[people.lead].cookie, "Content-Type": "text/csv" }, body: list });
    if (!file.ok) throw new Error(`an answer was refused: ${await file.text()}`);
    answered = (await file.json()).id;
    const { mapping } = await api("GET", `/cases/${of}/exhibits/${answered}/mapping`);
    answer = (await api("POST", `/cases/${of}/answers`, { exhibit: answered, letter: sent, service: "Northgate", ledger, mapping: { ...mapping, unit: "smallest" }, without_faulty_rows: true })).id;
  }

  const finding = await add(of, "finding", { title: "1.9 tBTC of the ransom came to Northgate", text: "By first in, first out. The largest deposit was emptied into the exchange.\n", exhibits: [exhibit], runs: [run], support: "The council's bank statement names the same payment.\n", order: 1 });
  await add(of, "finding", { title: "A part went through a mixing service", text: "Nothing is said about what lies beyond.\n", order: 2 });
  const [graph, drawn] = (await records("graph"))[0];
  const snapshot = await add(of, "snapshot", { title: "The way of the ransom, for the school", graph, seq: Math.max(...Object.values(drawn).map((f) => f.seq)) });
  const share = (await api("POST", `/cases/${of}/shares`, { snapshot, person: h.stage.people[people.guest].id, until: new Date(Date.now() + 7 * 864e5).toISOString().slice(0, 19) + "Z" })).id;

  // Another case, with what fits on no screen; and one with nothing in it.
  const hard = (await api("POST", "/cases", { title: long, reference: "R".repeat(80) })).id;
  const member = h.stage.people[people.worker].id;
  await api("POST", `/cases/${hard}/changes`, { what: "chose members", edits: [{ kind: "member", id: member, field: "part", before: null, after: "worker" }, { kind: "case", id: "case", field: "marking", before: null, after: "STRICTLY " + "CONFIDENTIAL ".repeat(6).trim() }] });
  const hardNotes = [await add(hard, "note", { title: arabic, text: "# " + arabic + "\n\n" + "long".repeat(100) + "\n\n| a | b |\n|---|---|\n| " + "cell".repeat(60) + " | x |\n" }), await add(hard, "note", { title: long, text: long })];
  await add(hard, "task", { title: long, text: long, due: "2020-01-01", assignee: member });
  await add(hard, "task", { title: arabic });
  await add(hard, "event", { at: "2026-01-01T10:00:00Z", title: long, text: arabic, subject: "f".repeat(64) });
  const subject = await add(hard, "subject", { network: "bitcoin", what: "transaction", text: "f".repeat(64), title: long, comment: long, source: long.slice(0, 190), colour: "violet" });
  await add(hard, "subject", { network: "bitcoin", what: "address", text: "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr", title: arabic });
  await add(hard, "watch", { what: "coin", text: "f".repeat(64) + ":4294967295", ledger, title: long });
  await add(hard, "finding", { title: long, text: long, support: arabic, order: 1 });
  const hardGraph = await add(hard, "graph", { title: arabic });
  const hardLetter = await add(hard, "letter", { service: long.slice(0, 150), state: "draft", text: "To {{service}} {{nobody}} " + long });
  const empty = (await api("POST", "/cases", { title: arabic, reference: "٢٠٢٦/١٧" })).id;
  return {
    of, hard, empty, hardNotes, hardGraph, hardLetter, ledger, run, exhibit, profile, template, letter, sent, answer, answered, finding, account, subject, graph, share,
    note: (await records("note"))[0][0], wallet: (await records("wallet"))[0][0],
    ofSubject: (await records("subject"))[0][0], compared: (await records("run")).find(([, r]) => !r.used?.value)[0],
  };
}
