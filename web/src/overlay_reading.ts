/** Files of overlays as the desk keeps them: GeoJSON features in longitude and latitude, with a title and a claim. */
import type { Feature, FeatureCollection, Geometry, Position } from "geojson";

/** Features of one overlay, as the desk takes them. */
export const FEATURES_MAX = 10_000;
const PROPERTIES_MAX = 50;
const LETTERS_MAX = 2_000;

/** Why a file is no overlay, by a word for which the page has a sentence. */
export class NoOverlay extends Error {
  constructor(readonly reason: "no-json" | "no-features" | "too-many") {
    super(reason);
  }
}

type Plain = Readonly<Record<string, unknown>>;

function isPosition(value: unknown): value is Position {
  if (!Array.isArray(value) || value.length < 2) return false;
  const [lon, lat] = value as unknown[];
  return typeof lon === "number" && typeof lat === "number" && Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
}

/** Coordinates without heights; null where one of them is no position on the earth. */
function flat(value: unknown): unknown {
  if (isPosition(value)) return [value[0], value[1]];
  if (!Array.isArray(value) || value.length === 0 || typeof value[0] === "number") return null;
  const inner = value.map(flat);
  return inner.includes(null) ? null : inner;
}

const DEPTHS: Readonly<Record<string, number>> = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 };

function depthOf(value: unknown): number {
  return isPosition(value) ? 0 : Array.isArray(value) ? 1 + depthOf(value[0]) : -1;
}

function geometriesOf(value: unknown): Geometry[] {
  const one = (value ?? {}) as Plain;
  if (Array.isArray(one["geometries"])) return one["geometries"].flatMap(geometriesOf);
  const type = String(one["type"]);
  const depth = DEPTHS[type];
  const coordinates = flat(one["coordinates"]);
  if (depth === undefined || coordinates === null || depthOf(coordinates) !== depth) return [];
  return [{ type, coordinates } as Geometry];
}

function propertiesOf(value: unknown, claim: string): Feature["properties"] {
  const given = Object.entries((value ?? {}) as Plain).filter(([, one]) => ["string", "number", "boolean"].includes(typeof one));
  const kept = given.slice(0, PROPERTIES_MAX - 2).map(([name, one]) => [name, typeof one === "string" ? one.slice(0, LETTERS_MAX) : one]);
  const made = Object.fromEntries(kept) as Record<string, string | number | boolean>;
  if (made["title"] === undefined && made["name"] !== undefined) made["title"] = String(made["name"]);
  if (claim) made["claim"] = claim;
  return made;
}

function featuresOf(value: unknown, claim: string): Feature[] {
  const one = (value ?? {}) as Plain;
  if (Array.isArray(one["features"])) return one["features"].flatMap((inner) => featuresOf(inner, claim));
  const isFeature = one["type"] === "Feature";
  const properties = propertiesOf(isFeature ? one["properties"] : null, claim);
  return geometriesOf(isFeature ? one["geometry"] : one).map((geometry) => ({ type: "Feature", geometry, properties }));
}

/** Return what a GeoJSON document holds that can be shown. claim: written to every feature, "" for none. Raises NoOverlay. */
export function overlayOf(document: unknown, claim: string): FeatureCollection {
  const features = featuresOf(document, claim);
  if (features.length === 0) throw new NoOverlay("no-features");
  if (features.length > FEATURES_MAX) throw new NoOverlay("too-many");
  return { type: "FeatureCollection", features };
}

/** Read a GeoJSON text. Raises NoOverlay. */
export function readGeoJson(text: string, claim: string): FeatureCollection {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new NoOverlay("no-json");
  }
  return overlayOf(document, claim);
}

/** A name that the desk takes, from that of a file: "border.kml" becomes "border". */
export function nameOfFile(file: string): string {
  return file.replace(/\.(geojson|json|kml)$/i, "").replace(/[\u0000-\u001f\u007f/]/g, " ").trim().slice(0, 80);
}
