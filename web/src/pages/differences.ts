/**
 * Where two accounts of one thing differ in facts: time, place, numbers, who. Words are not compared: a person reads them.
 */
import { momentOf } from "./forms/moments";
import { shown } from "./forms/places";

type Plain = Readonly<Record<string, unknown>>;

export type Nature = "time" | "place" | "figure" | "word" | "who";

export interface Fact {
  /** The field's name in the record */
  name: string;
  nature: Nature;
  /** What each side says, in the order of the accounts; "" when a side says nothing */
  said: string[];
  /** Whether two sides say what cannot both be so */
  differs: boolean;
  /** How far apart: milliseconds for times, metres for places; null when there is nothing to measure */
  apart: number | null;
}

const NATURES: Readonly<Record<string, Nature>> = {
  at: "time",
  happened_at: "time",
  ended_at: "time",
  next_at: "time",
  position: "place",
  place: "word",
  medium: "word",
  incident_type: "word",
  distance_m: "figure",
  height_difference_m: "figure",
  killed: "figure",
  injured: "figure",
  severity: "word",
  offices: "who",
  own: "who",
  others: "who",
  topics: "who",
};

/** Whose ships: what one side calls its own, the other calls others'. */
const MIRRORED: Readonly<Record<string, string>> = { own: "others", others: "own" };

const LENGTH_MS = { year: 366 * 86_400_000, month: 31 * 86_400_000, day: 86_400_000, minute: 60_000, second: 1_000 };
const NEAR_M = 100;

/** Return the facts in which at least one account says something, in the order of the record. */
export function factsOf(notices: readonly Plain[]): Fact[] {
  const names = Object.keys(NATURES).filter((name) => notices.some((one) => one[name] !== undefined));
  return names.map((name) => fact(name, notices));
}

function fact(name: string, notices: readonly Plain[]): Fact {
  const nature = NATURES[name] ?? "word";
  // the second side's own are the first side's others: they are compared with each other
  const values = notices.map((one, index) => one[index > 0 && nature === "who" ? (MIRRORED[name] ?? name) : name]);
  const said = values.map((value) => words(nature, value));
  const given = values.filter((value) => value !== undefined && value !== null);
  const pairs = given.flatMap((a, index) => given.slice(index + 1).map((b) => compare(nature, a, b)));
  const apart = pairs.map((one) => one.apart).filter((one): one is number => one !== null);
  return { name, nature, said, differs: pairs.some((one) => one.differs), apart: apart.length ? Math.max(...apart) : null };
}

function words(nature: Nature, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (nature === "place") {
    const { lat_e7, lon_e7 } = value as { lat_e7: number; lon_e7: number };
    return shown({ lat_deg: lat_e7 / 1e7, lon_deg: lon_e7 / 1e7 });
  }
  if (Array.isArray(value)) return value.map(nameOf).join("; ");
  return String(value);
}

function nameOf(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  const one = value as Plain;
  const parts = [one["title"] ?? one["type"], one["name"] ?? one["holder"], one["state"]].filter((part) => typeof part === "string");
  return parts.join(", ");
}

function compare(nature: Nature, a: unknown, b: unknown): { differs: boolean; apart: number | null } {
  if (nature === "time") return times(String(a), String(b));
  if (nature === "place") return places(a, b);
  if (nature === "who") return { differs: keyOf(a) !== keyOf(b), apart: null };
  return { differs: String(a).trim().toLowerCase() !== String(b).trim().toLowerCase(), apart: null };
}

/** Two times differ when no moment fits both, as precise as each was stated. */
function times(a: string, b: string): { differs: boolean; apart: number | null } {
  const [first, second] = [momentOf(a), momentOf(b)];
  if (!first || !second) return { differs: a !== b, apart: null };
  const isApart = first.from_ms >= second.from_ms + LENGTH_MS[second.precision] || second.from_ms >= first.from_ms + LENGTH_MS[first.precision];
  return { differs: isApart, apart: isApart ? Math.abs(first.from_ms - second.from_ms) : null };
}

function places(a: unknown, b: unknown): { differs: boolean; apart: number | null } {
  const [first, second] = [a, b] as { lat_e7: number; lon_e7: number }[];
  if (!first || !second) return { differs: false, apart: null };
  const metres = distance_m(first.lat_e7 / 1e7, first.lon_e7 / 1e7, second.lat_e7 / 1e7, second.lon_e7 / 1e7);
  return { differs: metres > NEAR_M, apart: metres > NEAR_M ? metres : null };
}

/** Great-circle distance on a sphere, metres: for a word beside two positions, within half a per cent. */
export function distance_m(lat_a: number, lon_a: number, lat_b: number, lon_b: number): number {
  const rad = Math.PI / 180;
  const half = Math.sin(((lat_b - lat_a) * rad) / 2) ** 2 + Math.cos(lat_a * rad) * Math.cos(lat_b * rad) * Math.sin(((lon_b - lon_a) * rad) / 2) ** 2;
  return 2 * 6_371_009 * Math.asin(Math.min(1, Math.sqrt(half)));
}

function keyOf(value: unknown): string {
  return (Array.isArray(value) ? value.map((one) => nameOf(one).toLowerCase()) : [String(value)]).sort().join("|");
}
