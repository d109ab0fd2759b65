/** With what a form begins: who we are, now, and what it replies to, corrects, cancels or is drawn around. */
import { areaName } from "../../names";
import { runs } from "../../visible";
import type { Field, Grammar } from "./model";
import { optionsOf, fieldsOf, itemOf } from "./model";
import { minuteOf } from "./moments";
import { formOf, typed } from "./places";
import type { Values } from "./values";

const REFERENCE = "^[a-z0-9][a-z0-9:._/-]";
const TITLE_MOST = 300;

/** What a form is about, when it is about an entry that was said before. */
export interface About {
  ref: string;
  title: string;
  member: string;
  activity: string;
  notice: Readonly<Record<string, unknown>> | null;
}

/** Return a text without the characters that nobody sees: what we write ourselves must not carry theirs on. */
export function withoutHidden(text: string): string {
  return runs(text)
    .filter((run) => !run.isHidden)
    .map((run) => run.text)
    .join("")
    .replace(/\s+/g, " ")
    .trim();
}

/** Return the values that every form begins with. author: the newest own notice's, when there is one. */
export function beginning(kind: string, member: string, author: unknown, now_ms: number): Values {
  const known = author !== null && typeof author === "object" ? (author as Values) : {};
  return { kind, author: { ...known, id: member }, issued_at: minuteOf(now_ms) };
}

/** Return what a reply begins with: whatever field names the entry that it answers, its subject, its author. */
export function replying(fields: readonly Field[], about: About, word: string, re: string): Values {
  const made: Values = { title: `${re} ${withoutHidden(about.title)}`.slice(0, TITLE_MOST), addressees: [about.member] };
  const isNamed = (one: Field) => one.isRequired && one.pattern.startsWith(REFERENCE);
  for (const one of fields.filter(isNamed)) made[one.name] = about.ref;
  if (!fields.some(isNamed)) made["references"] = [about.ref];
  if (about.activity) made["activity"] = about.activity;
  if (word) made["reply"] = word;
  return made;
}

/** Return what a correction begins with: the whole notice again, to be put right. */
export function correcting(about: About, subject: string): Values {
  const { author, activity } = (about.notice ?? {}) as { author?: unknown; activity?: unknown };
  return {
    title: `${subject} ${withoutHidden(about.title)}`.slice(0, TITLE_MOST),
    corrects: about.ref,
    corrected: formOf(about.notice ?? {}) as Values,
    ...(author ? { author: author as Values } : {}),
    ...(typeof activity === "string" ? { activity } : {}),
  };
}

/** Return what a cancellation begins with. */
export function cancelling(about: About, subject: string): Values {
  return {
    title: `${subject} ${withoutHidden(about.title)}`.slice(0, TITLE_MOST),
    cancels: about.ref,
    ...(about.activity ? { activity: about.activity } : {}),
  };
}

/** An encounter of the picture and its two movers, as far as they are seen. */
export interface Met {
  entered_ms: number;
  closest_distance_m: number;
  vertical_m: number | null;
  closest_lon_deg: number;
  closest_lat_deg: number;
  a: string;
  b: string;
  side_a: string;
  side_b: string;
}

interface Seen {
  id: string;
  kind: string;
  name: string;
}

/** Return what an incident begins with that was seen on the picture: when, where, how near, who. Its account is a person's. */
export function met(encounter: Met, movers: readonly Seen[], kindWord: (kind: string) => string): Values {
  const of = (id: string): Values => {
    const seen = movers.find((one) => one.id === id);
    return { type: kindWord(seen?.kind ?? ""), name: withoutHidden(seen?.name || id) };
  };
  const sides: [string, string][] = [
    [encounter.a, encounter.side_a],
    [encounter.b, encounter.side_b],
  ];
  const own = sides.filter(([, side]) => side === "own").map(([id]) => of(id));
  const others = sides.filter(([id, side]) => side !== "own" && !areaName(id)).map(([id]) => of(id));
  const area = areaName(encounter.b);
  return {
    // what kind of incident an entry into an area is, a person says
    ...(area ? { place: withoutHidden(area) } : { incident_type: "close_approach" }),
    happened_at: minuteOf(encounter.entered_ms),
    position: written([encounter.closest_lon_deg, encounter.closest_lat_deg]),
    ...(area ? {} : { distance_m: String(Math.round(encounter.closest_distance_m)) }),
    ...(encounter.vertical_m === null ? {} : { height_difference_m: String(Math.round(Math.abs(encounter.vertical_m))) }),
    ...(own.length ? { own } : {}),
    ...(others.length ? { others } : {}),
  };
}

type Point = readonly [number, number];

/**
 * Return a shape from what the picture hands over: a GeoJSON geometry, or "lon,lat;lon,lat;...", or, for a circle,
 * the same with ";r=metres". Null for what is none of these.
 */
export function shapeOf(text: string): Values | null {
  const points = text.trim().startsWith("{") ? pointsOfJson(text) : pointsOfList(text);
  const first = points[0];
  if (!first) return null;
  const radius = /;r=(\d+(?:\.\d+)?)$/.exec(text)?.[1];
  if (radius) return { shape: "circle", centre: written(first), radius_m: radius };
  const last = points[points.length - 1] ?? first;
  const open = points.length > 1 && last[0] === first[0] && last[1] === first[1] ? points.slice(0, -1) : points;
  if (open.length === 1) return { shape: "point", position: written(first) };
  return open.length < 3 ? null : { shape: "polygon", ring: open.map(written) };
}

function written([lon_deg, lat_deg]: Point): string {
  return typed({ lat_deg, lon_deg: ((((lon_deg + 180) % 360) + 360) % 360) - 180 });
}

function isPoint(value: unknown): value is Point {
  return Array.isArray(value) && value.length >= 2 && value.every((one) => typeof one === "number" && Number.isFinite(one));
}

function pointsOfJson(text: string): Point[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return [];
  }
  const one = given as { geometry?: unknown; type?: unknown; coordinates?: unknown } | null;
  const geometry = (one?.geometry ?? one) as { type?: unknown; coordinates?: unknown } | null;
  const coordinates = geometry?.coordinates;
  if (geometry?.type === "Point" && isPoint(coordinates)) return [coordinates];
  const ring: unknown = geometry?.type === "Polygon" && Array.isArray(coordinates) ? coordinates[0] : null;
  return Array.isArray(ring) && ring.every(isPoint) ? ring : [];
}

function pointsOfList(text: string): Point[] {
  const found = text
    .replace(/;r=.*$/, "")
    .split(";")
    .filter(Boolean)
    .map((one) => one.split(",").map(Number));
  return found.every(isPoint) ? (found as unknown as Point[]) : [];
}

/** Put a drawn shape where a kind has its areas; the values as they are where it has none. */
export function drawnInto(grammar: Grammar, fields: readonly Field[], values: Values, shape: Values): Values {
  const areas = fields.find((one) => one.widget === "list" && isArea(grammar, itemOf(grammar, one)));
  if (areas) return { ...values, [areas.name]: [{ shape }] };
  const area = fields.find((one) => isArea(grammar, one));
  if (area) return { ...values, [area.name]: { shape } };
  const either = fields.find((one) => one.widget === "either" && optionsOf(grammar, one).some((option) => option.tag === shape["shape"]));
  if (either) return { ...values, [either.name]: shape };
  const position = fields.find((one) => one.widget === "position");
  const place = shape["position"] ?? shape["centre"];
  return position && place ? { ...values, [position.name]: place } : values;
}

function isArea(grammar: Grammar, field: Field): boolean {
  return field.widget === "group" && field.schema["x-name"] === "Area" && fieldsOf(grammar, field.schema).length > 0;
}
