/** The whole record: searched and listed; and one entry in full at #/record/LINE/REF. */
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { ask, sentenceOf, withQuery } from "../api";
import type { EntriesDocument, EntryRow, FormsDocument, LinesDocument } from "../answers";
import { address, note, route } from "../route";
import { language, many, say } from "../words";
import { Entry } from "./entry";
import { momentOf } from "./forms/moments";
import { useLoaded } from "./load";
import { Frame, kindName, RowCard, Trouble, useForms, useLines } from "./pieces";

const PAGE = 50;
const SEARCH_AFTER_MS = 350;

/** The names under which the search stands in the address. */
const FILTERS = ["line", "member", "kind", "text", "activity", "from", "until", "owed", "control"] as const;

export default function Record(): JSX.Element {
  const [, line, ref] = route.value.path;
  return line && ref ? <Entry key={`${line}/${ref}`} line={line} ref_={ref} /> : <Search />;
}

/** Return what the address asks for, as the desk's route takes it. */
export function questionOf(query: URLSearchParams): Record<string, string | number | boolean | null> {
  const from = momentOf(query.get("from") ?? "");
  const until = momentOf(query.get("until") ?? "");
  return {
    line: query.get("line") ?? "",
    member: query.get("member") ?? "",
    kind: query.get("kind") ?? "",
    text: query.get("text") ?? "",
    activity: query.get("activity") ?? "",
    from_ms: from?.from_ms ?? null,
    until_ms: until ? endOf(until.from_ms, until.precision) : null,
    has_open_answer: query.get("owed") === "1",
    with_control: query.get("control") === "1",
    limit: PAGE,
  };
}

/** A day or a month that is named as the end is in it to its last moment. */
function endOf(from_ms: number, precision: string): number {
  const at = new Date(from_ms);
  if (precision === "day") at.setUTCDate(at.getUTCDate() + 1);
  else if (precision === "month") at.setUTCMonth(at.getUTCMonth() + 1);
  else if (precision === "year") at.setUTCFullYear(at.getUTCFullYear() + 1);
  else if (precision === "minute") at.setUTCMinutes(at.getUTCMinutes() + 1);
  else at.setUTCSeconds(at.getUTCSeconds() + 1);
  return at.getTime();
}

function Search(): JSX.Element {
  const forms = useForms();
  const lines = useLines();
  const { query } = route.value;
  const asked = JSON.stringify(questionOf(query));
  const first = useLoaded(asked, ["entries"], (stop) => ask<EntriesDocument>("entries", JSON.parse(asked), stop));
  const line = lines.value?.lines.find((one) => one.line === query.get("line"));
  return (
    <Frame
      title={say("Record")}
      line={line}
      actions={
        <a class="button" href={`/api/v1/${withQuery("export/entries.csv", { ...JSON.parse(asked), limit: null })}`} download>
          {say("Save as a table")}
        </a>
      }
    >
      <Filters forms={forms} lines={lines.value} />
      <Trouble loaded={first} />
      {first.value ? <Rows key={asked} first={first.value} asked={asked} forms={forms} lines={lines.value} /> : null}
    </Frame>
  );
}

/** The rows found, and older ones when they are asked for. */
function Rows({ first, asked, forms, lines }: { first: EntriesDocument; asked: string; forms: FormsDocument | null; lines: LinesDocument | undefined }): JSX.Element {
  const older = useSignal<readonly EntryRow[]>([]);
  const next = useSignal<string | null>(null);
  const trouble = useSignal("");
  const upTo = next.value ?? first.next;
  const seen = new Set(first.rows.map((one) => one.line + one.ref));
  const rows = [...first.rows, ...older.value.filter((one) => !seen.has(one.line + one.ref))];
  const more = async () => {
    try {
      const page = await ask<EntriesDocument>("entries", { ...(JSON.parse(asked) as object), before: upTo });
      older.value = [...older.peek(), ...page.rows];
      next.value = page.next;
      trouble.value = "";
    } catch (thrown) {
      trouble.value = sentenceOf(thrown);
    }
  };
  return (
    <section aria-label={say("Entries found")}>
      <p class="muted" role="status">
        {rows.length === 0
          ? say("Nothing in the record is like this.")
          : upTo
            ? many("{count} entry shown, there are older ones", "{count} entries shown, there are older ones", rows.length)
            : many("{count} entry", "{count} entries", rows.length)}
      </p>
      <ul class="rows">
        {rows.map((one) => (
          <li key={one.line + one.ref}>
            <RowCard row={one} forms={forms} lines={lines} />
          </li>
        ))}
      </ul>
      {trouble.value ? <p class="trouble" role="alert">{trouble.value}</p> : null}
      {upTo ? (
        <button type="button" onClick={() => void more()}>
          {say("Show older ones")}
        </button>
      ) : null}
    </section>
  );
}

/** The search: each change goes into the address, so that it can be shared and gone back to. */
function Filters({ forms, lines }: { forms: FormsDocument | null; lines: LinesDocument | undefined }): JSX.Element {
  const { query } = route.value;
  const of = (name: string) => query.get(name) ?? "";
  const members = [...new Set((lines?.lines ?? []).flatMap((one) => [...one.parties.map((party) => party.member)]).concat(lines?.member ?? []))].filter(Boolean).sort();
  const kinds = [...(forms?.forms ?? [])].sort((a, b) => kindName(forms, a.kind).localeCompare(kindName(forms, b.kind), language.value));
  const isFiltered = FILTERS.some((one) => of(one));
  const isNarrowed = FILTERS.some((one) => one !== "text" && one !== "line" && of(one));
  const isWide = useMemo(() => matchMedia("(width > 34rem)").matches, []);
  return (
    <search class="filters">
      <div class="field field-wide">
        <label for="filter-text">{say("Words in it")}</label>
        <Typed id="filter-text" name="text" type="search" />
      </div>
      <Select name="line" label={say("Line")} value={of("line")} options={(lines?.lines ?? []).map((one) => [one.line, one.is_training ? `${say("TRAINING")} ${one.name}` : one.name])} />
      <details class="more-filters" open={isWide || isNarrowed}>
        <summary>{say("More")}</summary>
        <div class="more">
          <Select name="member" label={say("Said by")} value={of("member")} options={members.map((one) => [one, one])} />
          <Select name="kind" label={say("Kind")} value={of("kind")} options={kinds.map((one) => [one.kind, kindName(forms, one.kind)])} />
          <div class="field">
            <label for="filter-activity">{say("Activity")}</label>
            <Typed id="filter-activity" name="activity" type="text" />
          </div>
          <div class="field">
            <label for="filter-from">{say("From (UTC)")}</label>
            <Typed id="filter-from" name="from" type="text" placeholder="2030-05-01" isMoment />
          </div>
          <div class="field">
            <label for="filter-until">{say("Until (UTC)")}</label>
            <Typed id="filter-until" name="until" type="text" placeholder="2030-05" isMoment />
          </div>
          <label class="tick">
            <input type="checkbox" checked={of("owed") === "1"} onChange={(event) => note({ owed: event.currentTarget.checked ? "1" : "" })} /> {say("Only what waits for an answer")}
          </label>
          <label class="tick">
            <input type="checkbox" checked={of("control") === "1"} onChange={(event) => note({ control: event.currentTarget.checked ? "1" : "" })} /> {say("Tests and receipts too")}
          </label>
        </div>
      </details>
      {isFiltered ? (
        <a class="button" href={address(["record"])}>
          {say("Show everything")}
        </a>
      ) : null}
    </search>
  );
}

function Select({ name, label, value, options }: { name: string; label: string; value: string; options: [string, string][] }): JSX.Element {
  return (
    <div class="field">
      <label for={`filter-${name}`}>{label}</label>
      <select id={`filter-${name}`} value={value} onChange={(event) => note({ [name]: event.currentTarget.value })}>
        <option value="">{say("every one")}</option>
        {options.map(([code, word]) => (
          <option key={code} value={code}>
            {word}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A typed filter: into the address when typing pauses. */
function Typed({ id, name, type, placeholder = "", isMoment = false }: { id: string; name: string; type: "text" | "search"; placeholder?: string; isMoment?: boolean }): JSX.Element {
  const inAddress = route.value.query.get(name) ?? "";
  const typed = useSignal(inAddress);
  useEffect(() => {
    typed.value = inAddress;
  }, [inAddress]);
  useEffect(() => {
    if (typed.value === inAddress) return undefined;
    const timer = setTimeout(() => note({ [name]: typed.peek().trim() }), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed.value]);
  const isWrong = isMoment && typed.value.trim() !== "" && momentOf(typed.value) === null;
  return (
    <>
      <input
        id={id}
        type="text"
        inputMode={type}
        placeholder={placeholder}
        autocomplete="off"
        value={typed.value}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? `${id}-fault` : undefined}
        onInput={(event) => (typed.value = event.currentTarget.value)}
      />
      {isWrong ? (
        <span class="faults" id={`${id}-fault`}>
          {say("Write it as {example}.", { example: "2030, 2030-05, 2030-05-01" })}
        </span>
      ) : null}
    </>
  );
}
