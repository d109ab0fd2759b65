/**
 * What the picture shows at a moment: movers with their trails, encounters, feeds. Live changes and replayed frames
 * come in through the same `apply`, so that a replay shows what was shown live.
 */
import { signal } from "@preact/signals";
import type { Encounter, Feed, Mover } from "./documents";
import { breath } from "./gently";
import { areaName } from "./names";

/** Heard longer ago than this, a mover fades, and is struck through when it is older still. */
export const FADES_AFTER_MS = 60_000;
export const STALE_AFTER_MS = 180_000;
/** Positions of a trail that are kept for each mover. */
const TRAIL_MAX = 90;
const TRAIL_STEP_MS = 10_000;
/** Movers that are taken in at a time; between two slices the browser may answer a key. */
const SLICE = 800;
/** Changes that may wait to be taken in; beyond them everything is taken in at once. */
const WAITING_MAX = 2;

/** A mover and where it was. Trail: longitude, latitude and moment of each position, oldest first, three to each. */
export interface Track {
  mover: Mover;
  trail: number[];
  /** Where the map has it, in the projection in use; NaN until the map asked */
  x: number;
  y: number;
  projection: string;
  /** What the map drew last for it, as its painter knows it */
  look: unknown;
}

/** Change as the events have it; encounters and feeds are null where nothing of them changed. */
export interface SceneChange {
  number: number;
  now_ms?: number;
  full?: boolean;
  movers: Mover[];
  gone: string[];
  encounters: Encounter[] | null;
  feeds: Feed[] | null;
  silenced_until_ms?: number | null;
}

/** One picture: the live one, or the one that is replayed. */
export class Scene {
  readonly tracks = new Map<string, Track>();
  encounters: Encounter[] = [];
  feeds: Feed[] = [];
  /** Counts up with every change; reading it in a component draws the component anew. */
  readonly version = signal(0);
  readonly encountersVersion = signal(0);
  readonly feedsVersion = signal(0);

  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** Take a change in, in slices where it is large; changes are taken in as they come. */
  take(change: SceneChange): void {
    if (this.#waiting === 0 && change.movers.length <= SLICE) return this.apply(change);
    this.#waiting += 1;
    this.#turn = this.#turn.then(async () => {
      for (let from = 0; from + SLICE < change.movers.length && this.#waiting <= WAITING_MAX; from += SLICE) {
        for (const mover of change.movers.slice(from, from + SLICE)) this.#move(mover);
        await breath();
      }
      this.apply(change);
      this.#waiting -= 1;
    });
  }

  /** Take a change in at once. */
  apply(change: SceneChange): void {
    if (change.full) {
      const here = new Set(change.movers.map((one) => one.id));
      for (const id of this.tracks.keys()) if (!here.has(id)) this.tracks.delete(id);
    }
    for (const mover of change.movers) this.#move(mover);
    for (const id of change.gone) this.tracks.delete(id);
    if (change.encounters) {
      this.encounters = change.encounters;
      this.encountersVersion.value += 1;
    }
    if (change.feeds) {
      this.feeds = change.feeds;
      this.feedsVersion.value += 1;
    }
    this.version.value += 1;
  }

  /** Forget everything: another time is shown next. */
  clear(): void {
    this.tracks.clear();
    this.encounters = [];
    this.encountersVersion.value += 1;
    this.version.value += 1;
  }

  /** Put older positions before those of a trail. */
  lengthen(id: string, points: [number, number, number][]): void {
    const track = this.tracks.get(id);
    if (!track) return;
    const first = track.trail[2] ?? Infinity;
    const older = points.filter((point) => point[2] < first).flat();
    track.trail = [...older, ...track.trail].slice(-TRAIL_MAX * 3);
    this.version.value += 1;
  }

  /** The name under which people know a mover, its id where it has none; an area that one comes into has its name in its id. */
  nameOf(id: string): string {
    return this.tracks.get(id)?.mover.name || areaName(id) || id;
  }

  #move(mover: Mover): void {
    const known = this.tracks.get(mover.id);
    if (!known) {
      this.tracks.set(mover.id, { mover, trail: [mover.lon_deg, mover.lat_deg, mover.at_ms], x: NaN, y: NaN, projection: "", look: null });
      return;
    }
    if (known.mover === mover) return; // a slice of this change has it already
    const { trail } = known;
    const hasMoved = mover.lon_deg !== known.mover.lon_deg || mover.lat_deg !== known.mover.lat_deg;
    if (mover.symbol !== known.mover.symbol || mover.side !== known.mover.side || mover.kind !== known.mover.kind) known.look = null;
    known.mover = mover;
    if (!hasMoved) return;
    known.x = NaN;
    if (mover.at_ms - (trail[trail.length - 1] ?? 0) < TRAIL_STEP_MS) return;
    trail.push(mover.lon_deg, mover.lat_deg, mover.at_ms);
    if (trail.length > TRAIL_MAX * 3) trail.splice(0, 3);
  }
}
