/** Accounts of one thing next to each other: what each side said in full, and the facts in which they differ. */
import type { JSX } from "preact";
import { ask } from "../api";
import type { EntryDocument, EntryRow, FormsDocument } from "../answers";
import { distance, span } from "../formats";
import { address } from "../route";
import { language, many, say } from "../words";
import { Visible, VisibleText } from "../visible";
import { factsOf, type Fact } from "./differences";
import { clock } from "./forms/moments";
import { useLoaded, type Loaded } from "./load";
import { Standing, States, termsOf, Trouble } from "./pieces";

/** Whether an object is a row of the record. */
export function isRow(value: unknown): value is EntryRow {
  return value !== null && typeof value === "object" && "ref" in value && "line" in value && "member" in value && "states" in value;
}

/** Load the entries of rows in full. */
export function useEntries(rows: readonly EntryRow[]): Loaded<readonly EntryDocument[]> {
  const key = rows.map((one) => `${one.line}/${one.ref}/${one.standing}`).join(" ");
  return useLoaded(key, [], (stop) =>
    Promise.all(rows.map((one) => ask<EntryDocument>(`entries/${encodeURIComponent(one.line)}/${encodeURIComponent(one.ref)}`, {}, stop))),
  );
}

/** The newest of a side's accounts that still stands; else its newest. */
export function current(rows: readonly EntryRow[]): EntryRow | undefined {
  const newest = [...rows].sort((a, b) => b.clock_ms - a.clock_ms);
  return newest.find((one) => !one.standing || one.standing === "said") ?? newest[0];
}

/** Return the notice that an entry stands for: what a correction says again, else the notice itself. */
export function meant(document: EntryDocument): Readonly<Record<string, unknown>> {
  const notice = document.notice ?? {};
  const corrected = notice["corrected"];
  return corrected !== null && typeof corrected === "object" ? (corrected as Readonly<Record<string, unknown>>) : notice;
}

/** Accounts side by side, the facts above them. */
export function Accounts({ rows, forms }: { rows: readonly EntryRow[]; forms: FormsDocument | null }): JSX.Element {
  const loaded = useEntries(rows);
  const documents = loaded.value ?? [];
  return (
    <>
      <Trouble loaded={loaded} />
      {documents.length > 1 ? <Facts documents={documents} forms={forms} /> : null}
      <div class="sides">
        {documents.map((one) => (
          <Account key={one.row.line + one.row.ref} document={one} />
        ))}
      </div>
    </>
  );
}

function Account({ document }: { document: EntryDocument }): JSX.Element {
  const { row, texts } = document;
  const shown = texts[language.value] ?? Object.values(texts)[0] ?? "";
  return (
    <section class="side">
      <h3>
        <Visible text={row.member} /> <span class="muted">{row.is_own ? say("our account") : say("their account")}</span>
      </h3>
      <p class="row-facts">
        <a href={address(["record", row.line, row.ref])}>{row.ref}</a> · <time>{clock(row.received_ms ?? row.clock_ms)}</time> <Standing row={row} /> {row.is_own ? <States states={row.states} /> : null}
      </p>
      <div class="notice-text" tabIndex={0}>
        <VisibleText text={shown} />
      </div>
    </section>
  );
}

/** Facts, one a row, each side's word in its column; where they differ, a sign, a word and how far apart. */
export function Facts({ documents, forms }: { documents: readonly EntryDocument[]; forms: FormsDocument | null }): JSX.Element | null {
  const facts = factsOf(documents.map(meant));
  if (!facts.length) return null;
  const terms = termsOf(forms);
  const count = facts.filter((one) => one.differs).length;
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={say("Facts of each side")}>
      <table class="facts-table">
        <caption>{count ? many("The accounts differ in {count} fact.", "The accounts differ in {count} facts.", count) : say("The accounts differ in none of these facts.")}</caption>
        <thead>
          <tr>
            <th scope="col">{say("Fact")}</th>
            {documents.map((one) => (
              <th scope="col" key={one.row.ref}>
                <Visible text={one.row.member} />
              </th>
            ))}
            <th scope="col">{say("Compared")}</th>
          </tr>
        </thead>
        <tbody>
          {facts.map((one) => (
            <tr key={one.name} class={one.differs ? "differs" : ""}>
              <th scope="row">{factName(one.name)}</th>
              {one.said.map((said, index) => (
                <td key={index}>{said ? <Visible text={one.nature === "word" ? (terms[said] ?? said) : said} /> : <span class="muted">{say("not said")}</span>}</td>
              ))}
              <td>{comparison(one)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function comparison(fact: Fact): string {
  if (fact.said.filter(Boolean).length < 2) return say("one side only");
  if (!fact.differs) return say("= agree");
  if (fact.apart === null) return say("≠ differ");
  return say("≠ differ by {much}", { much: fact.nature === "time" ? span(fact.apart) : distance(fact.apart) });
}

function factName(name: string): string {
  const names: Record<string, string> = {
    at: say("Began at"),
    happened_at: say("Happened at"),
    ended_at: say("Ended at"),
    next_at: say("Next contact"),
    position: say("Position"),
    place: say("Place"),
    medium: say("Form of contact"),
    incident_type: say("Kind of incident"),
    distance_m: say("Least distance, m"),
    height_difference_m: say("Difference in height, m"),
    killed: say("Killed"),
    injured: say("Injured"),
    severity: say("Severity"),
    offices: say("Offices"),
    own: say("Ships and aircraft of the first side"),
    others: say("Ships and aircraft of the second side"),
    topics: say("Topics"),
  };
  return names[name] ?? name;
}
