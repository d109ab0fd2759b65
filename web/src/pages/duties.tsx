/** Verdicts drawn: law and paragraph, threshold, due time, who owes it to whom, and how sure its text is. */
import type { JSX } from "preact";
import { moment, span } from "../formats";
import { address } from "../route";
import { many, number, say } from "../words";
import { Visible } from "../visible";
import { narrowly, type Flag, type Pair, type Verdict } from "./verdicts";

/** Words for what a number counts, where the record's names say too little. */
export function metricName(metric: string, terms: Readonly<Record<string, string>>): string {
  return terms[metric] ?? metric.replaceAll("_", " ");
}

/** What a clause says, in one word that stands out without colour: a sign and a word. */
export function OutcomeMark({ verdict }: { verdict: Verdict }): JSX.Element {
  const marks: Record<string, [string, string, string]> = {
    owed: ["!", say("owed"), "mark-owed"],
    norm: ["·", say("asked by the text, owed by nobody"), "mark-norm"],
    beyond: ["!", say("beyond a limit of the text"), "mark-owed"],
    counted: ["#", say("counts towards a quota"), "mark-norm"],
    undecidable: ["?", say("a fact is missing"), "mark-open"],
    not_owed: ["–", say("not owed"), "mark-none"],
  };
  const [sign, word, style] = marks[verdict.outcome] ?? ["?", verdict.outcome, "mark-open"];
  return (
    <span class={`mark ${style}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}

/** How what was owed compares with what was told. */
export function ToldMark({ verdict, now_ms }: { verdict: Verdict; now_ms: number }): JSX.Element | null {
  if (verdict.outcome !== "owed" || !verdict.told) return null;
  const marks: Record<string, [string, string, string]> = {
    met: ["✓", say("told in time"), "mark-met"],
    late: ["!", say("told late"), "mark-owed"],
    missing: ["!", say("not told, and its time has passed"), "mark-owed"],
    open: ["…", say("not told yet"), "mark-open"],
    undecidable: ["?", say("cannot be decided"), "mark-open"],
    no_time: ["✓", say("told; the text gives no time"), "mark-met"],
  };
  const [sign, word, style] = marks[verdict.told] ?? ["?", verdict.told, "mark-open"];
  const left = verdict.told === "open" && verdict.dueUntil_ms !== null && verdict.dueUntil_ms > now_ms;
  return (
    <span class={`mark ${style}`}>
      <span aria-hidden="true">{sign}</span> {word}
      {left ? ` – ${say("{span} left", { span: span((verdict.dueUntil_ms ?? 0) - now_ms) })}` : ""}
    </span>
  );
}

/** How sure the project is of a clause's text. */
export function Verified({ verdict }: { verdict: Verdict }): JSX.Element {
  const words: Record<string, string> = {
    primary: say("read in the text itself"),
    secondary: say("known from public quotations"),
    unverified: say("not verified: recalled"),
  };
  return <span class={`verified verified-${verdict.verified}`}>{words[verdict.verified] ?? verdict.verified}</span>;
}

function pairWords(pair: Pair, terms: Readonly<Record<string, string>>): string {
  const values = { metric: metricName(pair.metric, terms), value: number(pair.value), limit: number(pair.limit) };
  return pair.value >= pair.limit
    ? say("{metric}: {value}, the threshold is {limit}", values)
    : say("{metric}: {value}, under the threshold of {limit}", values);
}

/** When it is due, in words. */
export function due(verdict: Verdict): string {
  if (verdict.dueUntil_ms === null) return say("the text gives no time");
  if (verdict.dueFrom_ms !== null && verdict.dueFrom_ms < verdict.dueUntil_ms) {
    return say("between {from} and {until}", { from: moment(verdict.dueFrom_ms), until: moment(verdict.dueUntil_ms) });
  }
  return moment(verdict.dueUntil_ms);
}

/** What a verdict about a form calls it: it is no entry yet, and there is nothing to open. */
const UNSAID = "draft";

/** One verdict as a card. */
export function VerdictCard({ verdict, terms, now_ms }: { verdict: Verdict; terms: Readonly<Record<string, string>>; now_ms: number }): JSX.Element {
  const near = narrowly(verdict);
  return (
    <article class={`verdict verdict-${verdict.outcome}`}>
      <h4>
        <OutcomeMark verdict={verdict} /> {verdict.title || verdict.clause}
      </h4>
      <p class="law">
        {say("{agreement}, paragraph {paragraph}", { agreement: verdict.agreement.toUpperCase(), paragraph: verdict.paragraph })} · <Verified verdict={verdict} />
      </p>
      {verdict.outcome === "owed" || verdict.outcome === "norm" ? (
        <dl class="facts">
          <dt>{say("Due")}</dt>
          <dd>{due(verdict)}</dd>
          <dt>{say("By")}</dt>
          <dd>{verdict.owedBy.join(", ") || "–"}</dd>
          <dt>{say("To")}</dt>
          <dd>{verdict.to.length > 6 ? many("{count} state", "{count} states", verdict.to.length) : verdict.to.join(", ") || "–"}</dd>
        </dl>
      ) : null}
      <p>
        <ToldMark verdict={verdict} now_ms={now_ms} />
      </p>
      {[...verdict.crossed, ...(near.length ? [] : verdict.below)].map((one) => (
        <p class="threshold" key={one.metric}>
          {pairWords(one, terms)}
        </p>
      ))}
      {near.map((one) => (
        <p class="slips" key={one.metric}>
          {say("This slips under the threshold: {metric} {value}, {less} less than {limit}", {
            metric: metricName(one.metric, terms),
            value: number(one.value),
            less: number(one.limit - one.value),
            limit: number(one.limit),
          })}
        </p>
      ))}
      {verdict.words && verdict.outcome !== "owed" ? <p class="why">{verdict.words}</p> : null}
      {verdict.ref && verdict.line && verdict.ref !== UNSAID ? (
        <p>
          <a href={address(["record", verdict.line, verdict.ref])}>
            {verdict.ref} {verdict.noticeTitle ? <Visible text={verdict.noticeTitle} /> : null}
          </a>
        </p>
      ) : null}
    </article>
  );
}

/** A flag: what deserves a question, to both sides alike. */
export function FlagLine({ flag }: { flag: Flag }): JSX.Element {
  return (
    <p class="slips">
      <strong>{flagName(flag.flag)}</strong> {flag.words}
    </p>
  );
}

function flagName(flag: string): string {
  const names: Record<string, string> = {
    possible_split: say("May be one activity in parts:"),
    sub_division: say("Many parts under one headquarters:"),
    near_threshold: say("Just under a threshold:"),
    alert_announced: say("An alert that was announced:"),
    alert_planned: say("An alert in the calendar:"),
    alerts_often: say("Alerts often:"),
    outside_calendar: say("Not in the calendar:"),
    blanket_area: say("A large area for a long time:"),
    quota_used_up: say("A quota is used up:"),
  };
  return names[flag] ?? `${flag.replaceAll("_", " ")}:`;
}
