/** What was announced and said, kept fresh: areas, notices, the timeline, the site's own overlays. */
import type { FeatureCollection } from "geojson";
import type { Area, Entries, TimelineItem } from "./documents";
import { nearMoment } from "./formats";
import { fresh } from "./fresh";
import { now_ms } from "./live";
import { replayAt_ms } from "./replay";
import { withQuery } from "./api";
import { say } from "./words";

export const HOUR_MS = 3_600_000;
/** How far the timeline reaches around the moment that is shown. */
export const BEFORE_MS = 6 * HOUR_MS;
export const AFTER_MS = 24 * HOUR_MS;

function span(): { from_ms: number; until_ms: number } {
  const at = Math.round(replayAt_ms.peek() ?? now_ms());
  return { from_ms: at - BEFORE_MS, until_ms: at + AFTER_MS };
}

export const areas = fresh<{ areas: Area[] }>(() => withQuery("areas", span()), ["entries"], { areas: [] }, 120_000);
export const notices = fresh<Entries>(() => withQuery("entries", { limit: 60 }), ["entries"], { rows: [], next: "" }, 60_000);
export const timeline = fresh<{ items: TimelineItem[] }>(() => withQuery("timeline", span()), ["entries", "lines", "alarms"], { items: [] }, 60_000);

/** A named overlay of this side's own: GeoJSON that only its own desks show. */
export interface Overlay {
  name: string;
  features: FeatureCollection;
}

export const overlays = fresh<{ overlays: Overlay[] }>("overlays", ["shelf"], { overlays: [] }, 600_000);

/** The window of an area that is in force at a moment, or the next one to come within a day; null for none. */
export function windowOf(area: Area, at_ms: number): { from_ms: number; until_ms: number | null; isNow: boolean } | null {
  for (const [from_ms, until_ms] of area.windows) {
    if (from_ms <= at_ms && (until_ms === null || until_ms > at_ms)) return { from_ms, until_ms, isNow: true };
  }
  const next = area.windows.filter(([from_ms]) => from_ms > at_ms && from_ms <= at_ms + AFTER_MS).sort((a, b) => a[0] - b[0])[0];
  return next ? { from_ms: next[0], until_ms: next[1], isNow: false } : null;
}

/** When an area is in force, as its label says it. */
export function times(area: Area, at_ms: number): string {
  const found = windowOf(area, at_ms);
  if (!found) return "";
  const until = found.until_ms === null ? say("until cancelled") : say("until {moment}", { moment: nearMoment(found.until_ms, at_ms) });
  return found.isNow ? until : say("from {moment}", { moment: nearMoment(found.from_ms, at_ms) });
}
