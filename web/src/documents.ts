/** The documents of the desk's API, field by field as `/openapi.json` describes them. Moments: ms since 1970 UTC. */
import type { Feature } from "geojson";

export type Role = "viewer" | "drafter" | "releaser" | "keeper";
export type Side = "own" | "other" | "neutral" | "unknown";
export type Priority = "emergency" | "alarm" | "warning" | "caution";

export interface Person {
  id: string;
  name: string;
  roles: Role[];
  added_ms: number;
  passkeys: { credential: string; key: string; algorithm: string; added_ms: number; used_ms: number | null }[];
  outsider: string;
  is_waiting: boolean;
  re_enrol_asked_by: string;
}

/** The frame of a mover of the other side, as APP-6 names it. */
export type OtherFrame = "neutral" | "suspect" | "hostile";

export interface Me {
  person: Person;
  member: string;
  language: string;
  site: string;
  may: string[];
  /** Address of the site's own map (PMTiles), "" or nothing where it has none */
  map?: string;
  other_side?: OtherFrame;
}

export interface Party {
  member: string;
  is_member: boolean;
  /** open, degraded, silent, suspended or resumed */
  state: string;
  heard_ms: number | null;
  missed: number;
  held: number;
  delivered: number;
  waiting_since_ms: number | null;
  couriers: Record<string, unknown>[];
}

export interface Line {
  line: string;
  name: string;
  is_training: boolean;
  is_humanitarian: boolean;
  /** running, refilling, halted or stopped */
  run: string;
  reason: string;
  held: number;
  last_test_ms: number | null;
  two_person_release: string[];
  parties: Party[];
}

export interface Lines {
  member: string;
  version: string;
  now_ms: number;
  ready: boolean;
  waits: string;
  held_s: number;
  lines: Line[];
}

export interface EntryRow {
  line: string;
  ref: string;
  member: string;
  is_own: boolean;
  type: string;
  kind: string;
  title: string;
  precedence: string;
  activity: string;
  clock_ms: number;
  received_ms: number | null;
  answer_by_ms: number | null;
  in_reply_to: string | null;
  states: Record<string, string>;
  replies: number;
  standing: string;
  changed_by: string[];
  flags: string[];
}

export interface Entries {
  rows: EntryRow[];
  next: string;
}

export interface Area {
  line: string;
  ref: string;
  member: string;
  title: string;
  kind: string;
  standing: string;
  windows: [number, number | null][];
  feature: Feature;
}

export interface TimelineItem {
  /** notice, area, outage, answer_due or obligation_due */
  what: string;
  from_ms: number;
  until_ms: number | null;
  title: string;
  member: string;
  line: string;
  ref: string;
}

export interface Alarm {
  id: string;
  line: string;
  name: string;
  member: string;
  priority: Priority;
  sentence: string;
  raised_ms: number;
  last_ms: number;
  count: number;
  /** active-unacknowledged, active-acknowledged, rectified-unacknowledged or rectified-acknowledged */
  state: string;
  acknowledged_ms: number | null;
  acknowledged_by: string;
  note: string;
  ended_ms: number | null;
  ref: string;
}

export interface Mover {
  id: string;
  kind: "ship" | "aircraft" | "other";
  side: Side;
  name: string;
  lon_deg: number;
  lat_deg: number;
  altitude_m: number | null;
  speed_kn: number | null;
  course_deg: number | null;
  heading_deg: number | null;
  vertical_rate_ftmin: number | null;
  at_ms: number;
  feed: string;
  /** APP-6 symbol identification code, or "" */
  symbol: string;
}

export interface Encounter {
  id: string;
  a: string;
  b: string;
  side_a: Side;
  side_b: Side;
  priority: Priority;
  state: "active" | "past";
  in_area: string[];
  entered_ms: number;
  closest_ms: number;
  left_ms: number | null;
  distance_m: number;
  closest_distance_m: number;
  vertical_m: number | null;
  closest_lon_deg: number;
  closest_lat_deg: number;
  line: [[number, number], [number, number]];
  predicted: boolean;
  evidence: string;
}

export interface Feed {
  name: string;
  state: "good" | "stale" | "down";
  last_ms: number;
  rate_per_s: number;
  movers: number;
}

export interface PictureDocument {
  number: number;
  now_ms: number;
  movers: Mover[];
  encounters: Encounter[];
  feeds: Feed[];
  silenced_until_ms: number | null;
}

/** What changed: the movers that moved, ids of those that are gone, all encounters and feeds as they stand. */
export interface PictureChange {
  number: number;
  movers: Mover[];
  gone: string[];
  encounters: Encounter[];
  feeds: Feed[];
  silenced_until_ms?: number | null;
}
