/** Shapes between a form, where positions are text, and a map, where they are figures. */
import type { Geometry } from "geojson";
import type { Drawn } from "../../map/AreaMap";
import { placeOf, typed } from "./places";
import { isRecord, type Value, type Values } from "./values";

const EARTH_M = 6371008.8;
const RIM_POINTS = 64;

function written([lon_deg = 0, lat_deg = 0]: readonly number[]): string {
  return typed({ lat_deg: Math.round(lat_deg * 1e5) / 1e5, lon_deg: Math.round((((((lon_deg + 180) % 360) + 360) % 360) - 180) * 1e5) / 1e5 });
}

/** Return what stands in a form after this was drawn. */
export function shapeDrawn(drawn: Drawn): Values {
  if ("centre" in drawn) return { shape: "circle", centre: written(drawn.centre), radius_m: String(Math.max(1, Math.round(drawn.radius_m))) };
  const first = drawn.ring[0];
  const last = drawn.ring[drawn.ring.length - 1];
  const isClosed = drawn.ring.length > 1 && first?.[0] === last?.[0] && first?.[1] === last?.[1];
  return { shape: "polygon", ring: (isClosed ? drawn.ring.slice(0, -1) : drawn.ring).map(written) };
}

function pointOf(value: Value): [number, number] | null {
  const place = typeof value === "string" ? placeOf(value) : null;
  return place && [place.lon_deg, place.lat_deg];
}

function rimOf([lon, lat]: [number, number], radius_m: number): [number, number][] {
  const angle = radius_m / EARTH_M;
  const north = (lat * Math.PI) / 180;
  return Array.from({ length: RIM_POINTS + 1 }, (_, index) => {
    const way = (2 * Math.PI * (index % RIM_POINTS)) / RIM_POINTS;
    const sine = Math.sin(north) * Math.cos(angle) + Math.cos(north) * Math.sin(angle) * Math.cos(way);
    const turn = Math.atan2(Math.sin(way) * Math.sin(angle) * Math.cos(north), Math.cos(angle) - Math.sin(north) * sine);
    return [lon + (turn * 180) / Math.PI, (Math.asin(sine) * 180) / Math.PI];
  });
}

/** Return what a form's shape looks like on a map; null for what cannot be drawn yet. */
export function geometryOf(value: Value): Geometry | null {
  if (!isRecord(value)) return null;
  if (value["shape"] === "circle") {
    const centre = pointOf(value["centre"]);
    const radius_m = Number(String(value["radius_m"] ?? "").replace(/[ ,\u00a0\u202f]/g, ""));
    return centre && radius_m > 0 ? { type: "Polygon", coordinates: [rimOf(centre, radius_m)] } : null;
  }
  if (value["shape"] === "point") {
    const point = pointOf(value["position"]);
    return point && { type: "Point", coordinates: point };
  }
  const ring = Array.isArray(value["ring"]) ? value["ring"].map(pointOf).filter((one) => one !== null) : [];
  const [first] = ring;
  return first && ring.length > 2 ? { type: "Polygon", coordinates: [[...ring, first]] } : null;
}
