/** What stands in a form: plain values by path, as they are typed; and the notice's document that they make. */
import type { Field, Grammar } from "./model";
import { fieldsOf, itemOf, optionsOf } from "./model";

export type Value = string | number | boolean | null | undefined | Value[] | { [name: string]: Value };
export type Values = { [name: string]: Value };

/** Cut "forces[0].troops" into its steps. */
export function stepsOf(path: string): (string | number)[] {
  return [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map((match) =>
    match[2] === undefined ? (match[1] ?? "") : Number(match[2]),
  );
}

/** Join a path and a name within it. */
export function joined(path: string, name: string | number): string {
  if (typeof name === "number") return `${path}[${name}]`;
  return path ? `${path}.${name}` : name;
}

/** Return what stands at a path; undefined when nothing does. */
export function at(values: Value, path: string): Value {
  let here: Value = values;
  for (const step of stepsOf(path)) {
    if (here === null || typeof here !== "object") return undefined;
    here = (here as Record<string | number, Value>)[step];
  }
  return here;
}

/** Return the values with another one at a path; those around it stay the same objects where they can. */
export function withAt(values: Value, path: string, value: Value): Value {
  return placed(values, stepsOf(path), value);
}

function placed(here: Value, steps: (string | number)[], value: Value): Value {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (typeof step === "number") {
    const list = Array.isArray(here) ? [...here] : [];
    while (list.length < step) list.push(undefined);
    list[step] = placed(list[step], rest, value);
    return list;
  }
  const before = here !== null && typeof here === "object" && !Array.isArray(here) ? here : {};
  return { ...before, [step]: placed(before[step], rest, value) };
}

/** Tell whether nothing was typed here. */
export function isBlank(value: Value): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "string") return value.trim() === "";
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.values(value).every(isBlank);
}

const WHOLE = /^\d{1,3}(?:[ ,\u00a0\u202f]\d{3})+$|^-?\d{1,15}$/;

/** Return the number that was typed, "7,200" or "7 200"; else the text as it is, for the check to name. */
export function numberOf(typed: string): number | string {
  const text = typed.trim();
  return WHOLE.test(text) ? Number(text.replace(/[ ,\u00a0\u202f]/g, "")) : text;
}

/** Return the document that a form's values mean: blanks left out, figures as figures. Items of lists keep their place. */
export function documentOf(grammar: Grammar, fields: readonly Field[], values: Values): Values {
  const made: Values = {};
  for (const field of fields) {
    const value = valueOf(grammar, field, values[field.name]);
    if (!isBlank(value)) made[field.name] = value;
  }
  for (const tag of ["kind", "shape", "piece"]) {
    if (typeof values[tag] === "string" && values[tag] && !(tag in made)) made[tag] = values[tag];
  }
  return made;
}

function valueOf(grammar: Grammar, field: Field, value: Value): Value {
  if (isBlank(value) && field.widget !== "list") return undefined;
  switch (field.widget) {
    case "number":
      return typeof value === "string" ? numberOf(value) : value;
    case "list":
      return listOf(grammar, itemOf(grammar, field), value);
    case "group":
      return isRecord(value) ? documentOf(grammar, fieldsOf(grammar, field.schema), value) : value;
    case "either":
      return chosenOf(grammar, field, value);
    default:
      return typeof value === "string" ? value.trim() : value;
  }
}

function listOf(grammar: Grammar, item: Field, value: Value): Value {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const blank: Value = item.widget === "group" || item.widget === "either" ? {} : "";
  return value.map((one) => valueOf(grammar, item, one) ?? blank);
}

function chosenOf(grammar: Grammar, field: Field, value: Value): Value {
  if (!isRecord(value)) return value;
  const chosen = optionsOf(grammar, field).find((one) => one.tag === value[one.tagField]);
  return chosen ? documentOf(grammar, fieldsOf(grammar, chosen.schema), value) : value;
}

export function isRecord(value: unknown): value is Values {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
