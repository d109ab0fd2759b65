/** A sketch of where something is: shapes on a grid of degrees, with its words for whoever cannot see it. */
import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { say } from "../words";
import { shown } from "./forms/places";

declare const LAND_110M: string;

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
const OVERVIEW_DEG = 16;

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

/** A view of a good part of a sea around the middle of another one. */
function widerThan(view: View): View | null {
  const [lon, lat] = [(view.west + view.east) / 2, (view.south + view.north) / 2];
  if (view.north - view.south > OVERVIEW_DEG / 2) return null;
  const half = OVERVIEW_DEG / 2;
  return viewOf([
    [lon, Math.max(-85, lat - half)],
    [lon, Math.min(85, lat + half)],
  ]);
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

const land = signal<readonly (readonly Point[])[] | null>(null);
let isAsked = false;

/** Follow a ring over 180 degrees instead of back around the earth. */
function unbroken(points: readonly Point[]): Point[] {
  let turn = 0;
  const followed = points.map(([lon, lat], index): Point => {
    const before = points[index - 1]?.[0] ?? lon;
    if (lon - before > 180) turn -= 360;
    if (before - lon > 180) turn += 360;
    return [lon + turn, lat];
  });
  const middle = followed.reduce((sum, [lon]) => sum + lon, 0) / followed.length;
  const back = 360 * Math.round(middle / 360);
  return followed.map(([lon, lat]) => [lon - back, lat]);
}

/** Load the coast once; without it the sketch stays a grid. */
async function loadLand(): Promise<void> {
  if (isAsked) return;
  isAsked = true;
  try {
    const answer = await fetch(LAND_110M);
    if (!answer.ok) throw new Error(String(answer.status));
    const world = (await answer.json()) as Topology<{ land: GeometryCollection }>;
    land.value = ringsOf(feature(world, world.objects.land)).map((one) => unbroken(one.points));
  } catch {
    isAsked = false; // another sketch asks again
  }
}

/** Draw what a GeoJSON document holds; nothing when it holds no place. */
export function Sketch({ geojson, title }: { geojson: unknown; title: string }): JSX.Element | null {
  const rings = ringsOf(geojson).filter((one) => one.points.length);
  const points = rings.flatMap((one) => one.points);
  if (!points.length) return null;
  const view = viewOf(points);
  const words = say("{title}: {count} shapes around {position}", {
    title,
    count: rings.length,
    position: shown({ lat_deg: (view.south + view.north) / 2, lon_deg: (view.west + view.east) / 2 }),
  });
  const wider = widerThan(view);
  return (
    <figure class="sketch">
      <div class="sketch-pair">
        <Sheet view={view} words={words}>
          {rings.map((ring, index) => (
            <Shape key={index} ring={ring} view={view} />
          ))}
        </Sheet>
        {wider ? (
          <Sheet view={wider} words={say("Where that lies, with a coarse coast")}>
            <Land view={wider} />
            <circle class="sketch-point" cx={WIDTH / 2} cy={HEIGHT / 2} r={9} />
          </Sheet>
        ) : null}
      </div>
      <figcaption>{words}</figcaption>
    </figure>
  );
}

/** A sheet with its grid of degrees. */
function Sheet({ view, words, children }: { view: View; words: string; children: ComponentChildren }): JSX.Element {
  const step = STEPS.find((one) => (view.east - view.west) / one <= 6) ?? 60;
  const latStep = STEPS.find((one) => (view.north - view.south) / one <= 5) ?? 60;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words}>
      <rect class="sketch-sea" width={WIDTH} height={HEIGHT} />
      {children}
      {lines(view.west, view.east, step).map((lon) => (
          <g key={`x${lon}`}>
            <line class="sketch-grid" x1={view.x(lon)} x2={view.x(lon)} y1={0} y2={HEIGHT} />
            <text class="sketch-label" x={view.x(lon) + 3} y={HEIGHT - 4}>
              {degrees(lon, "EW")}
            </text>
          </g>
        ))}
        {lines(view.south, view.north, latStep).map((lat) => (
          <g key={`y${lat}`}>
            <line class="sketch-grid" x1={0} x2={WIDTH} y1={view.y(lat)} y2={view.y(lat)} />
            <text class="sketch-label" x={3} y={view.y(lat) - 3}>
              {degrees(lat, "NS")}
            </text>
          </g>
        ))}
    </svg>
  );
}

/** The coast, coarse; nothing until it is here. Land has one colour, whoever owns it. */
function Land({ view }: { view: View }): JSX.Element | null {
  useEffect(() => void loadLand(), []);
  const near = (land.value ?? []).filter((ring) => ring.some(([lon, lat]) => Math.abs(lat - (view.north + view.south) / 2) < 40 && Math.abs(lon - (view.west + view.east) / 2) < 60));
  const path = near.map((ring) => `M${ring.map(([lon, lat]) => `${view.x(lon).toFixed(1)},${view.y(lat).toFixed(1)}`).join("L")}Z`).join("");
  return path ? <path class="sketch-land" d={path} /> : null;
}

function Shape({ ring, view }: { ring: Ring; view: View }): JSX.Element {
  const [only] = ring.points;
  if (ring.points.length === 1 && only) return <circle class="sketch-point" cx={view.x(only[0])} cy={view.y(only[1])} r={5} />;
  const drawn = ring.points.map((one) => `${view.x(one[0]).toFixed(1)},${view.y(one[1]).toFixed(1)}`).join(" ");
  return ring.isClosed ? <polygon class="sketch-area" points={drawn} /> : <polyline class="sketch-line" points={drawn} />;
}
