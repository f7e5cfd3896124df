// The words of the graph, from a catalogue. English is built in; another language is a
// file of the same keys, loaded by its name before anything is drawn.
import en from "./en.json";

export type Key = keyof typeof en;
type Entry = string | { one: string; other: string; [category: string]: string };
type Catalogue = Record<Key, Entry>;

let words: Catalogue = en;
let language = "en";
let plural = new Intl.PluralRules("en");

/** use takes another language's words; keys that it lacks stay English. */
export function use(code: string, catalogue: Partial<Catalogue>): void {
  words = { ...en, ...catalogue };
  language = code;
  plural = new Intl.PluralRules(code);
}

/** locale is the language in use, for numbers and dates. */
export function locale(): string {
  return language;
}

/** t is a text; {name} in it becomes the argument of that name, and n chooses the plural form. */
export function t(key: Key, args: Record<string, string | number> = {}): string {
  const entry: Entry = words[key];
  const text = typeof entry === "string" ? entry : entry[plural.select(Number(args["n"] ?? 0))] ?? entry.other;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = args[name];
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString(language) : value;
  });
}
