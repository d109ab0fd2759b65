/** A document of the desk that is asked for again whenever news say that it changed, and now and then anyway. */
import { signal, type Signal } from "@preact/signals";
import { ask, sentenceOf } from "./api";
import { onNews } from "./news";

export interface Fresh<T> {
  value: Signal<T>;
  /** Why the last question had no answer; "" when it had one */
  trouble: Signal<string>;
  /** Whether it ever came */
  isThere: Signal<boolean>;
  /** Ask again soon; several wishes at a time are one question */
  again: () => void;
  start: () => void;
  stop: () => void;
}

const SOON_MS = 250;
const RETRY_MS = 5_000;

/** Keep a document fresh. `path` may be a function, for questions that depend on the time. */
export function fresh<T>(path: string | (() => string), topics: string[], first: T, everyMs: number): Fresh<T> {
  const value = signal(first);
  const trouble = signal("");
  const isThere = signal(false);
  let timer = 0;
  let silence: (() => void) | null = null;
  let round = 0;
  const load = async () => {
    const mine = ++round;
    let next = everyMs;
    try {
      const told = await ask<T>(typeof path === "string" ? path : path());
      if (mine !== round) return;
      value.value = told;
      trouble.value = "";
      isThere.value = true;
    } catch (thrown) {
      if (mine !== round) return;
      trouble.value = sentenceOf(thrown);
      next = RETRY_MS;
    }
    if (silence) plan(next);
  };
  const plan = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void load(), ms);
  };
  return {
    value,
    trouble,
    isThere,
    again: () => plan(SOON_MS),
    start: () => {
      silence ??= onNews(topics, () => plan(SOON_MS));
      void load();
    },
    stop: () => {
      silence?.();
      silence = null;
      round += 1;
      clearTimeout(timer);
    },
  };
}
