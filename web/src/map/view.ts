/** What the map is asked to show: where, which movers, which layers. Kept in the address or in this browser. */
import { computed, signal } from "@preact/signals";
import type { Mover, Side } from "../documents";
import { keep, kept } from "../kept";
import { note, route } from "../route";

export interface Filters {
  sides: Side[];
  kinds: Mover["kind"][];
  /** Only movers heard within so many minutes; 0 for all */
  heardWithin_min: number;
  /** Reference of an announced area in which a mover must be; "" for anywhere */
  area: string;
}

export const SIDES: Side[] = ["own", "other", "neutral", "unknown"];
export const KINDS: Mover["kind"][] = ["ship", "aircraft", "other"];

const filterText = computed(() => route.value.query.get("f") ?? "");

/** The map's filters, as the address has them: f=own,other;ship;30;REF */
export const filters = computed<Filters>(() => {
  const [sides = "", kinds = "", within = "", area = ""] = filterText.value.split(";");
  const chosen = <T extends string>(all: T[], text: string) => {
    const found = all.filter((one) => text.split(",").includes(one));
    return found.length ? found : all;
  };
  return { sides: chosen(SIDES, sides), kinds: chosen(KINDS, kinds), heardWithin_min: Math.max(0, Number(within) || 0), area };
});

/** Change the map's filters; alarms come whatever the map shows. */
export function filterBy(changes: Partial<Filters>): void {
  const next = { ...filters.peek(), ...changes };
  const sides = next.sides.length === SIDES.length ? "" : next.sides.join(",");
  const kinds = next.kinds.length === KINDS.length ? "" : next.kinds.join(",");
  const text = [sides, kinds, next.heardWithin_min || "", next.area].join(";");
  note({ f: /^;*$/.test(text) ? "" : text });
}

/** Whether a mover passes side, kind and age; the area is the map's to judge. */
export function passes(mover: Mover, wanted: Filters, at_ms: number): boolean {
  if (!wanted.sides.includes(mover.side) || !wanted.kinds.includes(mover.kind)) return false;
  return wanted.heardWithin_min === 0 || at_ms - mover.at_ms <= wanted.heardWithin_min * 60_000;
}

export interface Layers {
  graticule: boolean;
  labels: boolean;
  trails: boolean;
  /** Minutes of way at the present speed that a course line shows; 0: none */
  course_min: number;
  areas: boolean;
  encounters: boolean;
  disputed: boolean;
  overlays: boolean;
  ownMap: boolean;
  projection: "mercator" | "arctic";
}

const FIRST: Layers = {
  graticule: true,
  labels: true,
  trails: true,
  course_min: 6,
  areas: true,
  encounters: true,
  disputed: true,
  overlays: true,
  ownMap: true,
  projection: "mercator",
};

export const layers = signal<Layers>({ ...FIRST, ...kept<Partial<Layers>>("layers", {}) });

/** Show or hide layers; kept in this browser. */
export function showLayers(changes: Partial<Layers>): void {
  layers.value = { ...layers.peek(), ...changes };
  keep("layers", layers.peek());
}

/** What is selected: mover:ID, encounter:ID or area:REF; "" for nothing. Kept in the address. */
export const selected = computed(() => route.value.query.get("sel") ?? "");

/** Select something, here and in the lists. */
export function select(what: string): void {
  note({ sel: what });
}

/** Where the map is asked to go: a point, or an extent; the map takes it and sets it to null. */
export const wish = signal<{ lon_deg: number; lat_deg: number; zoom?: number } | { extent_deg: [number, number, number, number] } | null>(null);

/** Where the map begins when nobody said where. */
export const START = { lon_deg: 19, lat_deg: 58, zoom: 5.4 };
/** Where the map was looked at last, for whoever opens one after it. */
export const lastView = signal<{ lon_deg: number; lat_deg: number; zoom: number } | null>(null);

/** Names of overlays that this station does not show; kept in this browser. */
export const hiddenOverlays = signal<string[]>(kept<string[]>("hidden-overlays", []));

/** Show or hide an overlay at this station. */
export function showOverlay(name: string, isShown: boolean): void {
  hiddenOverlays.value = [...hiddenOverlays.peek().filter((one) => one !== name), ...(isShown ? [] : [name])];
  keep("hidden-overlays", hiddenOverlays.peek());
}

export type Tool = "select" | "measure" | "ring" | "area";
export const tool = signal<Tool>("select");

/** Which panels over the map are open. */
export const isLayersOpen = signal(false);
export const isSearchOpen = signal(false);
