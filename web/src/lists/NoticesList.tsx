import { useEffect, useMemo } from "preact/hooks";
import { notices } from "../announced";
import type { EntryRow } from "../documents";
import { fresh } from "../fresh";
import { fromNow, nearMoment } from "../formats";
import { ticking_ms } from "../live";
import { stateOf } from "../names";
import { address } from "../route";
import { may } from "../session";
import { many, say } from "../words";

interface Draft {
  submission: string;
  line: string;
  title: string;
  by: string;
  is_machine: boolean;
  state: string;
  needed: number;
  given: string[];
}

const GRAVITY: Record<string, string> = { held: "caution", delivered: "", read: "good", answered: "good" };

function States({ row }: { row: EntryRow }) {
  if (!row.is_own) return <span class="tag">{say("received")}</span>;
  return (
    <>
      {Object.entries(row.states).map(([recipient, state]) => (
        <span key={recipient} class={`tag ${GRAVITY[state] ?? ""}`}>
          {recipient}: {stateOf(state)}
        </span>
      ))}
    </>
  );
}

function Row({ row }: { row: EntryRow }) {
  const now = ticking_ms();
  const isLate = row.answer_by_ms !== null && row.replies === 0 && row.answer_by_ms < now;
  return (
    <li class={row.standing === "said" ? "" : "changed"}>
      <p>
        <a href={address(["record", row.line, row.ref])}>{row.title || row.type}</a>
      </p>
      <p>
        <span class="muted number">{nearMoment(row.clock_ms, now)}</span> <span class="muted">{row.member}</span> <States row={row} />
        {row.standing === "cancelled" && <span class="tag warning">{say("cancelled")}</span>}
        {row.standing === "corrected" && <span class="tag caution">{say("corrected")}</span>}
        {row.answer_by_ms !== null && row.replies === 0 && (
          <span class={`tag ${isLate ? "alarm" : "caution"}`}>{say("answer due {when}", { when: fromNow(row.answer_by_ms, now) })}</span>
        )}
      </p>
    </li>
  );
}

function DraftRow({ draft }: { draft: Draft }) {
  return (
    <li>
      <p>
        <a href={address(["drafts", draft.submission])}>{draft.title || say("Untitled draft")}</a>
      </p>
      <p>
        <span class="tag caution">{draft.is_machine ? say("drafted by the watch") : say("draft")}</span>{" "}
        {draft.needed > 1 && <span class="muted">{say("released by {given} of {needed}", { given: draft.given.length, needed: draft.needed })}</span>}{" "}
        <span class="muted">{draft.by}</span>
      </p>
    </li>
  );
}

/** What is to be sent, and what was said lately by either side. */
export function NoticesList() {
  const drafts = useMemo(() => fresh<{ drafts: Draft[] }>("drafts", ["drafts"], { drafts: [] }, 60_000), []);
  useEffect(() => {
    drafts.start();
    return drafts.stop;
  }, [drafts]);
  const waiting = drafts.value.value.drafts;
  const { rows } = notices.value.value;
  return (
    <>
      {notices.trouble.value && <p class="trouble">{notices.trouble.value}</p>}
      <div class="item-buttons">
        {may("draft") && (
          <a class="button" href={address(["compose"])}>
            {say("Write a notice")}
          </a>
        )}
        <a class="button" href={address(["record"])}>
          {say("Whole record")}
        </a>
      </div>
      {waiting.length > 0 && <h3>{many("{count} to send", "{count} to send", waiting.length)}</h3>}
      <ul class="items">
        {waiting.map((draft) => (
          <DraftRow key={draft.submission} draft={draft} />
        ))}
      </ul>
      <h3>{say("Said")}</h3>
      {rows.length === 0 && <p class="muted">{notices.isThere.value ? say("Nothing was said yet.") : say("Loading")}</p>}
      <ul class="items">
        {rows.map((row) => (
          <Row key={`${row.line} ${row.ref}`} row={row} />
        ))}
      </ul>
    </>
  );
}
