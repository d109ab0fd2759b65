/** Loading what a page shows: asked again when the desk tells that it changed, kept on the screen until it is here. */
import { signal, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { sentenceOf } from "../api";

export interface Loaded<T> {
  value: T | undefined;
  trouble: string;
  isLoading: boolean;
}

/** What changed at the desk, by topic: "entries", "drafts", ... The shell counts it up for each piece of news. */
export const news: Signal<Readonly<Record<string, number>>> = signal({});

/** Note that something changed. */
export function noteNews(topics: readonly string[]): void {
  const next = { ...news.peek() };
  for (const topic of topics) next[topic] = (next[topic] ?? 0) + 1;
  news.value = next;
}

/**
 * Load something, and again whenever `key` changes or one of the topics is told as changed.
 *
 * What was there stays in view while it is asked again, and stays with the trouble beside it when that fails.
 */
export function useLoaded<T>(key: string, topics: readonly string[], load: (signal: AbortSignal) => Promise<T>): Loaded<T> & { again: () => void } {
  const state = useMemo(() => signal<Loaded<T>>({ value: undefined, trouble: "", isLoading: true }), [key]);
  const round = useMemo(() => signal(0), []);
  const changes = topics.map((one) => news.value[one] ?? 0).join(",");
  const number = round.value;
  useEffect(() => {
    const stop = new AbortController();
    state.value = { ...state.peek(), isLoading: true };
    load(stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) state.value = { value, trouble: "", isLoading: false };
      },
      (thrown: unknown) => {
        if (!stop.signal.aborted) state.value = { ...state.peek(), trouble: sentenceOf(thrown), isLoading: false };
      },
    );
    return () => stop.abort();
  }, [key, changes, number]);
  return { ...state.value, again: () => (round.value = round.peek() + 1) };
}
