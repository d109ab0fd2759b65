/** One entry in full: both languages, times with whose clock, receipts, attachments, what goes with it, what can be done. */
import type { ComponentChildren, JSX } from "preact";
import { ask } from "../api";
import type { EntryDocument, EntryRow, FormsDocument, LinesDocument } from "../answers";
import { address } from "../route";
import { may } from "../session";
import { language, say } from "../words";
import { plain, Visible, VisibleText } from "../visible";
import { Texts } from "./drafts";
import { size } from "./forms/attachments";
import { clock } from "./forms/moments";
import { useLoaded } from "./load";
import { flagWords, Frame, Humanitarian, kindName, LineName, Precedence, RowCard, Standing, States, termsOf, Trouble, useForms, useLines } from "./pieces";
import { Sketch } from "./sketch";

type Plain = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const plainOf = (value: unknown): Plain => (value !== null && typeof value === "object" ? (value as Plain) : {});
const listOf = (value: unknown): Plain[] => (Array.isArray(value) ? value.map(plainOf) : []);

export function Entry({ line, ref_ }: { line: string; ref_: string }): JSX.Element {
  const forms = useForms();
  const lines = useLines();
  const loaded = useLoaded(`${line}/${ref_}`, ["entries", "lines"], (stop) =>
    ask<EntryDocument>(`entries/${encodeURIComponent(line)}/${encodeURIComponent(ref_)}`, {}, stop),
  );
  const found = lines.value?.lines.find((one) => one.line === line);
  const title = loaded.value ? loaded.value.row.title || kindName(forms, loaded.value.row.kind, loaded.value.row.type) : ref_;
  return (
    <Frame title={plain(title)} line={found} actions={loaded.value ? <Actions document={loaded.value} /> : null}>
      <p class="way-back">
        <a href={address(["record"])}>{say("Record")}</a> › {ref_}
      </p>
      <Trouble loaded={loaded} />
      {loaded.value ? <Whole document={loaded.value} forms={forms} lines={lines.value} /> : null}
    </Frame>
  );
}

function Whole({ document, forms, lines }: { document: EntryDocument; forms: FormsDocument | null; lines: LinesDocument | undefined }): JSX.Element {
  const { row, entry } = document;
  const isHumanitarian = row.kind.startsWith("humanitarian_");
  return (
    <>
      <p class="row-facts">
        <Precedence precedence={row.precedence} terms={termsOf(forms)} /> <span class="row-ref">{row.ref}</span> · {kindName(forms, row.kind, row.type)} ·{" "}
        <LineName line={row.line} lines={lines} /> · {row.is_own ? say("from us") : say("from {member}", { member: plain(row.member) })}
        {row.activity ? (
          <>
            {" "}
            · <a href={address(["record"], { activity: row.activity })}>{row.activity}</a>
          </>
        ) : null}
      </p>
      {isHumanitarian ? <Humanitarian /> : null}
      <Changed row={row} />
      {row.is_own ? <p class="entry-states"><States states={row.states} /></p> : null}
      {row.answer_by_ms !== null ? <p class="answer-by">{say("An answer is asked for by {time}.", { time: clock(row.answer_by_ms) })}</p> : null}
      {document.faults.length ? (
        <Section title={say("It is no notice that this version understands")}>
          <List words={document.faults} />
        </Section>
      ) : null}
      {document.warnings.length ? (
        <Section title={say("What to look at twice")}>
          <List words={document.warnings} />
        </Section>
      ) : null}
      <Content document={document} />
      {document.geojson ? <Sketch geojson={document.geojson} title={plain(row.title || row.ref)} /> : null}
      <Attachments row={row} entry={entry} />
      <Times row={row} entry={entry} />
      <Related document={document} forms={forms} lines={lines} />
      <Replies row={row} entry={entry} />
      <Proof entry={entry} />
    </>
  );
}

/** What became of it: corrected or cancelled, loud, with the way to what says so. The old text stays. */
function Changed({ row }: { row: EntryRow }): JSX.Element | null {
  if (!row.standing || row.standing === "said") return null;
  return (
    <p class="changed" role="note">
      <Standing row={row} /> {row.standing === "corrected" ? say("What stands here is the old text; it stays in the record.") : null}
      {row.standing === "cancelled" ? say("It no longer holds; its text stays in the record.") : null}
    </p>
  );
}

/** Both languages side by side; what is no notice as its author wrote it. */
function Content({ document }: { document: EntryDocument }): JSX.Element {
  const body = plainOf(document.entry["body"]);
  if (Object.keys(document.texts).length) return <Texts texts={document.texts} />;
  const content = body["content"];
  const shown = typeof content === "string" ? content : content === undefined || content === null ? "" : JSON.stringify(content, null, 2);
  return (
    <Section title={say("What it says")}>
      {shown ? <VisibleText text={shown} /> : <p class="muted">{contentState(text(body["state"]))}</p>}
    </Section>
  );
}

function contentState(state: string): string {
  const words: Record<string, string> = {
    shown: say("Bytes that are no text; they can be saved."),
    later: say("Its author keeps it back to show it later."),
    missing: say("It is not here yet."),
    revealed: say("Shown later, by an entry of its own."),
    "not for observers": say("It is not for observers."),
  };
  return words[state] ?? state;
}

function Attachments({ row, entry }: { row: EntryRow; entry: Plain }): JSX.Element | null {
  const all = [plainOf(entry["body"]), ...listOf(entry["attachments"])];
  const href = (index: number) => `/api/v1/entries/${encodeURIComponent(row.line)}/${encodeURIComponent(row.ref)}/content/${index}`;
  return (
    <Section title={say("Documents")}>
      <ul class="files">
        {all.map((one, index) => (
          <li key={index}>
            {index === 0 ? say("The document itself, as it was signed") : say("Attachment {number}", { number: index })}{" "}
            <span class="muted">{`${text(one["media_type"])}, ${size(Number(one["size"] ?? 0))}`}</span>{" "}
            {["shown", "revealed"].includes(text(one["state"])) ? (
              <a class="button small" href={href(index)} download>
                {say("Save")}
              </a>
            ) : (
              <span>{contentState(text(one["state"]))}</span>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function clockOf(value: unknown): string {
  const one = plainOf(value);
  return typeof one["clock_ms"] === "number"
    ? say("{time}, by the clock of {member}", { time: clock(one["clock_ms"]), member: plain(text(one["clock_of"])) })
    : say("not known");
}

/** Every time, with whose clock says so: there is no referee. */
function Times({ row, entry }: { row: EntryRow; entry: Plain }): JSX.Element {
  const received = row.received_ms;
  return (
    <Section title={say("When")}>
      <dl class="facts">
        <dt>{say("Said")}</dt>
        <dd>{say("{time}, by the clock of {member}", { time: clock(row.clock_ms), member: plain(row.member) })}</dd>
        <dt>{say("Not before")}</dt>
        <dd>{clockOf(entry["after"])}</dd>
        <dt>{say("Not after")}</dt>
        <dd>{clockOf(entry["before"])}</dd>
        <dt>{row.is_own ? say("Held here") : say("Received here")}</dt>
        <dd>{received === null ? say("not known") : say("{time}, by our clock", { time: clock(received) })}</dd>
      </dl>
      <List words={row.flags.map(flagWords)} />
    </Section>
  );
}

function Replies({ row, entry }: { row: EntryRow; entry: Plain }): JSX.Element | null {
  const replies = listOf(entry["replies"]);
  if (!replies.length) return null;
  const inTime: Record<string, string> = { met: say("in time"), late: say("late"), undecidable: say("whether in time cannot be decided") };
  return (
    <Section title={say("Replies")}>
      <ul>
        {replies.map((one) => (
          <li key={text(one["ref"])}>
            <Visible text={text(one["member"])} />: {replyWord(text(one["word"]))} – <a href={address(["record", row.line, text(one["ref"])])}>{text(one["ref"])}</a>
            {one["in_time"] ? ` (${inTime[text(one["in_time"])] ?? text(one["in_time"])})` : ""}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function replyWord(word: string): string {
  const words: Record<string, string> = {
    read: say("read"),
    understood: say("understood"),
    accepted: say("accepted"),
    refused: say("refused"),
    question: say("a question"),
    answer: say("an answer"),
    answered: say("answered"),
  };
  return words[word] ?? word;
}

function Related({ document, forms, lines }: { document: EntryDocument; forms: FormsDocument | null; lines: LinesDocument | undefined }): JSX.Element | null {
  if (!document.related.length) return null;
  return (
    <Section title={say("What goes with it")}>
      <ul class="rows">
        {document.related.map((one) => (
          <li key={one.line + one.ref}>
            {one.ref === document.row.in_reply_to ? <span class="muted">{say("It answers:")}</span> : null}
            {document.row.changed_by.includes(one.ref) ? <span class="muted">{say("Changed by:")}</span> : null}
            <RowCard row={one} forms={forms} lines={lines} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** What proves it: hash, officers' release, and the entry as the node keeps it. */
function Proof({ entry }: { entry: Plain }): JSX.Element {
  const release = plainOf(entry["release"]);
  return (
    <details class="part">
      <summary>{say("Proof and raw document")}</summary>
      <dl class="facts">
        <dt>{say("Hash")}</dt>
        <dd class="hash">{text(entry["hash"])}</dd>
        <dt>{say("Officers' release")}</dt>
        <dd>
          {release["state"] ? releaseWords(text(release["state"])) : say("none is asked of this type")}
          {listOf(release["by"]).map((one) => (
            <div class="hash" key={text(one["key"])}>
              {text(one["key"])}
            </div>
          ))}
        </dd>
      </dl>
      <pre class="raw" tabIndex={0} aria-label={say("Raw document")}>
        <Visible text={JSON.stringify(entry, null, 2)} />
      </pre>
    </details>
  );
}

function releaseWords(state: string): string {
  const words: Record<string, string> = {
    holds: say("holds: officers signed exactly this, for exactly these recipients"),
    "does not hold": say("DOES NOT HOLD"),
    missing: say("not here yet"),
    "not for observers": say("not for observers"),
  };
  return words[state] ?? state;
}

/** What can be done with it: replies to theirs, correction and cancellation of ours. */
function Actions({ document }: { document: EntryDocument }): JSX.Element {
  const { row } = document;
  const to = (kind: string, query: Record<string, string>) => address(["compose", kind], { line: row.line, ...query });
  const reply = (word: string) => to("reply", { reply: row.ref, word });
  const isPlain = row.kind !== "" && !["reply", "correction", "cancellation"].includes(row.kind);
  const isStanding = !row.standing || row.standing === "said";
  const answers: Record<string, [string, string]> = {
    contact_request: ["contact_agreement", say("Agree on the contact")],
    visit_request: ["visit_reply", say("Reply to the request for a visit")],
    unusual_activity_request: ["unusual_activity_answer", say("Answer the request")],
  };
  const answer = answers[row.kind];
  return (
    <>
      {may("draft") && !row.is_own ? (
        <>
          {answer ? (
            <a class="button main" href={to(answer[0], { reply: row.ref })}>
              {answer[1]}
            </a>
          ) : null}
          <a class="button" href={reply("read")}>{say("Read")}</a>
          <a class="button" href={reply("understood")}>{say("Understood")}</a>
          <a class="button" href={reply("accepted")}>{say("Accepted")}</a>
          <a class="button" href={reply("refused")}>{say("Refused")}</a>
          <a class="button" href={reply("question")}>{say("Ask a question")}</a>
          <a class="button" href={reply("answer")}>{say("Answer")}</a>
        </>
      ) : null}
      {may("draft") && row.is_own && isPlain && isStanding ? (
        <>
          {document.notice ? <a class="button" href={to("correction", { correct: row.ref })}>{say("Correct it")}</a> : null}
          <a class="button" href={to("cancellation", { cancel: row.ref })}>{say("Cancel it")}</a>
        </>
      ) : null}
      <a class="button" href={`/api/v1/print/${encodeURIComponent(row.line)}/${encodeURIComponent(row.ref)}?language=${language.value}`} target="_blank" rel="noopener">
        {say("Print")}
      </a>
      <a class="button" href={`/api/v1/pdf/${encodeURIComponent(row.line)}/${encodeURIComponent(row.ref)}?language=${language.value}`} download>
        {say("PDF")}
      </a>
    </>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="entry-section">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function List({ words }: { words: readonly string[] }): JSX.Element | null {
  if (!words.length) return null;
  return (
    <ul>
      {words.map((one) => (
        <li key={one}>
          <Visible text={one} />
        </li>
      ))}
    </ul>
  );
}
