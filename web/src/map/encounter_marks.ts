/** Encounters on the map: a line between the two, and where they are or will be closest, with distance and time. */
import type { Encounter, Priority } from "../documents";
import { distance, fromNow } from "../formats";
import type { Scenery } from "./painter";

type Place = (lon_deg: number, lat_deg: number) => [number, number];

const INK: Record<Priority, string> = { emergency: "hostile", alarm: "alarm", warning: "warning", caution: "caution" };
/** Share of the way to a new closest point that the drawn one goes with each change: a forecast must not jump. */
const EASE = 0.35;
const JUMP_DEG = 0.5;

const eased = new Map<string, { lon: number; lat: number; of: Encounter }>();

/** Where the closest point is drawn: it follows the forecast slowly. */
function closest(encounter: Encounter): [number, number] {
  const known = eased.get(encounter.id);
  const [lon, lat] = [encounter.closest_lon_deg, encounter.closest_lat_deg];
  if (!known || !encounter.predicted || Math.abs(known.lon - lon) + Math.abs(known.lat - lat) > JUMP_DEG) {
    eased.set(encounter.id, { lon, lat, of: encounter });
    if (eased.size > 5000) eased.clear();
    return [lon, lat];
  }
  if (known.of !== encounter) {
    known.lon += (lon - known.lon) * EASE;
    known.lat += (lat - known.lat) * EASE;
    known.of = encounter;
  }
  return [known.lon, known.lat];
}

/** How near and when, in a few words. */
export function nearness(encounter: Encounter, at_ms: number): string {
  return `${distance(encounter.closest_distance_m)} ${fromNow(encounter.closest_ms, at_ms)}`;
}

function shownEncounters(scenery: Scenery): Encounter[] {
  const order: Priority[] = ["caution", "warning", "alarm", "emergency"];
  return scenery.scene.encounters
    .filter((one) => one.state === "active" || scenery.selected === `encounter:${one.id}`)
    .sort((a, b) => order.indexOf(a.priority) - order.indexOf(b.priority));
}

/** Paint the encounters that go on, the least grave first, and the selected one whatever it is: lines lie below symbols, marks above. */
export function paintEncounters(pen: CanvasRenderingContext2D, scenery: Scenery, place: Place, ink: (name: string) => string, part: "lines" | "marks"): void {
  for (const encounter of shownEncounters(scenery)) {
    pen.strokeStyle = ink(INK[encounter.priority]);
    if (part === "lines") paintLines(pen, encounter, scenery, place);
    else paintMark(pen, ...place(...closest(encounter)), ink("map-halo"));
  }
}

/** Where its two movers are on the screen. */
function endsOf(encounter: Encounter, scenery: Scenery, place: Place): [number, number][] {
  return [encounter.a, encounter.b].map((id, index) => {
    const mover = scenery.scene.tracks.get(id)?.mover;
    const [lon, lat] = mover ? [mover.lon_deg, mover.lat_deg] : (encounter.line[index] ?? [0, 0]);
    return place(lon, lat);
  });
}

function paintLines(pen: CanvasRenderingContext2D, encounter: Encounter, scenery: Scenery, place: Place): void {
  const [from, until] = endsOf(encounter, scenery, place);
  if (!from || !until) return;
  const isSelected = scenery.selected === `encounter:${encounter.id}`;
  pen.lineWidth = isSelected || encounter.priority === "emergency" ? 3 : 2;
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...until);
  pen.stroke();
  if (!encounter.predicted) return;
  const [x, y] = place(...closest(encounter));
  pen.setLineDash([3, 4]);
  pen.lineWidth = 1;
  pen.beginPath();
  for (const end of [from, until]) {
    pen.moveTo(...end);
    pen.lineTo(x, y);
  }
  pen.stroke();
  pen.setLineDash([]);
}

/** A crossed circle where they are or will be closest, on a halo, so that it is seen among symbols too. */
function paintMark(pen: CanvasRenderingContext2D, x: number, y: number, halo: string): void {
  const ink = pen.strokeStyle;
  for (const [colour, width] of [[halo, 5], [ink, 2]] as const) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(x, y, 7, 0, 2 * Math.PI);
    pen.moveTo(x - 5, y - 5);
    pen.lineTo(x + 5, y + 5);
    pen.moveTo(x - 5, y + 5);
    pen.lineTo(x + 5, y - 5);
    pen.stroke();
  }
}

/** Where the label of each encounter on the screen goes, the gravest first. */
export function encounterLabels(scenery: Scenery, place: Place, ink: (name: string) => string): { text: string; x: number; y: number; colour: string; ends: [number, number][] }[] {
  return shownEncounters(scenery)
    .reverse()
    .map((encounter) => {
      const [x, y] = place(...closest(encounter));
      return { text: nearness(encounter, scenery.at_ms), x, y, colour: ink(INK[encounter.priority]), ends: endsOf(encounter, scenery, place) };
    });
}
