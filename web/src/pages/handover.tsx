/** The shift's hand-over: what happened, what is owed, what is open; for the screen and for paper. */
import type { ComponentChildren, JSX } from "preact";
import { useSignal } from "@preact/signals";
import { priorityName } from "../alarms";
import { ask } from "../api";
import type { AlarmDocument, FormsDocument, HandoverDocument, LinesDocument } from "../answers";
import type { Priority } from "../documents";
import { partyState, runName } from "../names";
import { address, note, route } from "../route";
import { me } from "../session";
import { number, say } from "../words";
import { plain, Visible } from "../visible";
import { VerdictCard } from "./duties";
import { clock, minuteOf, momentOf, tidied } from "./forms/moments";
import { useLoaded } from "./load";
import { Frame, kindName, LineName, RowCard, termsOf, Trouble, useForms } from "./pieces";
import { byTime, isOpen, verdictsIn } from "./verdicts";

const SHIFT_MS = 8 * 3_600_000;

export default function Handover(): JSX.Element {
  const forms = useForms();
  const { query } = route.value;
  const now_ms = useSignal(Date.now()).value;
  const until_ms = momentOf(query.get("until") ?? "")?.from_ms ?? now_ms;
  const from_ms = momentOf(query.get("from") ?? "")?.from_ms ?? until_ms - SHIFT_MS;
  const loaded = useLoaded(`${from_ms}/${until_ms}`, ["entries", "drafts", "alarms"], (stop) => ask<HandoverDocument>("handover", { from_ms, until_ms }, stop));
  const training = loaded.value?.lines.lines.find((one) => one.is_training);
  const isAll = loaded.value?.lines.lines.every((one) => one.is_training) ?? false;
  return (
    <Frame
      title={say("Hand-over")}
      line={isAll ? training : undefined}
      actions={
        <button type="button" onClick={() => print()}>
          {say("Print")}
        </button>
      }
    >
      <Span key={`${from_ms}/${until_ms}`} from_ms={from_ms} until_ms={until_ms} />
      <Trouble loaded={loaded} />
      {loaded.value ? <Report document={loaded.value} forms={forms} /> : null}
    </Frame>
  );
}

/** From when until when; the last eight hours unless a person says otherwise. */
function Span({ from_ms, until_ms }: { from_ms: number; until_ms: number }): JSX.Element {
  const from = useSignal(minuteOf(from_ms));
  const until = useSignal(minuteOf(until_ms));
  const read = [from.value, until.value].map((one) => momentOf(tidied(one)));
  const isRight = read[0] && read[1] && read[0].from_ms < read[1].from_ms;
  return (
    <form
      class="filters no-print"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight) note({ from: tidied(from.value), until: tidied(until.value) });
      }}
    >
      {(
        [
          ["handover-from", say("From (UTC)"), from],
          ["handover-until", say("Until (UTC)"), until],
        ] as const
      ).map(([id, label, value]) => (
        <div class="field" key={id}>
          <label for={id}>{label}</label>
          <input id={id} type="text" autocomplete="off" value={value.value} aria-invalid={!isRight} onInput={(event) => (value.value = event.currentTarget.value)} />
        </div>
      ))}
      <button type="submit" disabled={!isRight}>
        {say("Show")}
      </button>
      {isRight ? null : <span class="faults">{say("Write two times, the earlier first, as {example}.", { example: "2030-05-01T06:00Z" })}</span>}
    </form>
  );
}

function Report({ document, forms }: { document: HandoverDocument; forms: FormsDocument | null }): JSX.Element {
  const lines = document.lines;
  const terms = termsOf(forms);
  const owed = byTime(verdictsIn(document.owed).filter(isOpen));
  const alarms = document.alarms.filter((one) => one.ended_ms === null || one.acknowledged_ms === null);
  return (
    <div class="report">
      <p>
        {say("{member}: from {from} until {until}. Drawn up by {name}.", {
          member: lines.member,
          from: clock(document.from_ms),
          until: clock(document.until_ms),
          name: me.value?.person.name ?? "",
        })}
      </p>
      <Lines lines={lines} />
      <Section title={say("Open alarms")} count={alarms.length} nothing={say("No alarm is open.")}>
        {alarms.map((one) => (
          <Alarm key={one.id} alarm={one} />
        ))}
      </Section>
      <Section title={say("Answers owed")} count={document.awaited.length} nothing={say("No answer is owed.")}>
        {document.awaited.map((one) => (
          <RowCard key={one.line + one.ref} row={one} forms={forms} lines={lines} />
        ))}
      </Section>
      <Section title={say("Owed under agreements")} count={owed.length} nothing={say("Nothing is owed as far as the record says.")}>
        {owed.map((one, index) => (
          <VerdictCard key={index} verdict={one} terms={terms} now_ms={lines.now_ms} />
        ))}
      </Section>
      <Section title={say("Drafts that wait")} count={document.drafts.length} nothing={say("No draft waits.")}>
        {document.drafts.map((one) => (
          <p key={one.submission}>
            <a href={address(["drafts"])}>
              <Visible text={one.title || one.type || say("Untitled draft")} />
            </a>{" "}
            <span class="muted">
              {kindName(forms, one.kind, one.type)}, {one.is_machine ? say("drafted by a machine: {name}", { name: one.by }) : say("written by {name}", { name: one.by })},{" "}
              {one.state === "unfinished" ? say("unfinished") : say("{given} of {needed} officers", { given: one.given.length, needed: one.needed })}
            </span>
          </p>
        ))}
      </Section>
      <Section title={say("What happened")} count={document.happened.length} nothing={say("Nothing was said on any line.")}>
        {document.happened.map((one) => (
          <RowCard key={one.line + one.ref} row={one} forms={forms} lines={lines} />
        ))}
      </Section>
      <Section title={say("What was done at this desk")} count={document.acts.length} nothing={say("Nothing was done.")}>
        <ul class="acts">
          {document.acts.map((one, index) => (
            <li key={index}>
              <time>{clock(Number(one["at_ms"] ?? 0))}</time> <Visible text={String(one["actor_name"] ?? one["actor"] ?? "")} />: <Visible text={String(one["sentence"] || one["act"] || "")} />
            </li>
          ))}
        </ul>
      </Section>
    </div>
  );
}

function Lines({ lines }: { lines: LinesDocument }): JSX.Element {
  return (
    <section>
      <h2>{say("The lines")}</h2>
      {lines.ready ? null : <p class="trouble">{say("The node is not ready: {reason}", { reason: lines.waits })}</p>}
      <ul>
        {lines.lines.map((one) => (
          <li key={one.line}>
            <LineName line={one.line} lines={lines} />: {runName(one.run)}
            {one.reason ? ` (${one.reason})` : ""} –{" "}
            {one.parties.map((party) => say("{member} {state}, heard {time}", { member: plain(party.member), state: partyState(party.state), time: clock(party.heard_ms) || say("never") })).join("; ")}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Alarm({ alarm }: { alarm: AlarmDocument }): JSX.Element {
  return (
    <p>
      <strong>{priorityName(alarm.priority as Priority)}</strong> <Visible text={alarm.sentence} /> – <time>{clock(alarm.raised_ms)}</time>{" "}
      {alarm.acknowledged_ms === null ? say("not acknowledged") : say("acknowledged by {name}", { name: alarm.acknowledged_by })}
      {alarm.note ? ` – ${plain(alarm.note)}` : ""}
    </p>
  );
}

function Section({ title, count, nothing, children }: { title: string; count: number; nothing: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="report-section">
      <h2>
        {title} <span class="muted">{count ? `(${number(count)})` : ""}</span>
      </h2>
      {count ? children : <p class="empty">{nothing}</p>}
    </section>
  );
}
