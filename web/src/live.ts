/**
 * The live connection: server-sent events in, the clock of the desk, and whether anything was heard lately.
 *
 * The desk sends its clock every five seconds. Twelve seconds without any event, and what is shown may be old: the
 * page says so as loudly as an alarm, since no data must never look like no danger.
 */
import { computed, signal } from "@preact/signals";
import { isSignedOut } from "./api";
import { tellNews } from "./news";
import { noteNews } from "./pages/load";
import { Scene, type SceneChange } from "./scene";
import { recognise } from "./session";

export const SILENT_AFTER_MS = 12_000;
const RETRY_MS = 3_000;
/** "node" says that anything may have changed. */
const EVERYTHING = ["entries", "lines", "drafts", "alarms", "people", "trail", "shelf"];

/** The picture as it is now. */
export const live = new Scene();

/** When something was heard last, by this machine's steady clock; null before the first event. */
const heardAt = signal<number | null>(null);
const startedAt = performance.now();
/** Desk's clock less this machine's. */
const ahead_ms = signal(0);
/** Counts seconds, so that ages on the screen grow. */
export const tick = signal(0);
/** Whether the node behind the desk answers. */
export const nodeAnswers = signal(true);
/** Until when the sound is off at every station. */
export const silencedUntil_ms = signal<number | null>(null);

/** Now, by the desk's clock. */
export function now_ms(): number {
  return Date.now() + ahead_ms.peek();
}

/** The same, and drawn anew each second. */
export function ticking_ms(): number {
  void tick.value;
  return Date.now() + ahead_ms.value;
}

/** How far this machine's clock is from the desk's. */
export const clockOffset_ms = computed(() => ahead_ms.value);

/** How long nothing was heard, when that is too long; null while all is well. */
export const silent_ms = computed(() => {
  void tick.value;
  const quiet = performance.now() - (heardAt.value ?? startedAt);
  return quiet >= SILENT_AFTER_MS ? quiet : null;
});

/** Whether anything was ever heard. */
export const hasHeard = computed(() => heardAt.value !== null);

let source: EventSource | null = null;
const offsets: number[] = [];

/** Take the desk's clock: of the last samples the one that was least delayed on its way. */
function setClock(told_ms: number): void {
  offsets.push(told_ms - Date.now());
  if (offsets.length > 12) offsets.shift();
  ahead_ms.value = Math.max(...offsets);
}
let ticker = 0;

function heard(): void {
  heardAt.value = performance.now();
}

function on<T>(name: string, take: (document: T) => void): void {
  source?.addEventListener(name, (event) => {
    heard();
    take(JSON.parse((event as MessageEvent<string>).data) as T);
  });
}

function open(): void {
  source = new EventSource("/api/v1/events");
  on<SceneChange>("picture", (change) => {
    if (change.now_ms !== undefined) setClock(change.now_ms);
    if (change.silenced_until_ms !== undefined) silencedUntil_ms.value = change.silenced_until_ms;
    live.take(change);
  });
  on<{ topics: string[] }>("news", ({ topics }) => {
    noteNews(topics.includes("node") ? EVERYTHING : topics);
    tellNews(topics);
  });
  on<{ silenced_until_ms?: number | null }>("alarms", (told) => {
    if (told.silenced_until_ms !== undefined) silencedUntil_ms.value = told.silenced_until_ms;
    tellNews(["alarms"]);
  });
  on<{ now_ms: number; node_answers?: boolean }>("clock", (told) => {
    setClock(told.now_ms);
    nodeAnswers.value = told.node_answers ?? true;
  });
  source.onerror = () => {
    if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    source = null;
    setTimeout(() => {
      if (ticker === 0) return;
      recognise().catch(() => undefined).finally(() => {
        if (!isSignedOut.peek() && ticker !== 0 && !source) open();
      });
    }, RETRY_MS);
  };
}

/** Listen from now on. */
export function listen(): void {
  if (ticker !== 0) return;
  ticker = setInterval(() => (tick.value += 1), 1000);
  open();
}

/** Stop listening: nobody is signed in any more. */
export function stopListening(): void {
  clearInterval(ticker);
  ticker = 0;
  source?.close();
  source = null;
}
