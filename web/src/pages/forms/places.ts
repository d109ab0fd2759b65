/** Positions as people type them, "54-30.5N 020-15E", and as the record and a map have them. */

import { coordinates } from "../../formats";

export interface Place {
  lat_deg: number;
  lon_deg: number;
}

const PARTS = 1e7;
const POSITION = /^\s*([^NSns]{1,40}[NSns])[\s,/]*([^EWew]{1,40}[EWew])\s*$/;
const ANGLE = /^(\d{1,3})(?:[-\s°](\d{1,2}(?:\.\d+)?)['′]?)?(?:[-\s'′](\d{1,2}(?:\.\d+)?)["″]?)?\s*([NSEW])$/i;
const DECIMAL = /^(\d{1,3}(?:\.\d+)?)\s*°?\s*([NSEW])$/i;

/** Return the angle that was typed with its letter, degrees; null when it is none. */
export function angleOf(text: string): number | null {
  const typed = text.trim();
  const decimal = DECIMAL.exec(typed);
  const parts = decimal ? null : ANGLE.exec(typed);
  const letter = (decimal?.[2] ?? parts?.[4] ?? "").toUpperCase();
  if (!letter) return null;
  const minutes = Number(parts?.[2] ?? 0);
  const seconds = Number(parts?.[3] ?? 0);
  if (minutes >= 60 || seconds >= 60) return null;
  const degrees = decimal ? Number(decimal[1]) : Number(parts?.[1]) + minutes / 60 + seconds / 3600;
  if (degrees > (letter === "N" || letter === "S" ? 90 : 180)) return null;
  return letter === "S" || letter === "W" ? -degrees : degrees;
}

/** Return the position that was typed, latitude first, each with its letter; null when it is none. */
export function placeOf(text: string): Place | null {
  const match = POSITION.exec(text);
  if (!match) return null;
  const lat_deg = angleOf(match[1] ?? "");
  const lon_deg = angleOf(match[2] ?? "");
  return lat_deg === null || lon_deg === null ? null : { lat_deg, lon_deg };
}

/** Write a position as a form has it: whole minutes as 54-30N, anything finer in decimal degrees. */
export function typed(place: Place): string {
  const lat = Math.round(place.lat_deg * PARTS);
  let lon = Math.round(place.lon_deg * PARTS);
  if (lon === -180 * PARTS) lon = 180 * PARTS;
  return `${angle(lat, "NS", 2)} ${angle(lon, "EW", 3)}`;
}

function angle(value_e7: number, letters: string, width: number): string {
  const size = Math.abs(value_e7);
  const letter = letters[value_e7 < 0 ? 1 : 0] ?? "";
  const minutes = Math.round((size * 60) / PARTS);
  if (Math.round((minutes * PARTS) / 60) === size) {
    return `${String(Math.floor(minutes / 60)).padStart(width, "0")}-${String(minutes % 60).padStart(2, "0")}${letter}`;
  }
  const rest = String(size % PARTS).padStart(7, "0").replace(/0+$/, "");
  return `${Math.floor(size / PARTS)}.${rest || "0"}${letter}`;
}

/** Write a position for reading: degrees, minutes and tenths, with the letters of the reader's language. */
export function shown(place: Place): string {
  return coordinates(place.lat_deg, place.lon_deg);
}

/** Return the record's position (lat_e7, lon_e7) as a form has it; anything else as it is. */
export function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(formOf);
  if (value === null || typeof value !== "object") return value;
  const one = value as Record<string, unknown>;
  if (typeof one["lat_e7"] === "number" && typeof one["lon_e7"] === "number") {
    return typed({ lat_deg: one["lat_e7"] / PARTS, lon_deg: one["lon_e7"] / PARTS });
  }
  return Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, formOf(inner)]));
}
