/** A form while it is filled in: its values, what the desk found in them, and which fields a person has left. */
import { computed, signal } from "@preact/signals";
import type { FaultDocument } from "../../answers";
import type { Field, Grammar, Terms } from "./model";
import { fieldsOf } from "./model";
import { at, documentOf, joined, stepsOf, withAt, type Value, type Values } from "./values";

export class Form {
  readonly values = signal<Values>({});
  readonly faults = signal<readonly FaultDocument[]>([]);
  readonly warnings = signal<readonly FaultDocument[]>([]);
  /** Paths that a person has left; a fault is shown there before everything is asked to be sent */
  readonly left = signal<ReadonlySet<string>>(new Set());
  /** Whether every fault is shown, because a person tried to go on */
  readonly isAsked = signal(false);
  readonly isChanged = signal(false);
  readonly fields: Field[];
  readonly document = computed(() => ({ kind: this.kind, ...documentOf(this.grammar, this.fields, this.values.value) }));

  constructor(
    readonly kind: string,
    readonly grammar: Grammar,
    schema: Readonly<Record<string, unknown>>,
    readonly parties: readonly string[],
    readonly states: Terms,
  ) {
    this.fields = fieldsOf(grammar, schema);
  }

  at(path: string): Value {
    return at(this.values.value, path);
  }

  set(path: string, value: Value): void {
    this.values.value = withAt(this.values.value, path, value) as Values;
    this.isChanged.value = true;
  }

  /** Take an item out of a list; what was left behind it moves up, and so do the marks of what was touched. */
  takeOut(path: string, index: number): void {
    const list = this.at(path);
    if (!Array.isArray(list)) return;
    this.set(
      path,
      list.filter((_, place) => place !== index),
    );
    this.left.value = new Set([...this.left.value].filter((one) => !one.startsWith(`${path}[`)));
  }

  leave(path: string): void {
    if (!this.left.value.has(path)) this.left.value = new Set([...this.left.value, path]);
  }

  /** Return the faults to show at a field. isWhole: it is drawn as one, with what is within it. */
  faultsAt(path: string, isWhole: boolean): readonly FaultDocument[] {
    const isWithin = (one: string) => isWhole && (one.startsWith(`${path}.`) || one.startsWith(`${path}[`));
    return this.faults.value.filter(
      (one) => (one.path === path || isWithin(one.path)) && (this.isAsked.value || this.left.value.has(path)),
    );
  }

  /** Return the words for a path: "Forces 1: Troops". */
  nameOf(path: string): string {
    return named(this.grammar, this.fields, stepsOf(path));
  }
}

function named(grammar: Grammar, fields: readonly Field[], steps: (string | number)[]): string {
  const found: string[] = [];
  let here = fields;
  for (const step of steps) {
    if (typeof step === "number") {
      found.push(`${found.pop() ?? ""} ${step + 1}`.trim());
      continue;
    }
    const field = here.find((one) => one.name === step);
    if (!field) {
      found.push(step);
      here = [];
      continue;
    }
    found.push(field.label);
    const inner = field.widget === "list" ? (field.schema["items"] as Readonly<Record<string, unknown>>) : field.schema;
    here = withinOf(grammar, inner);
  }
  return found.join(": ");
}

function withinOf(grammar: Grammar, schema: Readonly<Record<string, unknown>>): Field[] {
  const options = schema["anyOf"];
  if (!Array.isArray(options)) return fieldsOf(grammar, schema);
  return options.flatMap((one) => fieldsOf(grammar, one as Readonly<Record<string, unknown>>));
}

/** Return an id for a path that a selector can name. */
export function idOf(path: string): string {
  return `field-${path.replace(/[.[\]]+/g, "-").replace(/-$/, "")}`;
}

/** Return the path of the field in which a fault is to be shown: the nearest one that is drawn. */
export function nearest(path: string): string {
  let here = path;
  while (here && !document.getElementById(idOf(here))) {
    const steps = stepsOf(here).slice(0, -1);
    here = steps.reduce<string>((before, step) => joined(before, step), "");
  }
  return here;
}
