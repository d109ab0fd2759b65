/** Lists in a form: parties to tick, positions one a line, words one a line, and parts of their own. */
import type { JSX } from "preact";
import { many, say } from "../../words";
import { Faults, FieldView, Fields, Help, Part, type Drawn } from "./fields";
import { fieldsOf, itemOf } from "./model";
import { placeOf, shown } from "./places";
import { idOf } from "./state";
import { isRecord } from "./values";

export function Lists({ form, field, path }: Drawn): JSX.Element {
  const item = itemOf(form.grammar, field);
  if (field.name === "addressees" && form.parties.length) return <Parties form={form} field={field} path={path} />;
  if (item.widget === "group" || item.widget === "either") return <PartList form={form} field={field} path={path} />;
  return <LineList form={form} field={field} path={path} />;
}

/** Who is addressed: the parties of the line, ticked; none ticked means every one. */
function Parties({ form, field, path }: Drawn): JSX.Element {
  const value = form.at(path);
  const ticked = new Set(Array.isArray(value) ? value.map(String) : []);
  const tick = (party: string, isTicked: boolean) => {
    const next = new Set(ticked);
    if (isTicked) next.add(party);
    else next.delete(party);
    form.set(path, next.size ? [...next].sort() : undefined);
  };
  return (
    <fieldset class="part ticks" id={idOf(path)} tabIndex={-1}>
      <legend>{field.label}</legend>
      {form.parties.map((party) => (
        <label key={party}>
          <input type="checkbox" checked={ticked.has(party)} onChange={(event) => tick(party, event.currentTarget.checked)} /> {party}
        </label>
      ))}
      <p class="help">{say("None ticked: every member of the line.")}</p>
      <Faults form={form} path={path} isWhole />
    </fieldset>
  );
}

/** Short items, one a line: typed, or pasted from elsewhere. */
function LineList({ form, field, path }: Drawn): JSX.Element {
  const item = itemOf(form.grammar, field);
  const value = form.at(path);
  const items = Array.isArray(value) ? value.map((one) => (typeof one === "string" ? one : "")) : [];
  const isPositions = item.widget === "position";
  const isWrong = form.faultsAt(path, true).length > 0;
  const type = (text: string) => {
    const lines = text.split("\n");
    form.set(path, text ? lines : undefined);
  };
  const tidy = () => {
    const kept = items.filter((one) => one.trim());
    if (kept.length !== items.length) form.set(path, kept.length ? kept : undefined);
    form.leave(path);
  };
  return (
    <div class={`field field-lines${isWrong ? " is-wrong" : ""}`}>
      <label for={idOf(path)}>
        {field.label}
        {field.isRequired ? <span class="needed"> {say("needed")}</span> : null}
      </label>
      <textarea
        id={idOf(path)}
        rows={Math.max(isPositions ? 4 : 2, items.length + 1)}
        aria-invalid={isWrong}
        aria-describedby={`${idOf(path)}-help ${idOf(path)}-faults`}
        placeholder={isPositions ? "54-30N 020-15E\n54-30N 021-00E\n54-00N 021-00E" : ""}
        value={items.join("\n")}
        onInput={(event) => type(event.currentTarget.value)}
        onBlur={tidy}
      />
      <p class="help">{isPositions ? say("One position a line: latitude, then longitude, each with its letter.") : say("One a line.")}</p>
      {isPositions && items.length ? <output class="echo">{echoOf(items)}</output> : null}
      <Help field={field} path={path} />
      <Faults form={form} path={path} isWhole />
    </div>
  );
}

function echoOf(items: readonly string[]): string {
  const typed = items.filter((one) => one.trim());
  const read = typed.map(placeOf);
  const wrong = read.findIndex((one) => one === null);
  if (wrong >= 0) return say("Line {number} is not read as a position yet.", { number: wrong + 1 });
  const first = read[0];
  return first
    ? `${many("{count} position", "{count} positions", read.length)}: ${shown(first)}${read.length > 1 ? ", …" : ""}`
    : "";
}

/** Parts of their own, each with fields: forces, areas, phases. */
function PartList({ form, field, path }: Drawn): JSX.Element {
  const item = itemOf(form.grammar, field);
  const value = form.at(path);
  const items = Array.isArray(value) ? value : [];
  const add = () => {
    form.set(path, [...items, {}]);
    requestAnimationFrame(() => document.getElementById(idOf(`${path}[${items.length}]`))?.focus());
  };
  return (
    <section class="part-list" aria-label={field.label}>
      {items.map((one, index) => {
        const here = `${path}[${index}]`;
        return (
          <Part
            key={index}
            form={form}
            field={item}
            path={here}
            title={titleOf(field.label, index, one)}
            takeOut={() => form.takeOut(path, index)}
          >
            {item.widget === "either" ? (
              <FieldView form={form} field={{ ...item, label: field.label, isRequired: true }} path={here} />
            ) : (
              <Fields form={form} fields={fieldsOf(form.grammar, item.schema)} path={here} />
            )}
          </Part>
        );
      })}
      <div class={`field field-absent${form.faultsAt(path, false).length ? " is-wrong" : ""}`}>
        <button type="button" class="add" id={idOf(path)} onClick={add} onBlur={() => form.leave(path)}>
          {items.length ? say("Add another: {what}", { what: field.label }) : say("Add: {what}", { what: field.label })}
        </button>
        {field.isRequired && !items.length ? <span class="needed"> {say("needed")}</span> : null}
        {items.length ? null : <Help field={field} path={path} />}
        <Faults form={form} path={path} isWhole={false} />
      </div>
    </section>
  );
}

/** Return "Forces 1 (NO)": which of them it is, by what tells it apart. */
function titleOf(label: string, index: number, value: unknown): string {
  const known = isRecord(value) ? (value["name"] ?? value["designation"] ?? value["state"] ?? value["type"] ?? value["title"]) : null;
  return typeof known === "string" && known.trim() ? `${label} ${index + 1} (${known.trim()})` : `${label} ${index + 1}`;
}
