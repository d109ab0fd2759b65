/** Alarms: those of the desk, shared by all stations, and those that only this page can raise, of its own silence. */
import { computed, effect, signal } from "@preact/signals";
import { tell } from "./api";
import type { Alarm, Lines, Priority } from "./documents";
import { fresh } from "./fresh";
import { hasHeard, live, nodeAnswers, now_ms, silencedUntil_ms, silent_ms, ticking_ms } from "./live";
import { span } from "./formats";
import { me } from "./session";
import { sound } from "./sound";
import { say } from "./words";

export const PRIORITIES: Priority[] = ["emergency", "alarm", "warning", "caution"];

export const alarms = fresh<{ alarms: Alarm[] }>("alarms", ["alarms", "entries", "lines"], { alarms: [] }, 30_000);
export const lines = fresh<Lines>("lines", ["lines", "entries"], { member: "", version: "", now_ms: 0, ready: true, waits: "", held_s: 0, lines: [] }, 10_000);

/** Is it one that nobody acknowledged yet? */
export function isOpen(alarm: Alarm): boolean {
  return alarm.state.endsWith("unacknowledged");
}

/** Does what it warns of go on? */
export function isActive(alarm: Alarm): boolean {
  return alarm.state.startsWith("active");
}

const gravity = (alarm: Alarm) => PRIORITIES.indexOf(alarm.priority);

/** Open ones first, then the gravest, then the newest. Closed ones come last. */
export const sorted = computed(() =>
  [...alarms.value.value.alarms].sort(
    (a, b) => Number(isOpen(b)) - Number(isOpen(a)) || Number(isActive(b)) - Number(isActive(a)) || gravity(a) - gravity(b) || b.raised_ms - a.raised_ms,
  ),
);
export const open = computed(() => sorted.value.filter(isOpen));

/** Something that is wrong with what the page shows, as loud as an alarm. */
export interface Worry {
  id: string;
  priority: Priority;
  sentence: string;
}

/** What this page itself must say: that it hears nothing, that feeds or lines are silent. */
export const worries = computed<Worry[]>(() => {
  const found: Worry[] = [];
  const quiet = silent_ms.value;
  if (quiet !== null) {
    const sentence = hasHeard.value
      ? say("STALE: nothing heard from the desk for {span}. What you see is old. No alarm would reach you.", { span: span(quiet) })
      : say("NO DATA: the desk sends nothing. An empty picture is no safe picture.");
    found.push({ id: "desk", priority: "alarm", sentence });
  }
  if (!nodeAnswers.value) found.push({ id: "node", priority: "alarm", sentence: say("The node does not answer: notices are neither sent nor received.") });
  void live.feedsVersion.value;
  for (const feed of live.feeds) {
    if (feed.state === "good") continue;
    const since = span(ticking_ms() - feed.last_ms);
    const sentence =
      feed.last_ms === 0
        ? say("Feed {name} has not been heard yet: nothing is seen by it.", { name: feed.name })
        : feed.state === "down"
        ? say("Feed {name} is DOWN, last heard {span} ago: movers that only it sees are not shown where they are.", { name: feed.name, span: since })
        : say("Feed {name} is STALE, last heard {span} ago.", { name: feed.name, span: since });
    found.push({ id: `feed:${feed.name}`, priority: feed.state === "down" ? "alarm" : "warning", sentence });
  }
  for (const line of lines.value.value.lines) {
    if (line.run === "halted" || line.run === "stopped") {
      const sentence = say("Line {line} stands still: {reason}", { line: line.name, reason: line.reason || line.run });
      found.push({ id: `line:${line.line}`, priority: "alarm", sentence });
    }
    for (const party of line.parties) {
      if (party.state !== "silent") continue;
      const sentence = party.heard_ms
        ? say("Line {line}: {member} is SILENT, last heard {span} ago.", { line: line.name, member: party.member, span: span(ticking_ms() - party.heard_ms) })
        : say("Line {line}: {member} is SILENT, never heard.", { line: line.name, member: party.member });
      found.push({ id: `line:${line.line}:${party.member}`, priority: "alarm", sentence });
    }
  }
  return found;
});

/** Worries whose sound this station turned off: their sound comes back when they come anew. */
const hushed = signal<ReadonlySet<string>>(new Set());
const hushedUntil_ms = signal(0);

/** Until when the sound of alarms is off at every station; null when it is on. */
export const silenced_ms = computed(() => {
  const until = silencedUntil_ms.value ?? 0;
  return until > ticking_ms() ? until : null;
});

/** The priority that must sound now; null for none. */
export const ringing = computed<Priority | null>(() => {
  const wanted = new Set<Priority>();
  if (silenced_ms.value === null) for (const alarm of open.value.filter(isActive)) wanted.add(alarm.priority);
  if (hushedUntil_ms.value <= ticking_ms()) {
    for (const worry of worries.value) if (!hushed.value.has(worry.id)) wanted.add(worry.priority);
  }
  return PRIORITIES.find((one) => wanted.has(one)) ?? null;
});

effect(() => {
  // a worry that went away may sound again when it comes back
  const here = new Set(worries.value.map((one) => one.id));
  const left = [...hushed.peek()].filter((id) => here.has(id));
  if (left.length !== hushed.peek().size) hushed.value = new Set(left);
});

effect(() => sound(me.value ? ringing.value : null));

/** Turn the sound off for 30 s at every station; it comes back by itself, and at once for what is raised anew. */
export async function silence(): Promise<void> {
  hushedUntil_ms.value = now_ms() + 30_000;
  await tell("alarms/silence");
}

/** Note at this station that its own worries were seen: they stay on the screen and stop sounding. */
export function hush(): void {
  hushed.value = new Set(worries.value.map((one) => one.id));
}

/** A person saw this alarm; it is noted with the name and clears at every station. */
export async function acknowledge(alarm: Alarm, remark: string): Promise<void> {
  await tell(`alarms/${encodeURIComponent(alarm.id)}/acknowledge`, { note: remark, count: alarm.count });
  alarms.again();
}

/** The encounter that an alarm is about; "" for another alarm. */
export function encounterOf(alarm: Alarm): string {
  return /^encounter:(.+)@\d+$/s.exec(alarm.id)?.[1] ?? "";
}

/** What an alarm says, with the names of movers where the desk knew their numbers only. */
export function sentenceOfAlarm(alarm: Alarm): string {
  void live.encountersVersion.value;
  const encounter = live.encounters.find((one) => one.id === encounterOf(alarm));
  if (!encounter) return alarm.sentence;
  return [encounter.a, encounter.b].reduce((told, id) => told.split(id).join(live.nameOf(id)), alarm.sentence);
}

/** The priority as people read it. */
export function priorityName(priority: Priority): string {
  return { emergency: say("EMERGENCY"), alarm: say("ALARM"), warning: say("WARNING"), caution: say("CAUTION") }[priority];
}
