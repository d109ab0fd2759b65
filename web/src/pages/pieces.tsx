/** What several pages share: their frame, the state of an entry for each recipient, kinds by name, and marks of a line. */
import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { ask, sentenceOf } from "../api";
import type { EntryRow, FormsDocument, LineDocument, LinesDocument } from "../answers";
import { address } from "../route";
import { heading } from "../shell/title";
import { isMarked, isPageOfTraining } from "../training";
import { language, say } from "../words";
import { plain, Visible } from "../visible";
import { clock } from "./forms/moments";
import { useLoaded, type Loaded } from "./load";

/** How the lines stand, for every page that names one. */
export function useLines(): Loaded<LinesDocument> {
  return useLoaded("lines", ["lines"], (stop) => ask<LinesDocument>("lines", {}, stop));
}

const forms = signal<FormsDocument | null>(null);
const formsTrouble = signal("");
let isAsked = false;

/** The kinds of notice and the words of the record; null until they are here. Asked once. */
export function useForms(): FormsDocument | null {
  useEffect(() => {
    if (isAsked) return;
    isAsked = true;
    ask<FormsDocument>("forms").then(
      (value) => {
        forms.value = value;
        formsTrouble.value = "";
      },
      (thrown: unknown) => {
        isAsked = false; // the next page asks again
        formsTrouble.value = sentenceOf(thrown);
      },
    );
  }, []);
  return forms.value;
}

/** Why there are no forms; "" while they are asked for or here. */
export function FormsTrouble(): JSX.Element | null {
  return formsTrouble.value && !forms.value ? (
    <p class="trouble" role="alert">
      {formsTrouble.value}
    </p>
  ) : null;
}

/** Words of the record in the reader's language. */
export function termsOf(document: FormsDocument | null): Readonly<Record<string, string>> {
  return document?.terms[language.value] ?? {};
}

/** What a kind of notice, or another type of entry, is called. */
export function kindName(document: FormsDocument | null, kind: string, type = ""): string {
  const found = document?.forms.find((one) => one.kind === kind);
  return found?.names[language.value] ?? termsOf(document)[kind] ?? (kind || type).replaceAll("_", " ");
}

/** A page's frame: its heading, TRAINING where the line is one, and its window's title. */
export function Frame(given: { title: string; line?: LineDocument | undefined; actions?: ComponentChildren; children: ComponentChildren }): JSX.Element {
  const isTraining = given.line?.is_training ?? false;
  const shown = `${isTraining ? `${say("TRAINING")} – ` : ""}${plain(given.title)}`;
  useLayoutEffect(() => {
    heading.value = shown;
    isPageOfTraining.value = given.line ? isTraining : null;
    return () => {
      heading.value = null;
      isPageOfTraining.value = null;
    };
  }, [shown, given.line?.line, isTraining]);
  return (
    <div class={`frame${isTraining ? " is-training" : ""}`}>
      <header class="frame-head">
        <h1>{given.title}</h1>
        {given.line?.is_humanitarian ? <Humanitarian /> : null}
        {given.actions ? <div class="actions">{given.actions}</div> : null}
      </header>
      {given.children}
    </div>
  );
}

/** The mark of a humanitarian line. It says what the line carries, and never that anybody is safe. */
export function Humanitarian(): JSX.Element {
  return (
    <span class="humanitarian">
      {say("Humanitarian line. That a notice was received or acknowledged protects nobody: it says only that it was read.")}
    </span>
  );
}

/** A line's name, with TRAINING where it is one. */
export function LineName({ line, lines }: { line: string; lines: LinesDocument | undefined }): JSX.Element {
  const found = lines?.lines.find((one) => one.line === line);
  return (
    <span class="line-name">
      {isMarked(found?.is_training ?? line.startsWith("training-")) ? <span class="training">{say("TRAINING")}</span> : null}{" "}
      <Visible text={found?.name || line} />
    </span>
  );
}

const ORDER = ["held", "delivered", "read", "answered"];

/** How far an entry has come with one recipient: a circle that fills, and the word. */
export function StateMark({ member, state }: { member: string; state: string }): JSX.Element {
  const words: Record<string, string> = {
    held: say("held"),
    delivered: say("delivered"),
    read: say("read"),
    answered: say("answered"),
  };
  const step = ORDER.indexOf(state);
  return (
    <span class={`state state-${state}`}>
      <svg class="state-shape" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <circle cx="8" cy="8" r="6" class="state-ring" />
        {step === 1 ? <path d="M8 2 A6 6 0 0 1 8 14 Z" class="state-fill" /> : null}
        {step >= 2 ? <circle cx="8" cy="8" r="6" class="state-fill" /> : null}
        {step === 3 ? <path d="M4.8 8.2 L7.2 10.6 L11.4 5.6" class="state-tick" /> : null}
      </svg>
      <Visible text={member} /> {words[state] ?? state}
    </span>
  );
}

/** Every recipient of an own entry, and how far it has come with each. */
export function States({ states }: { states: Readonly<Record<string, string>> }): JSX.Element {
  return (
    <span class="states">
      {Object.entries(states).map(([member, state]) => (
        <StateMark key={member} member={member} state={state} />
      ))}
    </span>
  );
}

/** Corrected, cancelled, disputed: what became of what was said. */
export function Standing({ row }: { row: EntryRow }): JSX.Element | null {
  if (!row.standing || row.standing === "said") return null;
  const words: Record<string, string> = {
    corrected: say("corrected"),
    cancelled: say("cancelled"),
    disputed: say("disputed by its author's root keys"),
    "after close": say("after its log was closed"),
  };
  return (
    <span class="standing">
      {words[row.standing] ?? row.standing}
      {row.changed_by.length ? (
        <>
          {" "}
          {say("by")}{" "}
          {row.changed_by.map((ref) => (
            <a key={ref} href={address(["record", row.line, ref])}>
              {ref}
            </a>
          ))}
        </>
      ) : null}
    </span>
  );
}

/** FLASH and IMMEDIATE stand out; routine is not said. */
export function Precedence({ precedence, terms }: { precedence: string; terms: Readonly<Record<string, string>> }): JSX.Element | null {
  if (!precedence || precedence === "routine") return null;
  return <span class={`precedence precedence-${precedence}`}>{terms[precedence] ?? precedence.toUpperCase()}</span>;
}

/** An entry in a list, as a link with everything that a glance needs. */
export function RowCard({ row, forms: known, lines }: { row: EntryRow; forms: FormsDocument | null; lines: LinesDocument | undefined }): JSX.Element {
  return (
    <article class={`row-card${row.is_own ? " is-own" : ""}`}>
      <a class="row-title" href={address(["record", row.line, row.ref])}>
        <Precedence precedence={row.precedence} terms={termsOf(known)} /> <Visible text={row.title || row.type} />
      </a>
      <p class="row-facts">
        <span class="row-ref">{row.ref}</span> · {kindName(known, row.kind, row.type)} · <LineName line={row.line} lines={lines} /> ·{" "}
        {row.is_own ? say("from us") : say("from {member}", { member: plain(row.member) })} · <time>{clock(row.received_ms ?? row.clock_ms)}</time>
      </p>
      <p class="row-facts">
        {row.is_own ? <States states={row.states} /> : null} <Standing row={row} />
        {row.answer_by_ms !== null ? <span class="answer-by"> {say("answer by {time}", { time: clock(row.answer_by_ms) })}</span> : null}
        {row.replies ? <span> {say("replies: {count}", { count: row.replies })}</span> : null}
        {row.flags.map((one) => (
          <span class="flag" key={one}>
            {" "}
            {flagWords(one)}
          </span>
        ))}
      </p>
    </article>
  );
}

/** What about an author's clock a reader should know. */
export function flagWords(flag: string): string {
  const words: Record<string, string> = {
    "clock ahead": say("its author's clock is ahead"),
    "old or clock behind": say("old, or its author's clock is behind"),
    "clock stepped back": say("its author's clock stepped back"),
  };
  return words[flag] ?? flag;
}

/** Trouble in words, loud; and that something is being asked. */
export function Trouble({ loaded }: { loaded: Loaded<unknown> }): JSX.Element | null {
  if (loaded.trouble) {
    return (
      <p class="trouble" role="alert">
        {loaded.value === undefined ? "" : `${say("What stands here may be out of date.")} `}
        {loaded.trouble}
      </p>
    );
  }
  return loaded.value === undefined ? <p class="muted" role="status">{say("Loading")}</p> : null;
}
