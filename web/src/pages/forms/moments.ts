/** Moments as the record has them: UTC, as precise as they are known. */

const MOMENT = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}))?Z)?)?)?$/;

export interface Stated {
  from_ms: number;
  precision: "year" | "month" | "day" | "minute" | "second";
}

/** Return when a stated moment begins and how precise it is; null for what is no moment. */
export function momentOf(text: string): Stated | null {
  const match = MOMENT.exec(text.trim());
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match;
  const from_ms = Date.UTC(
    Number(year),
    Number(month ?? 1) - 1,
    Number(day ?? 1),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
  );
  const back = new Date(from_ms).toISOString();
  if (day && !back.startsWith(`${year}-${month}-${day}`)) return null;
  if (hour && !back.includes(`T${hour}:${minute}`)) return null;
  if (month && (Number(month) < 1 || Number(month) > 12)) return null;
  const precision = second ? "second" : hour ? "minute" : day ? "day" : month ? "month" : "year";
  return { from_ms, precision };
}

/** Write a moment to the minute, as the record has it. */
export function minuteOf(at_ms: number): string {
  return `${new Date(at_ms).toISOString().slice(0, 16)}Z`;
}

/** Turn what people type into the record's spelling where it can mean one thing only: "2030-05-01 06:00". */
export function tidied(text: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):?(\d{2})(?::(\d{2}))?\s*[Zz]$/.exec(text.trim());
  if (!match) return text.trim();
  return `${match[1]}T${match[2]}:${match[3]}${match[4] ? `:${match[4]}` : ""}Z`;
}

/** Write milliseconds for reading, UTC, to the second: "2030-05-01 06:00:00Z". */
export function clock(at_ms: number | null | undefined): string {
  if (at_ms === null || at_ms === undefined || !Number.isFinite(at_ms)) return "";
  if (Math.abs(at_ms) > 8.64e15) return `${at_ms} ms`;
  return `${new Date(at_ms).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

/** The same to the minute: "2030-05-01 06:00Z". */
export function minute(at_ms: number | null | undefined): string {
  const text = clock(at_ms);
  return text.endsWith("Z") ? `${text.slice(0, 16)}Z` : text;
}
