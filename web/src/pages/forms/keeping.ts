/** Keeping a form at the desk: as a draft for officers, or unfinished, so that nothing that was typed is lost. */
import { signal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { DraftDocument } from "../../answers";
import { isSignedOut, sentenceOf, tell } from "../../api";
import { hourMinute } from "../../formats";
import { now_ms } from "../../live";
import { me } from "../../session";
import { say } from "../../words";
import { heldFiles, type Attached } from "./attachments";
import { momentOf, tidied } from "./moments";
import type { Form } from "./state";

/** How long a form may stand with unsaved typing before it is kept unfinished. */
const KEPT_AFTER_MS = 120_000;

interface ToKeep {
  line: string;
  /** What stands at the desk so far; null before anything was kept */
  held: DraftDocument | null;
  reply: string;
  files: readonly Attached[];
  answerBy: string;
  isUnfinished: boolean;
}

async function keep(form: Form, { line, held, reply, files, answerBy, isUnfinished }: ToKeep): Promise<DraftDocument> {
  const until = answerBy.trim() ? momentOf(tidied(answerBy)) : null;
  const isRead = until !== null && ["minute", "second"].includes(until.precision);
  if (answerBy.trim() && !isRead && !isUnfinished) {
    throw new Error(say("The time by which an answer is asked for is not read: write it as {example}.", { example: "2030-05-01T06:00Z" }));
  }
  return tell<DraftDocument>("drafts", {
    line,
    notice: form.document.peek(),
    attachments: files.map(({ media_type, octets, sha256 }) => (sha256 ? { media_type, octets: "", sha256 } : { media_type, octets })),
    answer_by_ms: isRead ? until.from_ms : null,
    in_reply_to: held?.in_reply_to ?? reply,
    submission: held?.submission ?? "",
    ...(isUnfinished ? { is_unfinished: true } : {}),
    ...(held ? { revision: held.revision } : {}),
  });
}

/** Whoever goes to another page with unsaved typing finds it unfinished among the drafts, at any station. */
function useKeptOnLeaving(keepWhatChanged: () => Promise<unknown>): void {
  const last = useRef(keepWhatChanged);
  last.current = keepWhatChanged;
  useEffect(
    () => () => {
      const keepIt = last.current;
      if (me.peek() && !isSignedOut.peek()) keepIt().catch(() => undefined);
    },
    [],
  );
}

/** A form that is left alone with unsaved typing is kept unfinished: a session may end, and a watch changes. */
function useKeptInPauses(form: Form, keepIt: () => void): void {
  const last = useRef(keepIt);
  last.current = keepIt;
  const typed = JSON.stringify(form.values.value);
  useEffect(() => {
    const timer = setTimeout(() => form.isChanged.peek() && last.current(), KEPT_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed]);
}

/** What stands around a form while it is written, and the ways to keep it. */
export interface Keeping {
  files: Signal<readonly Attached[]>;
  answerBy: Signal<string>;
  isBusy: Signal<boolean>;
  /** That and when it was kept unfinished, in words; "" before */
  kept: Signal<string>;
  /** Keep it; raises Refusal where the desk refuses */
  write: (isUnfinished: boolean) => Promise<DraftDocument>;
  /** Keep it unfinished; returns why that failed, "" when it did not */
  unfinished: () => Promise<string>;
}

/** Keep a form whenever a person says so, leaves it, or leaves it alone. */
export function useKeeping(form: Form, line: string, reply: string, started: { draft: DraftDocument | null; answerBy: string }): Keeping {
  const around = useMemo(
    () => ({
      files: signal<readonly Attached[]>(heldFiles(started.draft?.attachments ?? [])),
      answerBy: signal(started.answerBy),
      held: signal(started.draft),
      isBusy: signal(false),
      kept: signal(""),
    }),
    [],
  );
  const { files, answerBy, held, isBusy, kept } = around;
  const inFlight = useRef<Promise<unknown>>(Promise.resolve());
  const send = async (isUnfinished: boolean) => {
    const asked = keep(form, { line, held: held.peek(), reply, files: files.peek(), answerBy: answerBy.peek(), isUnfinished });
    form.isChanged.value = false; // what is typed from here on is not in it
    try {
      held.value = await asked;
    } catch (thrown) {
      form.isChanged.value = true;
      throw thrown;
    }
    return held.value;
  };
  // one after the other: whoever leaves while a form is being kept must not keep it a second time beside itself
  const write = (isUnfinished: boolean): Promise<DraftDocument> => {
    const next = inFlight.current.then(() => send(isUnfinished));
    inFlight.current = next.catch(() => undefined);
    return next;
  };
  const unfinished = async () => {
    kept.value = "";
    isBusy.value = true;
    try {
      files.value = heldFiles((await write(true)).attachments);
      kept.value = say("Kept unfinished at {time}. Every station finds it under Drafts; nobody can release it before it is finished.", { time: hourMinute(now_ms()) });
      return "";
    } catch (thrown) {
      return sentenceOf(thrown);
    } finally {
      isBusy.value = false;
    }
  };
  const isWaiting = () => held.peek() !== null && held.peek()?.state !== "unfinished";
  useKeptOnLeaving(async () => {
    await inFlight.current;
    if (!form.isChanged.peek()) return undefined;
    if (!isWaiting()) return write(true);
    // what waits to be released stays as officers saw it: what was typed since is kept beside it, without its files
    const own = files.peek().filter((one) => !one.sha256);
    return keep(form, { line, held: null, reply: held.peek()?.in_reply_to ?? reply, files: own, answerBy: answerBy.peek(), isUnfinished: true });
  });
  useKeptInPauses(form, () => {
    if (!isBusy.peek() && !isWaiting()) void unfinished();
  });
  return { files, answerBy, isBusy, kept, write, unfinished };
}
