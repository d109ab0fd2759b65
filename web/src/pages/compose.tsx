/** Write a notice: the form, what agreements say about it while it is typed, and how it will read in both languages. */
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { signal, useSignal } from "@preact/signals";
import { ask, Refusal, sentenceOf, tell } from "../api";
import type { CheckDocument, DraftDocument, DraftsDocument, EntryDocument, FormDocument, FormsDocument, LineDocument } from "../answers";
import { address, go, route } from "../route";
import { me } from "../session";
import { language, say } from "../words";
import { Aside, CheckState } from "./forms/aside";
import { Attachments } from "./forms/attachments";
import { Fields } from "./forms/fields";
import { useKeeping } from "./forms/keeping";
import { sections, type Field, type Grammar } from "./forms/model";
import { minuteOf, momentOf, tidied } from "./forms/moments";
import { formOf } from "./forms/places";
import { beginning, cancelling, correcting, drawnInto, met, replying, shapeOf, type About, type Met } from "./forms/starts";
import { Form, idOf, nearest } from "./forms/state";
import type { Values } from "./forms/values";
import { useLoaded } from "./load";
import { FormsTrouble, Frame, kindName, termsOf, Trouble, useForms, useLines } from "./pieces";

const CHECK_AFTER_MS = 400;

/** What the address asks for. */
interface Asked {
  kind: string;
  line: string;
  reply: string;
  word: string;
  correct: string;
  cancel: string;
  area: string;
  draft: string;
  encounter: string;
}

function asked(): Asked {
  const { path, query } = route.value;
  const of = (name: string) => query.get(name) ?? "";
  const kind = (path[1] ?? "").replaceAll("-", "_");
  return {
    kind: of("correct") ? "correction" : of("cancel") ? "cancellation" : of("reply") && !kind ? "reply" : kind,
    line: of("line"),
    reply: of("reply"),
    word: of("word"),
    correct: of("correct"),
    cancel: of("cancel"),
    area: of("area"),
    draft: of("draft"),
    encounter: of("encounter"),
  };
}

export default function Compose(): JSX.Element {
  const forms = useForms();
  const lines = useLines();
  const wanted = asked();
  const all = lines.value?.lines ?? [];
  const line = all.find((one) => one.line === wanted.line || one.name === wanted.line) ?? (all.length === 1 ? all[0] : undefined);
  const form = forms?.forms.find((one) => one.kind === wanted.kind);
  if (!forms || !lines.value) {
    return (
      <Frame title={say("Write a notice")}>
        <Trouble loaded={lines} />
        <FormsTrouble />
      </Frame>
    );
  }
  if (!form || !line) return <Choose forms={forms} lines={all} line={line} kind={wanted.kind} />;
  const key = JSON.stringify([wanted, line.line]);
  return <Writing key={key} wanted={wanted} line={line} form={form} forms={forms} />;
}

/** Which kind, on which line. */
function Choose({ forms, lines, line, kind }: { forms: FormsDocument; lines: readonly LineDocument[]; line: LineDocument | undefined; kind: string }): JSX.Element {
  const chosen = useSignal(line?.line ?? lines[0]?.line ?? "");
  const query = Object.fromEntries(route.value.query);
  const target = lines.find((one) => one.line === chosen.value);
  const fits = (one: FormDocument) => one.kind.startsWith("humanitarian_") === (target?.is_humanitarian ?? false) || ["reply", "correction", "cancellation"].includes(one.kind);
  return (
    <Frame title={say("Write a notice")} line={target}>
      {lines.length === 0 ? <p class="trouble">{say("This node has no line to write on.")}</p> : null}
      <div class="field">
        <label for="compose-line">{say("On which line")}</label>
        <select id="compose-line" value={chosen.value} onChange={(event) => (chosen.value = event.currentTarget.value)}>
          {lines.map((one) => (
            <option key={one.line} value={one.line}>
              {one.is_training ? `${say("TRAINING")} ${one.name}` : one.name}
            </option>
          ))}
        </select>
      </div>
      {kind ? null : <h2>{say("What is it about")}</h2>}
      <ul class="kinds">
        {forms.forms
          .filter((one) => (kind ? one.kind === kind : fits(one)))
          .map((one) => (
            <li key={one.kind}>
              <a class="kind" href={address(["compose", one.kind], { ...query, line: chosen.value })}>
                {one.names[language.value] ?? one.kind}
              </a>
            </li>
          ))}
      </ul>
    </Frame>
  );
}

interface Start {
  values: Values;
  about: About | null;
  answerBy: string;
  draft: DraftDocument | null;
}

/** Load what the form is about. author: our own name as we wrote it last. */
async function start(wanted: Asked, line: LineDocument, form: Form, author: unknown, stop: AbortSignal): Promise<Start> {
  const member = me.peek()?.member ?? "";
  if (wanted.draft) return editing(wanted.draft, stop);
  const ref = wanted.reply || wanted.correct || wanted.cancel;
  const entry = ref ? await ask<EntryDocument>(`entries/${encodeURIComponent(line.line)}/${encodeURIComponent(ref)}`, {}, stop) : null;
  const about: About | null = entry && {
    ref: entry.row.ref,
    title: entry.row.title || entry.row.ref,
    member: entry.row.member,
    activity: entry.row.activity,
    notice: entry.notice,
  };
  let values = beginning(form.kind, member, author, Date.now());
  if (about && wanted.reply) values = { ...values, ...replying(form.fields, about, wanted.word, say("Reply:")) };
  if (about && wanted.correct) values = { ...values, ...correcting(about, say("Correction:")) };
  if (about && wanted.cancel) values = { ...values, ...cancelling(about, say("Cancelled:")) };
  if (wanted.encounter) values = { ...values, ...(await seen(wanted.encounter, stop)) };
  const shape = wanted.area ? shapeOf(wanted.area) : null;
  if (shape) values = drawnInto(form.grammar, form.fields, values, shape);
  return { values, about, answerBy: "", draft: null };
}

/** What the picture saw of an encounter; nothing when it has left the picture meanwhile. */
async function seen(id: string, stop: AbortSignal): Promise<Values> {
  const picture = await ask<{ encounters: (Met & { id: string })[]; movers: { id: string; kind: string; name: string }[] }>("picture", {}, stop);
  const encounter = picture.encounters.find((one) => one.id === id);
  const words: Record<string, string> = { ship: say("ship"), aircraft: say("aircraft") };
  return encounter ? met(encounter, picture.movers, (kind) => words[kind] ?? say("not known")) : {};
}

async function editing(submission: string, stop: AbortSignal): Promise<Start> {
  const { drafts } = await ask<DraftsDocument>("drafts", {}, stop);
  const draft = drafts.find((one) => one.submission === submission);
  if (!draft) throw new Error(say("This draft is gone: it was released or discarded."));
  return {
    values: formOf(draft.notice ?? {}) as Values,
    about: null,
    answerBy: draft.answer_by_ms === null ? "" : minuteOf(draft.answer_by_ms),
    draft,
  };
}

function Writing({ wanted, line, form: document, forms }: { wanted: Asked; line: LineDocument; form: FormDocument; forms: FormsDocument }): JSX.Element {
  const grammar: Grammar = useMemo(
    () => ({ definitions: forms.definitions as Grammar["definitions"], terms: termsOf(forms) }),
    [forms, language.value],
  );
  const form = useMemo(
    () => new Form(document.kind, grammar, document.schema, line.parties.filter((one) => one.is_member).map((one) => one.member), grammar.terms),
    [document, line.line, grammar],
  );
  const before = useMemo(() => ({ form: null as Form | null }), []);
  const started = useLoaded(JSON.stringify([wanted, line.line]), [], (stop) => start(wanted, line, form, forms.author, stop));
  const isReady = useSignal(false);
  useEffect(() => {
    // a change of language makes the form anew: what was typed goes with it
    if (before.form && before.form !== form) {
      form.values.value = before.form.values.peek();
      form.isChanged.value = before.form.isChanged.peek();
    } else if (started.value) form.values.value = started.value.values;
    before.form = started.value ? form : null;
    isReady.value = started.value !== undefined;
  }, [form, started.value]);
  const name = kindName(forms, document.kind);
  if (!isReady.value || !started.value) {
    return (
      <Frame title={name} line={line}>
        <Trouble loaded={started} />
      </Frame>
    );
  }
  return (
    <Frame title={started.value.draft ? say("Change the draft: {kind}", { kind: name }) : name} line={line}>
      <Desk form={form} started={started.value} line={line} reply={wanted.reply} />
    </Frame>
  );
}

/** The form beside its check. */
function Desk({ form, started, line, reply }: { form: Form; started: Start; line: LineDocument; reply: string }): JSX.Element {
  const check = useMemo(() => signal<CheckDocument | null>(null), []);
  const trouble = useSignal("");
  const checkTrouble = useSignal("");
  const keeping = useKeeping(form, line.line, reply, started);
  const { files, answerBy, isBusy, kept } = keeping;
  useCheck(form, line.line, check, checkTrouble);
  useGuard(form);
  const keepUnfinished = async () => {
    trouble.value = await keeping.unfinished();
  };
  const save = async () => {
    form.isAsked.value = true;
    trouble.value = kept.value = "";
    isBusy.value = true;
    try {
      await keeping.write(false);
      go(["drafts"], { line: line.line });
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.faults.length) form.faults.value = thrown.faults;
      else trouble.value = sentenceOf(thrown);
      requestAnimationFrame(() => window.document.getElementById("form-trouble")?.focus());
    }
    isBusy.value = false;
  };
  const parts = sections(form.fields);
  return (
    <div class="compose">
      <form
        class="compose-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <States form={form} />
        <Summary form={form} trouble={trouble.value} />
        <Fields form={form} fields={parts.head} path="" />
        <Fields form={form} fields={parts.matter} path="" />
        <Margin form={form} fields={parts.margin} />
        <AnswerBy answerBy={answerBy} isAsked={form.isAsked.value} touched={() => (form.isChanged.value = true)} />
        <Attachments files={files} touched={() => (form.isChanged.value = true)} />
        <div class="actions compose-actions">
          <button type="submit" class="main" disabled={isBusy.value}>
            {say("Save the draft")}
          </button>
          <button type="button" disabled={isBusy.value} onClick={() => void keepUnfinished()}>
            {say("Keep unfinished")}
          </button>
          <a class="button" href={address(["drafts"])} onClick={() => (form.isChanged.value = false)}>
            {say("Leave without keeping")}
          </a>
          <CheckState check={check.value} />
          <span class="muted save-hint">{say("Saving sends nothing. Officers release a draft with their passkeys.")}</span>
          <span class="kept-hint" role="status">
            {kept.value}
          </span>
        </div>
      </form>
      <Aside check={check.value} trouble={checkTrouble.value} terms={form.grammar.terms} />
    </div>
  );
}

/** Have the desk check the form whenever typing pauses; an answer that comes after a newer question is dropped. */
function useCheck(form: Form, line: string, check: { value: CheckDocument | null }, trouble: { value: string }): void {
  const document = JSON.stringify(form.document.value);
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(() => {
      tell<CheckDocument>("check", { line, notice: JSON.parse(document) }).then(
        (found) => {
          if (!isCurrent) return;
          check.value = found;
          form.faults.value = found.faults;
          form.warnings.value = found.warnings;
          trouble.value = "";
        },
        (thrown: unknown) => {
          if (isCurrent) trouble.value = sentenceOf(thrown);
        },
      );
    }, CHECK_AFTER_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [document, line, language.value]);
}

/** Ask before a tab with unsaved typing is closed. */
function useGuard(form: Form): void {
  useEffect(() => {
    const guard = (event: BeforeUnloadEvent) => {
      if (form.isChanged.peek()) event.preventDefault();
    };
    addEventListener("beforeunload", guard);
    return () => removeEventListener("beforeunload", guard);
  }, [form]);
}

/** The states' codes with their names, for every field that takes one. */
function States({ form }: { form: Form }): JSX.Element {
  const codes = useMemo(() => Object.keys(form.states).filter((one) => /^[A-Z]{2}$/.test(one)), [form]);
  return (
    <datalist id="states">
      {codes.map((one) => (
        <option key={one} value={one}>
          {form.states[one]}
        </option>
      ))}
    </datalist>
  );
}

/** Fields that stand around the notice, by the paths of their faults. */
const AROUND: Readonly<Record<string, string>> = { answer_by_ms: "answer-by", attachments: "attachments" };

function faultName(form: Form, path: string): string {
  if (path.startsWith("answer_by_ms")) return say("An answer is asked for by");
  if (path.startsWith("attachments")) return say("Attachments");
  return path ? form.nameOf(path) : say("The whole notice");
}

/** Every fault at once, each a way to its field. */
function Summary({ form, trouble }: { form: Form; trouble: string }): JSX.Element | null {
  const faults = form.isAsked.value ? form.faults.value : [];
  if (!faults.length && !trouble) return null;
  const jump = (path: string) => {
    for (const details of window.document.querySelectorAll<HTMLDetailsElement>("details.margin")) details.open = true;
    window.document.getElementById(AROUND[path.replace(/[.[].*/, "")] ?? idOf(nearest(path)))?.focus();
  };
  return (
    <section class="summary" id="form-trouble" tabIndex={-1} role="alert">
      <h2>{trouble ? say("The draft was not saved") : say("To be put right first")}</h2>
      {trouble ? <p>{trouble}</p> : null}
      <ul>
        {faults.map((one) => (
          <li key={one.path + one.message}>
            <button type="button" class="link" onClick={() => jump(one.path)}>
              {faultName(form, one.path)}
            </button>
            : {one.message}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Who speaks, and what it goes with: filled in already, seldom changed. */
function Margin({ form, fields }: { form: Form; fields: readonly Field[] }): JSX.Element {
  const isWrong = fields.some((one) => form.faults.value.some((fault) => fault.path === one.name || fault.path.startsWith(`${one.name}.`)));
  return (
    <details class="margin" open={isWrong && form.isAsked.value}>
      <summary>{say("Who says it, its number, references and sources")}</summary>
      <Fields form={form} fields={fields} path="" />
    </details>
  );
}

function AnswerBy({ answerBy, isAsked, touched }: { answerBy: { value: string }; isAsked: boolean; touched: () => void }): JSX.Element {
  const text = answerBy.value.trim();
  const isWrong = text !== "" && momentOf(tidied(text)) === null;
  return (
    <div class={`field field-moment${isWrong && isAsked ? " is-wrong" : ""}`}>
      <label for="answer-by">{say("An answer is asked for by")}</label>
      <input
        id="answer-by"
        type="text"
        placeholder="2030-05-01T06:00Z"
        autocomplete="off"
        value={answerBy.value}
        aria-describedby="answer-by-help"
        aria-invalid={isWrong}
        onInput={(event) => {
          answerBy.value = event.currentTarget.value;
          touched();
        }}
      />
      <p class="help" id="answer-by-help">
        {say("UTC; blank when no answer is asked for. Without one by then an alarm is raised on both sides.")}
      </p>
    </div>
  );
}
