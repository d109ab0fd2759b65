/** Bring something into view and select it: from a list, an alarm, the timeline or a search. */
import { areas } from "../announced";
import { scene } from "../replay";
import { select, wish } from "./view";

/** `what` as in `selected`: mover:ID, encounter:ID or area:REF. What is nowhere is only selected. */
export function goTo(what: string): void {
  select(what);
  const [kind, id = ""] = what.split(/:(.*)/s);
  if (kind === "mover") {
    const mover = scene.peek().tracks.get(id)?.mover;
    if (mover) wish.value = { lon_deg: mover.lon_deg, lat_deg: mover.lat_deg };
  } else if (kind === "encounter") {
    const encounter = scene.peek().encounters.find((one) => one.id === id);
    if (encounter) wish.value = { lon_deg: encounter.closest_lon_deg, lat_deg: encounter.closest_lat_deg, zoom: 10 };
  } else if (kind === "area") {
    const area = areas.value.peek().areas.find((one) => one.ref === id);
    const extent_deg = area && extentOf(area.feature.geometry);
    if (extent_deg) wish.value = { extent_deg };
  }
}

/** Bring a part of the earth into view: west, south, east, north. */
export function goToExtent(extent_deg: [number, number, number, number]): void {
  wish.value = { extent_deg };
}

/** West, south, east and north of a GeoJSON geometry; null for an empty one. */
export function extentOf(geometry: unknown): [number, number, number, number] | null {
  const extent: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  const take = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] !== "number") return value.forEach(take);
    const [lon = 0, lat = 0] = value as number[];
    extent[0] = Math.min(extent[0], lon);
    extent[1] = Math.min(extent[1], lat);
    extent[2] = Math.max(extent[2], lon);
    extent[3] = Math.max(extent[3], lat);
  };
  const { coordinates, geometries } = geometry as { coordinates?: unknown; geometries?: { coordinates: unknown }[] };
  take(coordinates);
  geometries?.forEach((one) => take(one.coordinates));
  return Number.isFinite(extent[0]) ? extent : null;
}
