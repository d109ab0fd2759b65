/** The fields of a form, drawn: each with its word, what it means, its unit, and its faults beside it. */
import type { ComponentChildren, JSX } from "preact";
import { number, say } from "../../words";
import { DrawShape } from "./draw";
import { Lists } from "./lists";
import { fieldsOf, optionsOf, termOf, type Field } from "./model";
import { momentOf, minuteOf, tidied } from "./moments";
import { placeOf, shown } from "./places";
import { idOf, type Form } from "./state";
import { isBlank, joined, type Value } from "./values";

export interface Drawn {
  form: Form;
  field: Field;
  path: string;
}

/** A field with whatever it needs, by what its schema is. */
export function FieldView({ form, field, path }: Drawn): JSX.Element {
  switch (field.widget) {
    case "group":
      return <Group form={form} field={field} path={path} />;
    case "either":
      return <Either form={form} field={field} path={path} />;
    case "list":
      return <Lists form={form} field={field} path={path} />;
    default:
      return <Plain form={form} field={field} path={path} />;
  }
}

/** All fields of an object, one below the other. */
export function Fields({ form, fields, path }: { form: Form; fields: readonly Field[]; path: string }): JSX.Element {
  return (
    <div class="fields">
      {fields.map((one) => (
        <FieldView key={one.name} form={form} field={one} path={joined(path, one.name)} />
      ))}
    </div>
  );
}

/** The faults of a field, in words. */
export function Faults({ form, path, isWhole }: { form: Form; path: string; isWhole: boolean }): JSX.Element | null {
  const faults = form.faultsAt(path, isWhole);
  if (!faults.length) return null;
  return (
    <ul class="faults" id={`${idOf(path)}-faults`}>
      {faults.map((one) => (
        <li key={one.path + one.message}>{one.message}</li>
      ))}
    </ul>
  );
}

function Plain({ form, field, path }: Drawn): JSX.Element {
  const id = idOf(path);
  const isWrong = form.faultsAt(path, true).length > 0;
  return (
    <div class={`field field-${field.widget}${isWrong ? " is-wrong" : ""}`}>
      <label for={id}>
        {field.label}
        {field.isRequired ? <span class="needed"> {say("needed")}</span> : null}
      </label>
      <div class="field-input">
        <Input form={form} field={field} path={path} isWrong={isWrong} />
        {field.unit ? <span class="unit">{field.unit}</span> : null}
      </div>
      <Echo form={form} field={field} path={path} />
      <Help field={field} path={path} />
      <Faults form={form} path={path} isWhole />
    </div>
  );
}

export function Help({ field, path }: { field: Field; path: string }): JSX.Element | null {
  const range = field.widget === "number" && field.most !== null && field.least !== null && field.most < 5_000_000;
  const text = [
    field.widget === "position" ? say("Latitude, then longitude, each with its letter: {example}. WGS 84.", { example: "54-30.5N 020-15E" }) : field.help,
    range ? say("From {least} to {most}.", { least: number(field.least ?? 0), most: number(field.most ?? 0) }) : "",
  ].filter(Boolean);
  return text.length ? (
    <p class="help" id={`${idOf(path)}-help`}>
      {text.join(" ")}
    </p>
  ) : null;
}

function Input({ form, field, path, isWrong }: Drawn & { isWrong: boolean }): JSX.Element {
  const value = form.at(path);
  const shared = {
    id: idOf(path),
    "aria-describedby": `${idOf(path)}-help ${idOf(path)}-faults`,
    "aria-invalid": isWrong,
    "aria-required": field.isRequired,
    onBlur: () => form.leave(path),
  };
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const type = (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => form.set(path, event.currentTarget.value);
  switch (field.widget) {
    case "text":
      return <textarea {...shared} rows={4} value={text} onInput={type} dir="auto" />;
    case "choice":
      return <Choice {...shared} form={form} field={field} path={path} />;
    case "yes-no":
      return <YesNo {...shared} value={value} give={(given) => form.set(path, given)} />;
    case "only-yes":
      return (
        <input
          {...shared}
          type="checkbox"
          checked={value === true}
          onChange={(event) => form.set(path, event.currentTarget.checked || undefined)}
        />
      );
    case "moment":
      return <Moment shared={shared} form={form} path={path} text={text} />;
    case "state":
      return <input {...shared} type="text" list="states" autocomplete="off" size={4} value={text} onInput={(event) => form.set(path, event.currentTarget.value.toUpperCase())} />;
    default:
      return (
        <input
          {...shared}
          type="text"
          autocomplete="off"
          dir="auto"
          inputMode={field.widget === "number" ? "numeric" : field.widget === "decimal" ? "decimal" : "text"}
          placeholder={field.widget === "position" ? "54-30.5N 020-15E" : ""}
          value={text}
          onInput={type}
        />
      );
  }
}

type Shared = Record<string, unknown>;

function Choice({ form, field, path, ...shared }: Drawn & Shared): JSX.Element {
  return (
    <select {...shared} value={String(form.at(path) ?? "")} onChange={(event) => form.set(path, event.currentTarget.value || undefined)}>
      <option value="">{field.name === "precedence" ? termOf(form.grammar, "routine") : say("not stated")}</option>
      {field.choices.map((one) => (
        <option key={one} value={one}>
          {termOf(form.grammar, one)}
        </option>
      ))}
    </select>
  );
}

function YesNo({ value, give, ...shared }: { value: Value; give: (value: Value) => void } & Shared): JSX.Element {
  const shown = value === true ? "yes" : value === false ? "no" : "";
  return (
    <select {...shared} value={shown} onChange={(event) => give({ yes: true, no: false }[event.currentTarget.value])}>
      <option value="">{say("not stated")}</option>
      <option value="yes">{say("yes")}</option>
      <option value="no">{say("no")}</option>
    </select>
  );
}

function Moment({ shared, form, path, text }: { shared: Shared; form: Form; path: string; text: string }): JSX.Element {
  return (
    <>
      <input
        {...shared}
        type="text"
        autocomplete="off"
        placeholder="2030-05-01T06:00Z"
        value={text}
        onInput={(event) => form.set(path, event.currentTarget.value)}
        onBlur={() => {
          if (tidied(text) !== text) form.set(path, tidied(text));
          form.leave(path);
        }}
      />
      <button type="button" class="small" onClick={() => form.set(path, minuteOf(Date.now()))}>
        {say("Now")}
      </button>
    </>
  );
}

/** What was typed, as it was understood: a slip is seen before it is sent. */
function Echo({ form, field, path }: Drawn): JSX.Element | null {
  const value = form.at(path);
  if (typeof value !== "string" || isBlank(value)) return null;
  let echo = "";
  if (field.widget === "position") {
    const place = placeOf(value);
    echo = place ? shown(place) : "";
  } else if (field.widget === "state") {
    echo = form.states[value] ?? "";
  } else if (field.widget === "moment") {
    const stated = momentOf(value);
    echo = stated ? sentence(stated.from_ms, stated.precision) : "";
  }
  return echo ? <output class="echo">{echo}</output> : null;
}

function sentence(at_ms: number, precision: string): string {
  const text = new Date(at_ms).toISOString();
  const until = { year: 4, month: 7, day: 10, minute: 16, second: 19 }[precision] ?? 19;
  const said = text.slice(0, until).replace("T", " ");
  return precision === "minute" || precision === "second" ? say("{time} UTC", { time: said }) : say("{time}, UTC, no closer", { time: said });
}

/** A part of its own with fields in it. One that may stay out stays closed until it is wanted. */
function Group({ form, field, path }: Drawn): JSX.Element {
  const isThere = form.at(path) !== undefined;
  if (!field.isRequired && !isThere) {
    return (
      <div class="field field-absent">
        <button type="button" class="add" id={idOf(path)} onClick={() => form.set(path, {})}>
          {say("Add: {what}", { what: field.label })}
        </button>
        <Help field={field} path={path} />
      </div>
    );
  }
  return (
    <Part form={form} field={field} path={path} takeOut={field.isRequired ? null : () => form.set(path, undefined)}>
      <Fields form={form} fields={fieldsOf(form.grammar, field.schema)} path={path} />
    </Part>
  );
}

/** A fieldset with its word, its faults, and a way out. */
export function Part(given: {
  form: Form;
  field: Field;
  path: string;
  takeOut: (() => void) | null;
  title?: string;
  children: ComponentChildren;
}): JSX.Element {
  const { form, field, path } = given;
  return (
    <fieldset class="part" id={idOf(path)} tabIndex={-1}>
      <legend>
        {given.title ?? field.label}
        {field.isRequired && !given.title ? <span class="needed"> {say("needed")}</span> : null}
      </legend>
      {given.title ? null : <Help field={field} path={path} />}
      <Faults form={form} path={path} isWhole={false} />
      {given.children}
      {given.takeOut ? (
        <button type="button" class="small take-out" onClick={given.takeOut}>
          {say("Take out: {what}", { what: given.title ?? field.label })}
        </button>
      ) : null}
    </fieldset>
  );
}

/** One of several shapes: first which, then its fields. */
function Either({ form, field, path }: Drawn): JSX.Element {
  const options = optionsOf(form.grammar, field);
  const value = form.at(path);
  const tagField = options[0]?.tagField ?? "";
  const tag = value !== null && typeof value === "object" && !Array.isArray(value) ? String(value[tagField] ?? "") : "";
  const chosen = options.find((one) => one.tag === tag);
  const isWrong = form.faultsAt(path, false).length > 0;
  return (
    <div class={`either${isWrong ? " is-wrong" : ""}`}>
      <div class="field">
        <label for={idOf(path)}>
          {field.label}
          {field.isRequired ? <span class="needed"> {say("needed")}</span> : null}
        </label>
        <select
          id={idOf(path)}
          value={tag}
          aria-invalid={isWrong}
          aria-describedby={`${idOf(path)}-help ${idOf(path)}-faults`}
          onBlur={() => form.leave(path)}
          onChange={(event) => form.set(path, event.currentTarget.value ? { [tagField]: event.currentTarget.value } : undefined)}
        >
          <option value="">{say("choose")}</option>
          {options.map((one) => (
            <option key={one.tag} value={one.tag}>
              {shapeName(one.tag) || one.label}
            </option>
          ))}
        </select>
        <Help field={field} path={path} />
        <Faults form={form} path={path} isWhole={false} />
      </div>
      {tagField === "shape" ? <DrawShape form={form} path={path} tags={options.map((one) => one.tag)} /> : null}
      {chosen ? <Fields form={form} fields={fieldsOf(form.grammar, chosen.schema)} path={path} /> : null}
    </div>
  );
}

/** Words for shapes, which the record's table of terms has none for. */
export function shapeName(tag: string): string {
  const names: Record<string, string> = {
    polygon: say("polygon: corners joined by straight edges"),
    circle: say("circle: centre and radius"),
    corridor: say("corridor: a way and its width"),
    arc_polygon: say("lines and arcs in turn"),
    point: say("one position, its extent not stated"),
    coastal: say("between a line and a coast"),
    named: say("a name only"),
    line: say("straight line"),
    arc: say("arc about a centre"),
  };
  return names[tag] ?? "";
}
