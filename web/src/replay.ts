/** The past, shown again: frames of the desk's history go through the same scene as live changes do. */
import { computed, signal } from "@preact/signals";
import { ask, sentenceOf } from "./api";
import type { Mover } from "./documents";
import { live, now_ms, tick } from "./live";
import { note } from "./route";
import { Scene } from "./scene";

export const SPEEDS = [1, 10, 60];

/** What is replayed: its moment, how fast it goes on (0: stands), or null for live. */
export const replayAt_ms = signal<number | null>(null);
export const speed = signal(0);
export const replayTrouble = signal("");
/** Since when the desk keeps positions, once it said so. */
export const keptFrom_ms = signal<number | null>(null);

const past = new Scene();

/** The scene that is shown: live, or the past. */
export const scene = computed(() => (replayAt_ms.value === null ? live : past));

/** The moment that is shown; live it is now. */
export function shown_ms(): number {
  void tick.value;
  return replayAt_ms.value ?? now_ms();
}

interface Frame {
  at_ms: number;
  movers: Mover[];
}

const CHUNK_STEPS = 30;
const BEAT_MS = 250;
let frames: Frame[] = [];
let covered: [number, number] = [0, -1];
let beat = 0;
let wanted = 0;
let isLoading = false;

function step_ms(): number {
  return speed.peek() >= 60 ? 30_000 : 10_000;
}

async function load(from_ms: number): Promise<void> {
  const mine = ++wanted;
  isLoading = true;
  const step = step_ms();
  const from = Math.floor(from_ms / step) * step;
  const until = Math.min(from + step * CHUNK_STEPS, now_ms());
  try {
    const told = await ask<{ frames: Frame[]; kept_from_ms?: number | null }>("replay", { from_ms: Math.round(from), until_ms: Math.round(until), step_ms: step });
    if (mine !== wanted) return;
    frames = told.frames;
    const last = told.frames[told.frames.length - 1];
    // an answer may end earlier than asked, when so many movers are in it
    covered = [from, last ? Math.min(until, last.at_ms + step - 1) : until];
    keptFrom_ms.value = told.kept_from_ms ?? null;
    replayTrouble.value = "";
    show();
  } catch (thrown) {
    if (mine === wanted) replayTrouble.value = sentenceOf(thrown);
  }
  if (mine === wanted) isLoading = false;
}

let shownFrame: Frame | null = null;

function show(): void {
  const at = replayAt_ms.peek();
  if (at === null) return;
  let found: Frame | null = null;
  for (const frame of frames) if (frame.at_ms <= at) found = frame;
  if (!found || found === shownFrame) return;
  shownFrame = found;
  const encounters = live.encounters.filter((one) => one.entered_ms <= at && (one.left_ms ?? Infinity) >= at);
  past.apply({ number: 0, full: true, movers: found.movers, gone: [], encounters, feeds: [] });
}

function goOn(): void {
  const at = replayAt_ms.peek();
  if (at === null || speed.peek() === 0) return;
  const next = at + BEAT_MS * speed.peek();
  if (next >= now_ms()) {
    backToLive();
    return;
  }
  replayAt_ms.value = next;
  if (next > covered[1] && !isLoading) void load(next);
  show();
}

/** Show the past from this moment on. */
export function replayFrom(at_ms: number): void {
  const at = Math.round(Math.min(at_ms, now_ms()));
  const isNew = replayAt_ms.peek() === null;
  if (isNew) past.clear();
  shownFrame = null;
  replayAt_ms.value = at;
  note({ time: String(at) });
  if (beat === 0) beat = setInterval(goOn, BEAT_MS);
  if (at < covered[0] || at > covered[1] || isNew) {
    past.clear();
    void load(at);
  } else {
    show();
  }
}

/** Let it go on at a speed, or stand still with 0. */
export function play(wantedSpeed: number): void {
  if (replayAt_ms.peek() === null) return;
  speed.value = wantedSpeed;
}

/** Show what is now. */
export function backToLive(): void {
  clearInterval(beat);
  beat = 0;
  frames = [];
  covered = [0, -1];
  speed.value = 0;
  replayAt_ms.value = null;
  replayTrouble.value = "";
  note({ time: "" });
}
