/**
 * Draws what moves: trails, course lines, symbols, labels, encounters. One canvas, painted anew for each frame, with
 * bitmaps made once; so thousands of movers stay quick on a machine without a graphics card.
 */
import type { FrameState } from "ol/Map";
import { transform } from "ol/proj";
import type { Mover, Side } from "../documents";
import { FADES_AFTER_MS, STALE_AFTER_MS, type Scene, type Track } from "../scene";
import { breath } from "../gently";
import { colour } from "../theme";
import { encounterLabels, paintEncounters } from "./encounter_marks";
import { LabelBoard } from "./label_board";
import { SIDES, type Layers } from "./view";
import { MERCATOR } from "./projections";
import { StampedPicture, stampOf } from "./stamping";
import { inkOf, looksNumber, spriteOf, type Look } from "./symbols";

/** With more movers in view than this, trails are drawn for chosen ones only. */
const TRAILS_UP_TO = 400;
const SYMBOL_PX = 13;
const SMALL_SYMBOL_PX = 9;
const CROWD = 1500;
/** With more movers in view than this, they are put into one picture pixel by pixel. */
const STAMPED_FROM = 300;
/** Looks that are made before a theme reaches the map; more are made when they are drawn. */
const WARMED_MAX = 200;
const RADIUS_M = 6378137;
const WORLD_M = 2 * Math.PI * RADIUS_M;
const RADIANS = Math.PI / 180;
/** Whose symbols lie above whose. */
const ORDER: Side[] = ["unknown", "neutral", "other", "own"];

/** Metres of the projection; Mercator, which thousands of movers need in each second, without detours. */
function projected(lon_deg: number, lat_deg: number, code: string): number[] {
  if (code !== MERCATOR) return transform([lon_deg, lat_deg], "EPSG:4326", code);
  const lat = Math.max(-89.9, Math.min(89.9, lat_deg)) * RADIANS;
  return [RADIUS_M * lon_deg * RADIANS, RADIUS_M * Math.log(Math.tan(Math.PI / 4 + lat / 2))];
}

export interface Spot {
  track: Track;
  x: number;
  y: number;
}

export interface Scenery {
  scene: Scene;
  at_ms: number;
  layers: Layers;
  selected: string;
  isShown: (mover: Mover) => boolean;
  areaLabels: AreaLabel[];
}

/** What stands above an announced area. */
export interface AreaLabel {
  text: string;
  lon_deg: number;
  lat_deg: number;
  isNow: boolean;
}

/** The strength with which a mover of this age is drawn. */
export function strength(age_ms: number): number {
  if (age_ms < FADES_AFTER_MS) return 1;
  if (age_ms < STALE_AFTER_MS) return 0.7;
  return age_ms < 10 * 60_000 ? 0.45 : 0.3;
}

/** Paints one map; knows after each frame which mover is where on the screen. */
export class Painter {
  readonly canvas = document.createElement("canvas");
  /** Movers of the last frame that are in view */
  spots: Spot[] = [];
  hidden = 0;
  #pen = this.canvas.getContext("2d");
  #inks = new Map<string, string>();
  #board = new LabelBoard();
  #stamped: StampedPicture | null = null;

  constructor() {
    this.canvas.className = "painted";
  }

  /** Take the theme's colours anew. */
  wear(): void {
    this.#inks.clear();
    this.#board.forget();
  }

  /** Make the symbols of a scene for the theme in use, one at a time, so that the frame that shows them is quick. */
  async warm(scene: Scene): Promise<void> {
    const size = this.spots.length > CROWD ? SMALL_SYMBOL_PX : SYMBOL_PX;
    const seen = new Map<string, Mover>();
    for (const { mover } of scene.tracks.values()) seen.set(`${mover.symbol} ${mover.side} ${mover.kind}`, mover);
    for (const mover of [...seen.values()].slice(0, WARMED_MAX)) {
      const sprite = spriteOf(mover, devicePixelRatio, size);
      sprite.stamps[1] ??= stampOf(sprite.image, 1);
      await breath();
    }
  }

  ink(name: string): string {
    let found = this.#inks.get(name);
    if (found === undefined) {
      found = colour(name);
      this.#inks.set(name, found);
    }
    return found;
  }

  /** Paint a frame of the map; returns the element that the map shows. */
  paint(frame: FrameState, scenery: Scenery): HTMLCanvasElement {
    const pen = this.#pen;
    const [width = 0, height = 0] = frame.size;
    const density = frame.pixelRatio;
    const [w, h] = [Math.round(width * density), Math.round(height * density)];
    if (this.canvas.width !== w || this.canvas.height !== h) [this.canvas.width, this.canvas.height] = [w, h];
    else pen?.clearRect(0, 0, w, h);
    if (!pen) return this.canvas;
    pen.setTransform(density, 0, 0, density, 0, 0);
    const place = this.placer(frame);
    this.#find(frame, scenery, width, height);
    if (scenery.layers.trails) this.#trails(pen, scenery, place);
    if (scenery.layers.course_min > 0) this.#courses(pen, scenery, place);
    if (scenery.layers.encounters) paintEncounters(pen, scenery, place, (name) => this.ink(name), "lines");
    this.#symbols(pen, scenery, density);
    if (scenery.layers.encounters) paintEncounters(pen, scenery, place, (name) => this.ink(name), "marks");
    this.#board.clear(width, height);
    if (scenery.layers.encounters) this.#nearnesses(pen, scenery, place, width, height);
    if (scenery.layers.areas) this.#areaNames(pen, scenery, place);
    if (scenery.layers.labels) this.#labels(pen, scenery);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    // for whoever looks from outside: how much is drawn
    const drawn = String(this.spots.length);
    if (this.canvas.dataset["movers"] !== drawn) this.canvas.dataset["movers"] = drawn;
    return this.canvas;
  }

  /** Return what turns longitude and latitude into pixels of this frame, nearest to the middle of the view. */
  placer(frame: FrameState): (lon_deg: number, lat_deg: number) => [number, number] {
    const { center, resolution, projection } = frame.viewState;
    const [width = 0, height = 0] = frame.size;
    const [cx = 0, cy = 0] = center;
    const code = projection.getCode();
    const wraps = projection.canWrapX();
    return (lon_deg, lat_deg) => {
      let [x = 0, y = 0] = projected(lon_deg, lat_deg, code);
      if (wraps) x += Math.round((cx - x) / WORLD_M) * WORLD_M;
      return [(x - cx) / resolution + width / 2, (cy - y) / resolution + height / 2];
    };
  }

  #find(frame: FrameState, scenery: Scenery, width: number, height: number): void {
    const { center, resolution, projection } = frame.viewState;
    const [cx = 0, cy = 0] = center;
    const wraps = projection.canWrapX();
    const code = projection.getCode();
    const found: Record<Side, Spot[]> = { unknown: [], neutral: [], other: [], own: [] };
    let hidden = 0;
    for (const track of scenery.scene.tracks.values()) {
      if (!scenery.isShown(track.mover)) {
        hidden += 1;
        continue;
      }
      if (Number.isNaN(track.x) || track.projection !== code) {
        const [x = 0, y = 0] = projected(track.mover.lon_deg, track.mover.lat_deg, code);
        [track.x, track.y, track.projection] = [x, y, code];
      }
      const shifted = wraps ? track.x + Math.round((cx - track.x) / WORLD_M) * WORLD_M : track.x;
      const x = (shifted - cx) / resolution + width / 2;
      const y = (cy - track.y) / resolution + height / 2;
      if (x > -40 && y > -40 && x < width + 40 && y < height + 40) (found[track.mover.side] ?? found.unknown).push({ track, x, y });
    }
    this.spots = ORDER.flatMap((side) => found[side]);
    this.hidden = hidden;
  }

  #trails(pen: CanvasRenderingContext2D, scenery: Scenery, place: (lon: number, lat: number) => [number, number]): void {
    const all = this.spots.length <= TRAILS_UP_TO;
    pen.lineWidth = 1.5;
    for (const { track, x, y } of this.spots) {
      const isChosen = scenery.selected === `mover:${track.mover.id}`;
      if (!all && !isChosen) continue;
      const { trail } = track;
      if (trail.length < 6 && !isChosen) continue;
      pen.strokeStyle = this.ink(inkOf(track.mover.side));
      pen.globalAlpha = isChosen ? 0.95 : 0.45;
      pen.beginPath();
      for (let index = 0; index < trail.length; index += 3) {
        const [px, py] = place(trail[index] ?? 0, trail[index + 1] ?? 0);
        if (index === 0) pen.moveTo(px, py);
        else pen.lineTo(px, py);
      }
      pen.lineTo(x, y);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  /** Where each mover would be after some minutes at its present course and speed: a straight line, no prediction. */
  #courses(pen: CanvasRenderingContext2D, scenery: Scenery, place: (lon: number, lat: number) => [number, number]): void {
    pen.lineWidth = 1.2;
    for (const side of SIDES) {
      pen.strokeStyle = this.ink(inkOf(side));
      pen.globalAlpha = 0.8;
      pen.beginPath();
      for (const { track, x, y } of this.spots) {
        const { mover } = track;
        if (mover.side !== side || !mover.speed_kn || mover.course_deg === null || scenery.at_ms - mover.at_ms > STALE_AFTER_MS) continue;
        const ahead_deg = (mover.speed_kn * scenery.layers.course_min) / 60 / 60;
        const course = (mover.course_deg * Math.PI) / 180;
        const lat = mover.lat_deg + ahead_deg * Math.cos(course);
        const lon = mover.lon_deg + (ahead_deg * Math.sin(course)) / Math.max(0.02, Math.cos((mover.lat_deg * Math.PI) / 180));
        const [px, py] = place(lon, lat);
        if (Math.abs(px - x) + Math.abs(py - y) < 3) continue;
        pen.moveTo(x, y);
        pen.lineTo(px, py);
      }
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  #symbols(pen: CanvasRenderingContext2D, scenery: Scenery, density: number): void {
    const size = this.spots.length > CROWD ? SMALL_SYMBOL_PX : SYMBOL_PX;
    const looks = looksNumber(size, density);
    const isStamped = this.spots.length > STAMPED_FROM;
    const picture = isStamped ? (this.#stamped ??= new StampedPicture()) : null;
    picture?.clear(this.canvas.width, this.canvas.height);
    let strikes: Spot[] | null = null;
    let chosen: Spot | null = null;
    for (const spot of this.spots) {
      const { mover } = spot.track;
      const age = scenery.at_ms - mover.at_ms;
      let look = spot.track.look as Look | null;
      if (look?.number !== looks) spot.track.look = look = { number: looks, sprite: spriteOf(mover, density, size) };
      const { sprite } = look;
      const wanted = strength(age);
      const [left, top] = [Math.round((spot.x - sprite.middleX) * density), Math.round((spot.y - sprite.middleY) * density)];
      if (picture) {
        picture.put((sprite.stamps[wanted] ??= stampOf(sprite.image, wanted)), left, top);
      } else {
        if (pen.globalAlpha !== wanted) pen.globalAlpha = wanted;
        pen.drawImage(sprite.image, left / density, top / density, sprite.width, sprite.height);
      }
      if (age >= STALE_AFTER_MS) (strikes ??= []).push(spot);
      if (scenery.selected === `mover:${mover.id}`) chosen = spot;
    }
    pen.globalAlpha = 1;
    if (picture) pen.drawImage(picture.done(), 0, 0, this.canvas.width / density, this.canvas.height / density);
    if (strikes) this.#strike(pen, strikes, size);
    if (chosen) this.#ring(pen, chosen);
  }

  #strike(pen: CanvasRenderingContext2D, spots: Spot[], size: number): void {
    pen.strokeStyle = this.ink("map-ink");
    pen.lineWidth = 1.3;
    pen.beginPath();
    for (const { x, y } of spots) {
      pen.moveTo(x - size, y + size * 0.7);
      pen.lineTo(x + size, y - size * 0.7);
    }
    pen.stroke();
  }

  #ring(pen: CanvasRenderingContext2D, { x, y }: Spot): void {
    pen.strokeStyle = this.ink("focus");
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.arc(x, y, 19, 0, 2 * Math.PI);
    pen.stroke();
  }

  #nearnesses(pen: CanvasRenderingContext2D, scenery: Scenery, place: (lon: number, lat: number) => [number, number], width: number, height: number): void {
    pen.font = "600 12.5px system-ui, 'DejaVu Sans', sans-serif";
    for (const { text, x, y, colour, ends } of encounterLabels(scenery, place, (name) => this.ink(name))) {
      if (x < 0 || y < 0 || x > width || y > height) continue;
      for (const end of ends) this.#board.keepFree(...end, 9);
      this.#board.write(pen, text, { x, y, gap: 12, isForced: true }, colour, this.ink("map-halo"));
    }
  }

  #areaNames(pen: CanvasRenderingContext2D, scenery: Scenery, place: (lon: number, lat: number) => [number, number]): void {
    for (const label of scenery.areaLabels) {
      pen.font = `${label.isNow ? "600 " : ""}12px system-ui, 'DejaVu Sans', sans-serif`;
      const [x, y] = place(label.lon_deg, label.lat_deg);
      this.#board.write(pen, label.text, { x, y, gap: 5, isCentred: true }, this.ink("area"), this.ink("map-halo"));
    }
  }

  #labels(pen: CanvasRenderingContext2D, scenery: Scenery): void {
    const inEncounters = new Set(scenery.scene.encounters.filter((one) => one.state === "active").flatMap((one) => [one.a, one.b]));
    const rank = (spot: Spot) => {
      const { id, side } = spot.track.mover;
      if (scenery.selected === `mover:${id}`) return 0;
      if (inEncounters.has(id)) return 1;
      return side === "own" || side === "other" ? 2 : 3;
    };
    const ranks: Spot[][] = [[], [], [], []];
    for (const spot of this.spots) {
      ranks[rank(spot)]?.push(spot);
      this.#board.keepFree(spot.x, spot.y, 9);
    }
    pen.font = "12px system-ui, 'DejaVu Sans', sans-serif";
    for (const spot of ranks.flat()) {
      const { mover } = spot.track;
      if (!this.#board.write(pen, mover.name || mover.id, { x: spot.x, y: spot.y, gap: 18 }, this.ink("map-ink"), this.ink("map-halo"))) break;
    }
  }

  /** The mover nearest to a point of the screen, at most so many pixels away. */
  nearest(x: number, y: number, within_px: number): Spot | null {
    let found: Spot | null = null;
    let least = within_px;
    for (const spot of this.spots) {
      const away = Math.hypot(spot.x - x, spot.y - y);
      if (away <= least) [found, least] = [spot, away];
    }
    return found;
  }
}
