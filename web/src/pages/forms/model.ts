/**
 * A kind of notice as a form: the fields of its JSON Schema, each with the word that people read and what to type.
 *
 * The schema is the record's; nothing about a kind is written down here, so a new kind of notice is a new form.
 */

type Schema = Readonly<Record<string, unknown>>;
export type Terms = Readonly<Record<string, string>>;

export type Widget =
  | "line"
  | "text"
  | "moment"
  | "state"
  | "number"
  | "decimal"
  | "yes-no"
  | "only-yes"
  | "choice"
  | "position"
  | "group"
  | "list"
  | "either"
  | "fixed";

/** One of several shapes that a field may have; `tag` is what its `tagField` then says. */
export interface Option {
  tag: string;
  tagField: string;
  label: string;
  schema: Schema;
}

export interface Field {
  name: string;
  label: string;
  help: string;
  isRequired: boolean;
  widget: Widget;
  /** What is measured, from the label's end: "m", "kHz", "t" */
  unit: string;
  choices: readonly string[];
  lengthMost: number;
  least: number | null;
  most: number | null;
  pattern: string;
  schema: Schema;
}

/** The schema's parts and the reader's words, as every form has them. */
export interface Grammar {
  definitions: Readonly<Record<string, Schema>>;
  terms: Terms;
}

const MOMENT = "^[0-9]{4}(-[0-9]{2}";
const STATE = "^[A-Z]{2}$";
const DECIMAL = /\\\.\[0-9\]\{0,5\}\[1-9\]/;
const LINE_MOST = 300;
const UNIT = /^(.*), (m|km|t|kHz|NM|ft|kn|h|deg)$/;

/** Return the word that people read for a code or a title of the record. */
export function termOf(grammar: Grammar, code: string): string {
  return grammar.terms[code] ?? code;
}

/** Follow `$ref`; what stands beside it (title, description) wins. */
export function resolved(grammar: Grammar, schema: Schema): Schema {
  const reference = schema["$ref"];
  if (typeof reference !== "string") return schema;
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  const { $ref: _, ...own } = schema;
  return { ...grammar.definitions[name], ...own, "x-name": name };
}

/** Return the fields of an object in the order of its schema; what is the same for all (kind, format) is left out. */
export function fieldsOf(grammar: Grammar, schema: Schema): Field[] {
  const whole = resolved(grammar, schema);
  const properties = (whole["properties"] ?? {}) as Record<string, Schema>;
  const required = new Set((whole["required"] ?? []) as string[]);
  return Object.entries(properties)
    .map(([name, one]) => fieldOf(grammar, name, one, required.has(name)))
    .filter((one) => one.widget !== "fixed");
}

/** Return one field, ready to be drawn. */
export function fieldOf(grammar: Grammar, name: string, given: Schema, isRequired: boolean): Field {
  const schema = resolved(grammar, given);
  const title = typeof given["title"] === "string" ? given["title"] : String(schema["title"] ?? name);
  const label = termOf(grammar, title);
  const unit = UNIT.exec(label);
  return {
    name,
    label: unit?.[1] ?? label,
    help: termOf(grammar, String(given["description"] ?? "")),
    isRequired,
    widget: widgetOf(schema),
    unit: unit?.[2] ?? "",
    choices: (schema["enum"] ?? []) as string[],
    lengthMost: Number(schema["maxLength"] ?? LINE_MOST),
    least: typeof schema["minimum"] === "number" ? schema["minimum"] : null,
    most: typeof schema["maximum"] === "number" ? schema["maximum"] : null,
    pattern: String(schema["pattern"] ?? ""),
    schema,
  };
}

function widgetOf(schema: Schema): Widget {
  if (schema["x-name"] === "Position") return "position";
  if (Array.isArray(schema["anyOf"])) return "either";
  const choices = schema["enum"];
  if (Array.isArray(choices)) return choices.length === 1 ? "fixed" : "choice";
  switch (schema["type"]) {
    case "boolean":
      return schema["const"] === true ? "only-yes" : "yes-no";
    case "integer":
      return "number";
    case "array":
      return "list";
    case "object":
      return "group";
    default:
      return textWidget(schema);
  }
}

function textWidget(schema: Schema): Widget {
  const pattern = String(schema["pattern"] ?? "");
  if (pattern.startsWith(MOMENT)) return "moment";
  if (pattern === STATE) return "state";
  if (DECIMAL.test(pattern)) return "decimal";
  return Number(schema["maxLength"] ?? 0) > LINE_MOST ? "text" : "line";
}

/** Return what the items of a list are. */
export function itemOf(grammar: Grammar, field: Field): Field {
  return fieldOf(grammar, field.name, (field.schema["items"] ?? {}) as Schema, true);
}

/** Return the shapes that a field may have, by the tag that tells them apart. */
export function optionsOf(grammar: Grammar, field: Field): Option[] {
  const options = (field.schema["anyOf"] ?? []) as Schema[];
  return options.map((one) => {
    const schema = resolved(grammar, one);
    const properties = (schema["properties"] ?? {}) as Record<string, Schema>;
    const tagField = ["kind", "shape", "piece"].find((name) => Array.isArray(properties[name]?.["enum"])) ?? "";
    const tag = String((properties[tagField]?.["enum"] as string[] | undefined)?.[0] ?? "");
    return { tag, tagField, label: termOf(grammar, tag), schema };
  });
}

/** Names of fields that every kind has and that a form shows apart: who, when, and what it goes with. */
export const HEAD = ["title", "addressees", "activity", "precedence"] as const;
export const MARGIN = ["author", "issued_at", "number", "references", "fulfils", "sources", "critical"] as const;

/** Sort the fields of a kind into the head, its own matter, and the margin. */
export function sections(fields: readonly Field[]): { head: Field[]; matter: Field[]; margin: Field[] } {
  const isIn = (names: readonly string[]) => (one: Field) => names.includes(one.name);
  const remarks = fields.filter((one) => one.name === "remarks");
  return {
    head: HEAD.flatMap((name) => fields.filter((one) => one.name === name)),
    matter: [...fields.filter((one) => !isIn([...HEAD, ...MARGIN, "remarks"])(one)), ...remarks],
    margin: fields.filter(isIn(MARGIN)),
  };
}
