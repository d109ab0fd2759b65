/** Beside the form: what agreements say about it, and how it will read to both sides. */
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import type { CheckDocument } from "../../answers";
import { many, say } from "../../words";
import { VisibleText } from "../../visible";
import { FlagLine, VerdictCard } from "../duties";
import { Sketch } from "../sketch";
import { byTime, flagsIn, narrowly, verdictsIn } from "../verdicts";

interface Given {
  check: CheckDocument | null;
  trouble: string;
  terms: Readonly<Record<string, string>>;
}

export function Aside({ check, trouble, terms }: Given): JSX.Element {
  return (
    <aside class="compose-aside" aria-label={say("How it stands")}>
      {trouble ? (
        <p class="trouble" role="alert">
          {say("The form was not checked: {reason}", { reason: trouble })}
        </p>
      ) : null}
      {check ? <Checked check={check} terms={terms} /> : <p class="muted">{say("The check follows as you type.")}</p>}
    </aside>
  );
}

function Checked({ check, terms }: { check: CheckDocument; terms: Given["terms"] }): JSX.Element {
  return (
    <>
      <p role="status">
        <CheckState check={check} />
      </p>
      {check.warnings.map((one) => (
        <p class="slips" key={one.path + one.message}>
          {one.message}
        </p>
      ))}
      <Duties check={check} terms={terms} />
      <Reading texts={check.texts} />
      {check.geojson ? <Sketch geojson={check.geojson} title={say("Where it is")} /> : null}
    </>
  );
}

/** Whether the form could be released as it is, in a few words. */
export function CheckState({ check }: { check: CheckDocument | null }): JSX.Element | null {
  if (!check) return null;
  return (
    <span class={check.is_sendable ? "mark mark-met" : "mark mark-open"}>
      {check.is_sendable
        ? many("Ready: {count} officer has to release it.", "Ready: {count} officers have to release it.", check.needed)
        : many("{count} thing is missing or wrong.", "{count} things are missing or wrong.", check.faults.length)}
    </span>
  );
}

/** What is owed stands first, then what slips narrowly under a threshold, then the rest, closed. */
function Duties({ check, terms }: { check: CheckDocument; terms: Given["terms"] }): JSX.Element {
  const now_ms = Date.now();
  const verdicts = verdictsIn(check.obligations);
  const owed = byTime(verdicts.filter((one) => one.outcome !== "not_owed"));
  const near = verdicts.filter((one) => narrowly(one).length > 0);
  const rest = verdicts.filter((one) => one.outcome === "not_owed" && !near.includes(one));
  const flags = flagsIn(check.obligations);
  return (
    <section class="duties">
      <h3>{say("What agreements say")}</h3>
      {verdicts.length + flags.length === 0 ? <p class="muted">{say("Nothing yet: no agreement speaks of what is filled in so far.")}</p> : null}
      {flags.map((one, index) => (
        <FlagLine flag={one} key={index} />
      ))}
      {[...owed, ...near].map((one) => (
        <VerdictCard key={`${one.agreement}/${one.clause}`} verdict={one} terms={terms} now_ms={now_ms} />
      ))}
      {rest.length ? (
        <details>
          <summary>{many("{count} clause asks nothing of it", "{count} clauses ask nothing of it", rest.length)}</summary>
          {rest.map((one) => (
            <VerdictCard key={`${one.agreement}/${one.clause}`} verdict={one} terms={terms} now_ms={now_ms} />
          ))}
        </details>
      ) : null}
    </section>
  );
}

/** The notice as it will read, in both languages. */
function Reading({ texts }: { texts: Readonly<Record<string, string>> }): JSX.Element | null {
  const shown = useSignal("en");
  const names: Record<string, string> = { en: "English", ru: "Русский" };
  const languages = Object.keys(texts);
  if (!languages.length) return null;
  const now = texts[shown.value] === undefined ? (languages[0] ?? "en") : shown.value;
  return (
    <section class="reading">
      <h3>{say("As it will read")}</h3>
      <div class="row" role="group" aria-label={say("Language")}>
        {languages.map((one) => (
          <button type="button" key={one} lang={one} aria-pressed={one === now} onClick={() => (shown.value = one)}>
            {names[one] ?? one}
          </button>
        ))}
      </div>
      <div class="notice-text" lang={now} tabIndex={0}>
        <VisibleText text={texts[now] ?? ""} />
      </div>
    </section>
  );
}
