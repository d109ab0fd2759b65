/**
 * Projections of the map: Mercator for most seas, and polar stereographic (EPSG:3995) for the Arctic, where Mercator
 * tears everything apart. The formulas are those of the ellipsoid WGS 84.
 */
import { addCoordinateTransforms, addProjection } from "ol/proj";
import Projection from "ol/proj/Projection";

export const MERCATOR = "EPSG:3857";
export const ARCTIC = "EPSG:3995";

const SEMI_MAJOR_M = 6378137;
const ECCENTRICITY = 0.0818191908426215;
const TRUE_SCALE = (71 * Math.PI) / 180;
/** South of this nothing is drawn where it is: the projection would take it to infinity. */
const SOUTHERNMOST_DEG = -45;

function t(latitude: number): number {
  const sine = ECCENTRICITY * Math.sin(latitude);
  return Math.tan(Math.PI / 4 - latitude / 2) / ((1 - sine) / (1 + sine)) ** (ECCENTRICITY / 2);
}

const sine = Math.sin(TRUE_SCALE);
const SCALE_M = (SEMI_MAJOR_M * Math.cos(TRUE_SCALE)) / Math.sqrt(1 - ECCENTRICITY ** 2 * sine * sine) / t(TRUE_SCALE);

/** Longitude and latitude to metres from the pole. */
export function toArctic([lon_deg = 0, lat_deg = 0]: number[]): number[] {
  const radius = SCALE_M * t((Math.max(lat_deg, SOUTHERNMOST_DEG) * Math.PI) / 180);
  const lon = (lon_deg * Math.PI) / 180;
  return [radius * Math.sin(lon), -radius * Math.cos(lon)];
}

/** Metres from the pole to longitude and latitude. */
export function fromArctic([x = 0, y = 0]: number[]): number[] {
  const given = Math.hypot(x, y) / SCALE_M;
  let latitude = Math.PI / 2 - 2 * Math.atan(given);
  for (let round = 0; round < 6; round += 1) {
    const s = ECCENTRICITY * Math.sin(latitude);
    latitude = Math.PI / 2 - 2 * Math.atan(given * ((1 - s) / (1 + s)) ** (ECCENTRICITY / 2));
  }
  const lon = x === 0 && y === 0 ? 0 : Math.atan2(x, -y);
  return [(lon * 180) / Math.PI, (latitude * 180) / Math.PI];
}

let isKnown = false;

/** Make the Arctic projection known to the map; safe to call twice. */
export function knowArctic(): void {
  if (isKnown) return;
  isKnown = true;
  const reach_m = 9_000_000;
  const arctic = new Projection({ code: ARCTIC, units: "m", extent: [-reach_m, -reach_m, reach_m, reach_m], worldExtent: [-180, 15, 180, 90] });
  addProjection(arctic);
  addCoordinateTransforms("EPSG:4326", arctic, toArctic, fromArctic);
  const mercatorToDegrees = ([x = 0, y = 0]: number[]): number[] => [
    (x / SEMI_MAJOR_M) * (180 / Math.PI),
    (2 * Math.atan(Math.exp(y / SEMI_MAJOR_M)) - Math.PI / 2) * (180 / Math.PI),
  ];
  const degreesToMercator = ([lon = 0, lat = 0]: number[]): number[] => [
    ((lon * Math.PI) / 180) * SEMI_MAJOR_M,
    Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) * SEMI_MAJOR_M,
  ];
  addCoordinateTransforms(MERCATOR, arctic, (at) => toArctic(mercatorToDegrees(at)), (at) => degreesToMercator(fromArctic(at)));
}
