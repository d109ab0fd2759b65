/** Contacts: asked for, agreed on, held; and what each side says was said, side by side. */
import type { JSX } from "preact";
import { ask } from "../api";
import type { EntryRow, GroupsDocument, LinesDocument } from "../answers";
import { address } from "../route";
import { may } from "../session";
import { say } from "../words";
import { Visible } from "../visible";
import { rowsBy, rowsOf } from "./incidents";
import { useLoaded } from "./load";
import { Frame, RowCard, Trouble, useForms, useLines } from "./pieces";
import { Accounts, current } from "./sides";

type Plain = Readonly<Record<string, unknown>>;

export default function Contacts(): JSX.Element {
  const lines = useLines();
  const groups = useLoaded("contacts", ["entries"], (stop) => ask<GroupsDocument>("contacts", {}, stop));
  return (
    <Frame
      title={say("Contacts")}
      actions={
        may("draft") ? (
          <a class="button" href={address(["compose", "contact_request"])}>
            {say("Ask for a contact")}
          </a>
        ) : null
      }
    >
      <Trouble loaded={groups} />
      {groups.value && groups.value.groups.length === 0 ? <p class="empty">{say("No contact stands in the record.")}</p> : null}
      {(groups.value?.groups ?? []).map((one) => (
        <Contact key={String(one["name"])} group={one} lines={lines.value} />
      ))}
    </Frame>
  );
}

const STEPS = ["contact_request", "contact_agreement", "contact_record"] as const;

function stepName(kind: string): string {
  const names: Record<string, string> = { contact_request: say("Asked for"), contact_agreement: say("Agreed on"), contact_record: say("Held") };
  return names[kind] ?? kind;
}

function Contact({ group, lines }: { group: Plain; lines: LinesDocument | undefined }): JSX.Element {
  const forms = useForms();
  const steps = rowsOf(group["steps"]);
  const readouts = rowsBy(group["readouts"]).flatMap(([, rows]) => current(rows) ?? []);
  return (
    <article class="card group">
      <h2>
        <Visible text={steps[0]?.title ?? readouts[0]?.title ?? String(group["name"] ?? "")} />
      </h2>
      <ol class="steps">
        {STEPS.map((kind) => (
          <Step key={kind} kind={kind} rows={steps.filter((one) => one.kind === kind)} />
        ))}
        <li class={readouts.length ? "is-done" : ""}>
          <span aria-hidden="true">{readouts.length ? "●" : "○"}</span> {say("Read out by {count}", { count: readouts.length })}
        </li>
      </ol>
      <ul class="rows">
        {steps.map((one) => (
          <li key={one.ref}>
            <RowCard row={one} forms={forms} lines={lines} />
          </li>
        ))}
      </ul>
      <h3>{say("Readouts")}</h3>
      {readouts.length ? <Accounts rows={readouts} forms={forms} /> : <p class="muted">{say("No side has said yet what was said.")}</p>}
    </article>
  );
}

function Step({ kind, rows }: { kind: string; rows: readonly EntryRow[] }): JSX.Element {
  return (
    <li class={rows.length ? "is-done" : ""}>
      <span aria-hidden="true">{rows.length ? "●" : "○"}</span> {stepName(kind)}
      {rows.length ? ` (${rows.map((one) => one.member).join(", ")})` : ""}
    </li>
  );
}
