/** What is owed under agreements: by whom, to whom, by when, and how it compares with what was told. */
import type { JSX } from "preact";
import { ask } from "../api";
import type { FormsDocument, LinesDocument, ObligationsDocument } from "../answers";
import { day, fromNow } from "../formats";
import { note, route } from "../route";
import { many, say } from "../words";
import { useLoaded } from "./load";
import { due, FlagLine, VerdictCard } from "./duties";
import { Frame, termsOf, Trouble, useForms, useLines } from "./pieces";
import { byTime, flagsIn, isOpen, verdictsIn, type Verdict } from "./verdicts";

export default function Owed(): JSX.Element {
  const forms = useForms();
  const lines = useLines();
  const line = route.value.query.get("line") ?? "";
  const loaded = useLoaded(`owed/${line}`, ["entries", "lines"], (stop) => ask<ObligationsDocument>("obligations", { line }, stop));
  const found = lines.value?.lines.find((one) => one.line === line);
  return (
    <Frame title={say("Owed")} line={found}>
      <p class="muted">{say("What agreements say about what stands in the record, to both sides alike. Nothing here is called a breach.")}</p>
      <LinePick lines={lines.value} line={line} />
      <Trouble loaded={loaded} />
      {loaded.value ? <Lists document={loaded.value} forms={forms} now_ms={lines.value?.now_ms ?? Date.now()} /> : null}
    </Frame>
  );
}

/** One line, or every one. */
export function LinePick({ lines, line }: { lines: LinesDocument | undefined; line: string }): JSX.Element {
  return (
    <div class="field">
      <label for="pick-line">{say("Line")}</label>
      <select id="pick-line" value={line} onChange={(event) => note({ line: event.currentTarget.value })}>
        <option value="">{say("every one")}</option>
        {(lines?.lines ?? []).map((one) => (
          <option key={one.line} value={one.line}>
            {one.is_training ? `${say("TRAINING")} ${one.name}` : one.name}
          </option>
        ))}
      </select>
    </div>
  );
}

function Lists({ document, forms, now_ms }: { document: ObligationsDocument; forms: FormsDocument | null; now_ms: number }): JSX.Element {
  const terms = termsOf(forms);
  const verdicts = verdictsIn(document.verdicts);
  const owed = byTime(verdicts.filter((one) => one.outcome === "owed" || one.outcome === "beyond"));
  const open = owed.filter(isOpen);
  const late = open.filter((one) => one.dueUntil_ms !== null && one.dueUntil_ms < now_ms);
  const coming = open.filter((one) => !late.includes(one));
  const done = owed.filter((one) => !isOpen(one));
  const undecided = verdicts.filter((one) => one.outcome === "undecidable");
  const flags = flagsIn(document.verdicts);
  return (
    <>
      <Days title={say("Its time has passed")} verdicts={late} terms={terms} now_ms={now_ms} nothing={say("Nothing whose time has passed.")} />
      <Days title={say("Still to come")} verdicts={coming} terms={terms} now_ms={now_ms} nothing={say("Nothing is owed as far as the record says.")} />
      {flags.length ? (
        <section>
          <h2>{say("What deserves a question")}</h2>
          {flags.map((one, index) => (
            <FlagLine key={index} flag={one} />
          ))}
        </section>
      ) : null}
      <Closed title={many("{count} told", "{count} told", done.length)} verdicts={done} terms={terms} now_ms={now_ms} />
      <Closed title={many("{count} cannot be decided", "{count} cannot be decided", undecided.length)} verdicts={undecided} terms={terms} now_ms={now_ms} />
    </>
  );
}

interface Group {
  title: string;
  verdicts: readonly Verdict[];
  terms: Readonly<Record<string, string>>;
  now_ms: number;
}

/** A calendar as a list: each day once, what is due on it below. */
function Days({ title, verdicts, terms, now_ms, nothing }: Group & { nothing: string }): JSX.Element {
  const days = new Map<string, Verdict[]>();
  for (const one of verdicts) {
    const name = one.dueUntil_ms === null ? due(one) : day(one.dueUntil_ms);
    days.set(name, [...(days.get(name) ?? []), one]);
  }
  return (
    <section class="days">
      <h2>{title}</h2>
      {verdicts.length === 0 ? <p class="empty">{nothing}</p> : null}
      {[...days].map(([name, those]) => (
        <section class="day" key={name}>
          <h3>
            {name} {those[0]?.dueUntil_ms ? <span class="muted">{fromNow(those[0].dueUntil_ms, now_ms)}</span> : null}
          </h3>
          {those.map((one, index) => (
            <VerdictCard key={index} verdict={one} terms={terms} now_ms={now_ms} />
          ))}
        </section>
      ))}
    </section>
  );
}

function Closed({ title, verdicts, terms, now_ms }: Group): JSX.Element | null {
  if (!verdicts.length) return null;
  return (
    <details>
      <summary>{title}</summary>
      {verdicts.map((one, index) => (
        <VerdictCard key={index} verdict={one} terms={terms} now_ms={now_ms} />
      ))}
    </details>
  );
}
