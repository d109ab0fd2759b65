/** What waits to be released: drafts of people and of machines, and the officers' touch that releases them. */
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { ask, sentenceOf, tell } from "../api";
import type { DraftDocument, DraftsDocument, FormsDocument, LinesDocument, ReleaseState } from "../answers";
import { touch, type RequestOptions } from "../passkeys";
import { address } from "../route";
import { may } from "../session";
import { language, many, say } from "../words";
import { Visible, VisibleText } from "../visible";
import { size } from "./forms/attachments";
import { clock } from "./forms/moments";
import { useLoaded } from "./load";
import { Frame, kindName, LineName, Trouble, useForms, useLines } from "./pieces";

/** What became of a touch, shown until the page is left: the draft itself is gone from the list by then. */
interface Done {
  title: string;
  state: ReleaseState;
}

export default function Drafts(): JSX.Element {
  const forms = useForms();
  const lines = useLines();
  const drafts = useLoaded("drafts", ["drafts"], (stop) => ask<DraftsDocument>("drafts", {}, stop));
  const done = useSignal<readonly Done[]>([]);
  const all = drafts.value?.drafts ?? [];
  const waiting = all.filter((one) => one.state !== "unfinished");
  const unfinished = all.filter((one) => one.state === "unfinished");
  const training = lines.value?.lines.filter((one) => one.is_training) ?? [];
  const only = all.length && all.every((one) => training.some((line) => line.line === one.line)) ? training[0] : undefined;
  const released = (draft: DraftDocument, state: ReleaseState) => {
    if (state.state === "sent") done.value = [{ title: draft.title || draft.type, state }, ...done.peek()];
    drafts.again();
  };
  return (
    <Frame
      title={say("Drafts")}
      line={only}
      actions={
        may("draft") ? (
          <a class="button main" href={address(["compose"])}>
            {say("Write a notice")}
          </a>
        ) : null
      }
    >
      <p class="muted">{say("A machine drafts, people send: nothing on this page leaves before officers release it with their passkeys.")}</p>
      <div role="status" aria-live="polite">
        {done.value.map((one) => (
          <p class="note note-done" key={one.state.line + one.state.ref}>
            {say("Released and held, safe in the record as {ref}.", { ref: one.state.ref })}{" "}
            <a href={address(["record", one.state.line, one.state.ref])}>
              <Visible text={one.title} />
            </a>
          </p>
        ))}
      </div>
      <Trouble loaded={drafts} />
      {drafts.value && waiting.length === 0 ? <p class="empty">{say("No draft waits.")}</p> : null}
      {waiting.map((one) => (
        <Draft key={one.submission} draft={one} forms={forms} lines={lines.value} released={released} again={drafts.again} />
      ))}
      {unfinished.length ? (
        <section class="unfinished">
          <h2>{say("Unfinished")}</h2>
          <p class="muted">{say("Half-filled forms, shared by all stations. Nobody can release one before it is finished.")}</p>
          {unfinished.map((one) => (
            <Unfinished key={one.submission} draft={one} forms={forms} lines={lines.value} again={drafts.again} />
          ))}
        </section>
      ) : null}
    </Frame>
  );
}

interface Given {
  draft: DraftDocument;
  forms: FormsDocument | null;
  lines: LinesDocument | undefined;
  released: (draft: DraftDocument, state: ReleaseState) => void;
  again: () => void;
}

function Draft({ draft, forms, lines, released, again }: Given): JSX.Element {
  const trouble = useSignal("");
  return (
    <article class={`card draft${draft.is_machine ? " is-machine" : ""}`} aria-labelledby={`draft-${draft.submission}`}>
      <h2 id={`draft-${draft.submission}`}>
        <Visible text={draft.title || draft.type} />
      </h2>
      <p class="row-facts">
        {kindName(forms, draft.kind, draft.type)} · <LineName line={draft.line} lines={lines} /> · <time>{clock(draft.drafted_ms)}</time> ·{" "}
        {draft.is_machine ? (
          <strong class="machine">{say("drafted by a machine: {name}", { name: draft.by })}</strong>
        ) : (
          say("written by {name}", { name: draft.by })
        )}
      </p>
      {draft.is_machine ? <p class="note">{say("A machine wrote this from what it received. Check every line before it is released.")}</p> : null}
      <Needed draft={draft} />
      {draft.in_reply_to ? (
        <p>
          {say("In reply to")} <a href={address(["record", draft.line, draft.in_reply_to])}>{draft.in_reply_to}</a>
        </p>
      ) : null}
      {draft.answer_by_ms !== null ? <p>{say("Asks for an answer by {time}", { time: clock(draft.answer_by_ms) })}</p> : null}
      <Texts texts={draft.texts} />
      <Files draft={draft} />
      {trouble.value ? (
        <p class="trouble" role="alert">
          {trouble.value}
        </p>
      ) : null}
      <Acts draft={draft} trouble={trouble} released={released} again={again} />
    </article>
  );
}

/** A form that somebody left half-filled. */
function Unfinished({ draft, forms, lines, again }: Omit<Given, "released">): JSX.Element {
  const trouble = useSignal("");
  return (
    <article class="card draft" aria-labelledby={`draft-${draft.submission}`}>
      <h3 id={`draft-${draft.submission}`}>
        <Visible text={draft.title || say("Untitled draft")} />
      </h3>
      <p class="row-facts">
        <span class="tag caution">{say("unfinished")}</span> {kindName(forms, draft.kind, draft.type)} · <LineName line={draft.line} lines={lines} /> · <time>{clock(draft.drafted_ms)}</time> ·{" "}
        {say("written by {name}", { name: draft.by })}
        {draft.faults.length ? ` · ${many("{count} thing is missing or wrong.", "{count} things are missing or wrong.", draft.faults.length)}` : ""}
      </p>
      <Files draft={draft} />
      {trouble.value ? (
        <p class="trouble" role="alert">
          {trouble.value}
        </p>
      ) : null}
      {may("draft") ? <Discarding draft={draft} trouble={trouble} again={again} change={say("Go on writing")} /> : null}
    </article>
  );
}

/** The files of a draft, each to be saved and looked at before it is released. */
function Files({ draft }: { draft: DraftDocument }): JSX.Element | null {
  if (!draft.attachments.length) return null;
  return (
    <div class="draft-files">
      <p>{many("{count} attachment", "{count} attachments", draft.attachments.length)}</p>
      <ul class="files">
        {draft.attachments.map((one, index) => (
          <li key={index}>
            {attachmentWords(one)}{" "}
            <a class="button small" href={`/api/v1/drafts/${encodeURIComponent(draft.submission)}/attachments/${index + 1}`} download>
              {say("Save")}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function attachmentWords(one: Readonly<Record<string, unknown>>): string {
  return `${String(one["media_type"] ?? "")}, ${size(Number(one["size"] ?? 0))}`;
}

/** How many officers it takes, and who has released it so far. */
function Needed({ draft }: { draft: DraftDocument }): JSX.Element {
  return (
    <div class="needed-officers">
      <ol class="officers">
        {Array.from({ length: Math.max(draft.needed, draft.given.length) }, (_, index) => (
          <li key={index} class={draft.given[index] === undefined ? "" : "is-given"}>
            <span aria-hidden="true">{draft.given[index] === undefined ? "○" : "●"}</span>{" "}
            {draft.given[index] === undefined ? say("waits for an officer") : say("released by {name}", { name: draft.given[index] ?? "" })}
          </li>
        ))}
      </ol>
      {draft.needed > 1 ? <p class="muted">{say("Two different officers release a notice of this kind.")}</p> : null}
    </div>
  );
}

/** The draft as both sides will read it, side by side. */
export function Texts({ texts }: { texts: Readonly<Record<string, string>> }): JSX.Element | null {
  const names: Record<string, string> = { en: "English", ru: "Русский" };
  const languages = [language.value, ...Object.keys(texts).filter((one) => one !== language.value)].filter((one) => texts[one] !== undefined);
  if (!languages.length) return null;
  return (
    <div class="both-texts">
      {languages.map((one) => (
        <section key={one} lang={one} class="notice-text" aria-label={names[one] ?? one} tabIndex={0}>
          <h3>{names[one] ?? one}</h3>
          <VisibleText text={texts[one] ?? ""} />
        </section>
      ))}
    </div>
  );
}

function Acts({ draft, trouble, released, again }: { draft: DraftDocument; trouble: { value: string }; released: Given["released"]; again: () => void }): JSX.Element {
  const isBusy = useSignal(false);
  const release = async () => {
    trouble.value = "";
    isBusy.value = true;
    try {
      const path = `drafts/${encodeURIComponent(draft.submission)}/release`;
      const begun = await tell<{ options: RequestOptions | string }>(`${path}/begin`);
      const options = typeof begun.options === "string" ? (JSON.parse(begun.options) as RequestOptions) : begun.options;
      released(draft, await tell<ReleaseState>(`${path}/finish`, { credential: await touch(options) }));
    } catch (thrown) {
      trouble.value = sentenceOf(thrown);
    }
    isBusy.value = false;
  };
  const note = draft.given.length ? say("A change takes back every release so far.") : "";
  return (
    <>
      {may("release") ? (
        <div class="actions">
          <button type="button" class="main" disabled={isBusy.value} onClick={() => void release()}>
            {say("Release with my passkey")}
          </button>
        </div>
      ) : (
        <p class="muted">{say("Officers release drafts; your role does not.")}</p>
      )}
      {may("draft") ? <Discarding draft={draft} trouble={trouble} again={again} change={say("Change")} note={note} /> : null}
    </>
  );
}

/** The ways out of a draft that send nothing: change it, or discard it after a second thought. */
function Discarding({ draft, trouble, again, change, note = "" }: { draft: DraftDocument; trouble: { value: string }; again: () => void; change: string; note?: string }): JSX.Element {
  const isSure = useSignal(false);
  const discard = async () => {
    trouble.value = "";
    try {
      await tell(`drafts/${encodeURIComponent(draft.submission)}`, {}, "DELETE");
      again();
    } catch (thrown) {
      trouble.value = sentenceOf(thrown);
    }
  };
  if (isSure.value) {
    return (
      <div class="actions" role="group" aria-label={say("Discard the draft?")}>
        <span>{say("Discard the draft? It cannot be brought back.")}</span>
        <button type="button" class="danger" onClick={() => void discard()}>
          {say("Discard it")}
        </button>
        <button type="button" onClick={() => (isSure.value = false)}>
          {say("Keep it")}
        </button>
      </div>
    );
  }
  return (
    <div class="actions">
      <a class="button" href={address(["compose", draft.kind], { line: draft.line, draft: draft.submission })}>
        {change}
      </a>
      <button type="button" onClick={() => (isSure.value = true)}>
        {say("Discard")}
      </button>
      {note ? <span class="muted">{note}</span> : null}
    </div>
  );
}
