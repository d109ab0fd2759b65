/** Incidents: the accounts of every side next to each other, with the evidence. */
import type { JSX } from "preact";
import { ask } from "../api";
import type { EntryRow, FormsDocument, GroupsDocument, LinesDocument } from "../answers";
import { address } from "../route";
import { may } from "../session";
import { say } from "../words";
import { Visible } from "../visible";
import { size } from "./forms/attachments";
import { useLoaded } from "./load";
import { Frame, RowCard, Trouble, useForms, useLines } from "./pieces";
import { Accounts, current, isRow } from "./sides";

type Plain = Readonly<Record<string, unknown>>;

export default function Incidents(): JSX.Element {
  const lines = useLines();
  const groups = useLoaded("incidents", ["entries"], (stop) => ask<GroupsDocument>("incidents", {}, stop));
  return (
    <Frame
      title={say("Incidents")}
      actions={
        may("draft") ? (
          <a class="button" href={address(["compose", "incident"])}>
            {say("Report an incident")}
          </a>
        ) : null
      }
    >
      <Trouble loaded={groups} />
      {groups.value && groups.value.groups.length === 0 ? <p class="empty">{say("No incident stands in the record.")}</p> : null}
      {(groups.value?.groups ?? []).map((one) => (
        <Incident key={String(one["name"])} group={one} lines={lines.value} />
      ))}
    </Frame>
  );
}

/** Rows by member, whatever else the group holds. */
export function rowsBy(value: unknown): [string, ReturnType<typeof rowsOf>][] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [];
  return Object.entries(value as Plain).map(([member, rows]) => [member, rowsOf(rows)]);
}

export function rowsOf(value: unknown) {
  return (Array.isArray(value) ? value : [value]).filter(isRow);
}

function Incident({ group, lines }: { group: Plain; lines: LinesDocument | undefined }): JSX.Element {
  const forms = useForms();
  const accounts = rowsBy(group["accounts"]);
  const stands = accounts.flatMap(([, rows]) => current(rows) ?? []);
  const older = accounts.flatMap(([, rows]) => rows).filter((one) => !stands.includes(one));
  const silent = silentIn(stands, lines);
  const others = rowsOf(group["others"] ?? []);
  const evidence = Array.isArray(group["evidence"]) ? group["evidence"] : [];
  return (
    <article class="card group">
      <h2>
        <Visible text={stands[0]?.title || String(group["name"] ?? "")} />
      </h2>
      <p class="row-facts">
        <Visible text={String(group["name"] ?? "")} />
      </p>
      <Accounts rows={stands} forms={forms} />
      {silent.map((one) => (
        <p class="note" key={one}>
          {say("{member} has given no account.", { member: one })}
        </p>
      ))}
      <Folded title={say("What was said before")} rows={older} forms={forms} lines={lines} />
      <Folded title={say("What goes with it")} rows={others} forms={forms} lines={lines} />
      <h3>{say("Evidence")}</h3>
      {evidence.length === 0 ? <p class="muted">{say("None is attached.")}</p> : null}
      <ul class="rows">
        {evidence.map((one, index) => (
          <li key={index}>
            <Evidence value={one} line={String(group["line"] ?? stands[0]?.line ?? "")} lines={lines} />
          </li>
        ))}
      </ul>
    </article>
  );
}

/** Members of the line who have said nothing about it. */
function silentIn(rows: readonly { line: string; member: string }[], lines: LinesDocument | undefined): string[] {
  const line = lines?.lines.find((one) => one.line === rows[0]?.line);
  const spoke = new Set(rows.map((one) => one.member));
  const parties = (line?.parties ?? []).filter((one) => one.is_member).map((one) => one.member);
  return [...new Set([...parties, lines?.member ?? ""])].filter((one) => one && line && !spoke.has(one));
}

/** An attachment of an account, a row of the record, or words. */
function Evidence({ value, line: ofGroup, lines }: { value: unknown; line: string; lines: LinesDocument | undefined }): JSX.Element {
  const forms = useForms();
  if (isRow(value)) return <RowCard row={value} forms={forms} lines={lines} />;
  if (value === null || typeof value !== "object") return <Visible text={String(value)} />;
  const one = value as Plain;
  const line = String(one["line"] ?? ofGroup);
  const ref = String(one["ref"] ?? "");
  const words = [one["media_type"], one["said_by"], one["said_at"], one["read_in"], typeof one["size"] === "number" ? size(one["size"]) : null].filter((part) => part !== undefined && part !== null).map(String);
  const index = typeof one["index"] === "number" ? one["index"] : null;
  return (
    <p>
      {ref && line ? <a href={address(["record", line, ref])}>{ref}</a> : null} <Visible text={words.join(", ") || JSON.stringify(one)} />{" "}
      {index !== null && ref && line ? (
        <a class="button small" href={`/api/v1/entries/${encodeURIComponent(line)}/${encodeURIComponent(ref)}/content/${index}`} download>
          {say("Save")}
        </a>
      ) : null}
    </p>
  );
}

/** Rows that are shown when somebody asks for them; nothing where there are none. */
function Folded(given: { title: string; rows: readonly EntryRow[]; forms: FormsDocument | null; lines: LinesDocument | undefined }): JSX.Element | null {
  if (!given.rows.length) return null;
  return (
    <details>
      <summary>{given.title}</summary>
      <ul class="rows">
        {given.rows.map((one) => (
          <li key={one.ref}>
            <RowCard row={one} forms={given.forms} lines={given.lines} />
          </li>
        ))}
      </ul>
    </details>
  );
}
