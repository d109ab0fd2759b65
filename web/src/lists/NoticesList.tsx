import { useEffect, useMemo, useState } from "preact/hooks";
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
        <a href={address(["drafts"])}>{draft.title || say("Untitled draft")}</a>
      </p>
      <p>
        <span class="tag caution">{draft.state === "unfinished" ? say("unfinished") : draft.is_machine ? say("drafted by the watch") : say("draft")}</span>{" "}
        {draft.needed > 1 && draft.state !== "unfinished" && <span class="muted">{say("released by {given} of {needed}", { given: draft.given.length, needed: draft.needed })}</span>}{" "}
        <span class="muted">{draft.by}</span>
      </p>
    </li>
  );
}

type Order = "newest" | "answers" | "side" | "title";

const STEPS = ["held", "delivered", "read", "answered"];

/** How far the recipient that is least far has come; a received entry is as far as it can be. */
function least(row: EntryRow): number {
  return Math.min(STEPS.length, ...Object.values(row.states).map((one) => STEPS.indexOf(one)));
}

const ORDERS: Record<Order, (a: EntryRow, b: EntryRow) => number> = {
  newest: (a, b) => b.clock_ms - a.clock_ms,
  answers: (a, b) => Number(a.replies > 0) - Number(b.replies > 0) || (a.answer_by_ms ?? Infinity) - (b.answer_by_ms ?? Infinity) || least(a) - least(b) || b.clock_ms - a.clock_ms,
  side: (a, b) => a.member.localeCompare(b.member) || b.clock_ms - a.clock_ms,
  title: (a, b) => a.title.localeCompare(b.title) || b.clock_ms - a.clock_ms,
};

/** What is to be sent, and what was said lately by either side. */
export function NoticesList() {
  const drafts = useMemo(() => fresh<{ drafts: Draft[] }>("drafts", ["drafts"], { drafts: [] }, 60_000), []);
  useEffect(() => {
    drafts.start();
    return drafts.stop;
  }, [drafts]);
  const waiting = drafts.value.value.drafts;
  const [order, setOrder] = useState<Order>("newest");
  const rows = [...notices.value.value.rows].sort(ORDERS[order]);
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
      <label class="order">
        {say("Order")}{" "}
        <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
          <option value="newest">{say("newest first")}</option>
          <option value="answers">{say("what waits for an answer first")}</option>
          <option value="side">{say("by side")}</option>
          <option value="title">{say("by name")}</option>
        </select>
      </label>
      {rows.length === 0 && <p class="muted">{notices.isThere.value ? say("Nothing was said yet.") : say("Loading")}</p>}
      <ul class="items">
        {rows.map((row) => (
          <Row key={`${row.line} ${row.ref}`} row={row} />
        ))}
      </ul>
    </>
  );
}
