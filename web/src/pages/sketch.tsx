/** A sketch of where something is: shapes on a grid of degrees, with its words for whoever cannot see it. */
import type { JSX } from "preact";
import { say } from "../words";
import { shown } from "./forms/places";

type Point = readonly [number, number];
type Plain = Readonly<Record<string, unknown>>;

interface Ring {
  points: Point[];
  isClosed: boolean;
}

function isPoint(value: unknown): value is Point {
  return Array.isArray(value) && typeof value[0] === "number" && typeof value[1] === "number";
}

/** Return the lines and points of a GeoJSON document, whatever it nests them in. */
export function ringsOf(value: unknown): Ring[] {
  if (value === null || typeof value !== "object") return [];
  const one = value as Plain;
  if (Array.isArray(one["features"])) return one["features"].flatMap(ringsOf);
  if (one["type"] === "Feature") return ringsOf(one["geometry"]);
  if (Array.isArray(one["geometries"])) return one["geometries"].flatMap(ringsOf);
  return coordinatesIn(one["coordinates"], String(one["type"]).includes("Polygon"));
}

function coordinatesIn(value: unknown, isClosed: boolean): Ring[] {
  if (isPoint(value)) return [{ points: [value], isClosed: false }];
  if (!Array.isArray(value)) return [];
  if (value.length && value.every(isPoint)) return [{ points: value as Point[], isClosed }];
  return value.flatMap((one) => coordinatesIn(one, isClosed));
}

const STEPS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30];
const WIDTH = 480;
const HEIGHT = 300;

interface View {
  west: number;
  east: number;
  south: number;
  north: number;
  x: (lon: number) => number;
  y: (lat: number) => number;
}

function viewOf(points: readonly Point[]): View {
  const lons = points.map((one) => one[0]);
  const lats = points.map((one) => one[1]);
  let [west, east, south, north] = [Math.min(...lons), Math.max(...lons), Math.min(...lats), Math.max(...lats)];
  const squeeze = Math.max(0.2, Math.cos((((south + north) / 2) * Math.PI) / 180));
  const height = Math.max(0.3, (north - south) * 1.4, ((east - west) * 1.4 * squeeze * HEIGHT) / WIDTH);
  const width = (height * WIDTH) / HEIGHT / squeeze;
  const [lon, lat] = [(west + east) / 2, (south + north) / 2];
  [west, east, south, north] = [lon - width / 2, lon + width / 2, lat - height / 2, lat + height / 2];
  return {
    west,
    east,
    south,
    north,
    x: (value) => ((value - west) / (east - west)) * WIDTH,
    y: (value) => ((north - value) / (north - south)) * HEIGHT,
  };
}

function lines(from: number, until: number, step: number): number[] {
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= until; at += step) found.push(Number(at.toFixed(6)));
  return found;
}

function degrees(value: number, letters: string): string {
  const turned = letters === "EW" ? ((((value + 180) % 360) + 360) % 360) - 180 : value;
  return `${Math.abs(turned)}°${turned === 0 ? "" : letters[turned < 0 ? 1 : 0]}`;
}

/** Draw what a GeoJSON document holds; nothing when it holds no place. */
export function Sketch({ geojson, title }: { geojson: unknown; title: string }): JSX.Element | null {
  const rings = ringsOf(geojson).filter((one) => one.points.length);
  const points = rings.flatMap((one) => one.points);
  const first = points[0];
  if (!first) return null;
  const view = viewOf(points);
  const step = STEPS.find((one) => (view.east - view.west) / one <= 6) ?? 60;
  const words = say("{title}: {count} shapes, the first at {position}", {
    title,
    count: rings.length,
    position: shown({ lat_deg: first[1], lon_deg: first[0] }),
  });
  return (
    <figure class="sketch">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words}>
        <rect class="sketch-sea" width={WIDTH} height={HEIGHT} />
        {lines(view.west, view.east, step).map((lon) => (
          <g key={`x${lon}`}>
            <line class="sketch-grid" x1={view.x(lon)} x2={view.x(lon)} y1={0} y2={HEIGHT} />
            <text class="sketch-label" x={view.x(lon) + 3} y={HEIGHT - 4}>
              {degrees(lon, "EW")}
            </text>
          </g>
        ))}
        {lines(view.south, view.north, step).map((lat) => (
          <g key={`y${lat}`}>
            <line class="sketch-grid" x1={0} x2={WIDTH} y1={view.y(lat)} y2={view.y(lat)} />
            <text class="sketch-label" x={3} y={view.y(lat) - 3}>
              {degrees(lat, "NS")}
            </text>
          </g>
        ))}
        {rings.map((ring, index) => (
          <Shape key={index} ring={ring} view={view} />
        ))}
      </svg>
      <figcaption>{words}</figcaption>
    </figure>
  );
}

function Shape({ ring, view }: { ring: Ring; view: View }): JSX.Element {
  const [only] = ring.points;
  if (ring.points.length === 1 && only) return <circle class="sketch-point" cx={view.x(only[0])} cy={view.y(only[1])} r={5} />;
  const drawn = ring.points.map((one) => `${view.x(one[0]).toFixed(1)},${view.y(one[1]).toFixed(1)}`).join(" ");
  return ring.isClosed ? <polygon class="sketch-area" points={drawn} /> : <polyline class="sketch-line" points={drawn} />;
}
