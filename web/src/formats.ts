/** Moments, spans, coordinates and distances as people write them. Moments are UTC everywhere. */
import { language, many, number, say } from "./words";

const two = (value: number) => String(value).padStart(2, "0");

/** "05:42:10Z" */
export function clock(at_ms: number): string {
  const at = new Date(at_ms);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}Z`;
}

/** "05:42Z" */
export function hourMinute(at_ms: number): string {
  return `${clock(at_ms).slice(0, 5)}Z`;
}

const MONTHS: Record<string, string[]> = {
  en: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
  ru: ["янв.", "февр.", "мар.", "апр.", "мая", "июн.", "июл.", "авг.", "сент.", "окт.", "нояб.", "дек."],
};

/** "3 Nov 2026" */
export function day(at_ms: number): string {
  const at = new Date(at_ms);
  return `${at.getUTCDate()} ${MONTHS[language.value]?.[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
}

/** "3 Nov 2026, 05:42Z" */
export function moment(at_ms: number): string {
  return `${day(at_ms)}, ${hourMinute(at_ms)}`;
}

/** "3 Nov, 05:42Z", without the day when it is that of `now_ms` */
export function nearMoment(at_ms: number, now_ms: number): string {
  if (day(at_ms) === day(now_ms)) return hourMinute(at_ms);
  return `${day(at_ms).replace(/ \d{4}$/, "")}, ${hourMinute(at_ms)}`;
}

/** "3 s", "12 min", "5 h 20 min", "3 d"; never negative */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return say("{count} s", { count: number(seconds) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return say("{count} min", { count: number(minutes) });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 && hours < 10 ? say("{hours} h {minutes} min", { hours, minutes: minutes % 60 }) : say("{count} h", { count: number(hours) });
  return many("{count} day", "{count} days", Math.round(hours / 24));
}

/** "in 6 min" or "6 min ago" */
export function fromNow(at_ms: number, now_ms: number): string {
  if (at_ms > now_ms) return say("in {span}", { span: span(at_ms - now_ms) });
  return say("{span} ago", { span: span(now_ms - at_ms) });
}

function degrees(value: number, width: number, letters: string): string {
  const tenths = Math.round(Math.abs(value) * 600);
  const whole = Math.floor(tenths / 600);
  const minutes = (tenths % 600) / 10;
  const written = minutes.toFixed(1).padStart(4, "0");
  const letter = letters[value < 0 ? 1 : 0] ?? "";
  return `${String(whole).padStart(width, "0")}°${language.value === "ru" ? written.replace(".", ",") : written}′${letter}`;
}

/** 59°26.1′N 024°45.0′E; in Russian with с. ш. and в. д. */
export function coordinates(lat_deg: number, lon_deg: number): string {
  const lon = ((((lon_deg + 180) % 360) + 360) % 360) - 180;
  const [lats, lons] = [say("NS"), say("EW")];
  return `${degrees(lat_deg, 2, lats)} ${degrees(lon, 3, lons)}`;
}

const NM_M = 1852;

/** Metres below half a nautical mile, miles above; decimals for what is near */
export function distance(metres: number): string {
  if (metres < 926) return say("{count} m", { count: number(Math.round(metres)) });
  const miles = metres / NM_M;
  return say("{count} NM", { count: number(miles, miles < 10 ? 2 : miles < 100 ? 1 : 0) });
}

/** "012°" */
export function bearing(deg: number): string {
  return `${String(Math.round(((deg % 360) + 360) % 360) % 360).padStart(3, "0")}°`;
}

const FOOT_M = 0.3048;

/** Feet, as airmen read heights */
export function feet(metres: number): string {
  return say("{count} ft", { count: number(Math.round(metres / FOOT_M / 25) * 25) });
}
