/**
 * Every word that a person reads, in the language that the person chose.
 *
 * The English sentence in the code is the key; Russian comes from the catalogue src/detente/words/ru/web.po,
 * which `make words` brings up to date. Sentences are written out where they are said, in double quotes:
 *
 *     say("{count} of {all} rows", { count: 10, all: 12 })
 *     many("{count} file", "{count} files", 3)
 */
import { signal } from "@preact/signals";
import { keep, kept } from "./kept";

export type Language = "en" | "ru";
export type Values = Record<string, string | number>;

/** The language in use; whoever reads it while drawing is drawn again when it changes. */
export const language = signal<Language>("en");

let russian: Record<string, string | string[]> = {};

/** Switch to a language, once its catalogue is here; kept for the next visit. */
export async function choose(wanted: Language): Promise<void> {
  if (wanted === "ru" && Object.keys(russian).length === 0) {
    russian = (await import("../generated/ru.json")).default as Record<string, string | string[]>;
  }
  keep("language", wanted);
  document.documentElement.lang = wanted;
  language.value = wanted;
}

/** The language kept from before, or else the browser's. */
export function preferred(): Language {
  const before = kept<string>("language", "");
  if (before === "en" || before === "ru") return before;
  return navigator.language.toLowerCase().startsWith("ru") ? "ru" : "en";
}

function filled(sentence: string, values: Values | undefined): string {
  if (!values) return sentence;
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** Return the sentence in the language in use with its named fields filled in. */
export function say(sentence: string, values?: Values): string {
  const known = language.value === "ru" ? russian[sentence] : undefined;
  return filled(typeof known === "string" ? known : sentence, values);
}

/** Return the sentence in the form that `count` asks for (Russian has three forms); {count} is filled in. */
export function many(one: string, several: string, count: number, values?: Values): string {
  const shown = { count: number(count), ...values };
  const known = language.value === "ru" ? russian[one] : undefined;
  if (Array.isArray(known)) return filled(known[form(count)] ?? several, shown);
  return filled(count === 1 ? one : several, shown);
}

function form(count: number): number {
  const tens = Math.abs(count) % 100;
  const ones = tens % 10;
  if (ones === 1 && tens !== 11) return 0;
  return ones >= 2 && ones <= 4 && (tens < 12 || tens > 14) ? 1 : 2;
}

/** Return a figure in the notation of the language: "1,234.5" in English, "1 234,5" (narrow spaces) in Russian. */
export function number(value: number, decimals = 0): string {
  const text = Math.abs(value).toFixed(decimals);
  const [whole = "", rest] = text.split(".");
  const isRussian = language.value === "ru";
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, isRussian ? "\u202f" : ",");
  const sign = value < 0 && Number(text) !== 0 ? "\u2212" : "";
  return sign + grouped + (rest ? (isRussian ? "," : ".") + rest : "");
}
