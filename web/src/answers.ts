// Written by tools/write_web_types.py from the structs of detente.node.desk_door; do not edit.
// Moments end in _ms: milliseconds since 1970 UTC. Bytes are base64 text.

export type Role = "viewer" | "drafter" | "releaser" | "keeper";

/** An alarm of the node. sentence: in the language asked for; state: where in the life of an alarm it is. */
export interface AlarmDocument {
  readonly id: string;
  readonly line: string;
  readonly name: string;
  readonly member: string;
  readonly priority: string;
  readonly sentence: string;
  readonly raised_ms: number;
  readonly last_ms: number;
  readonly count: number;
  readonly state: string;
  readonly acknowledged_ms: number | null;
  readonly acknowledged_by: string;
  readonly note: string;
  readonly ended_ms: number | null;
  readonly ref: string;
}

/** Every alarm that is kept, gravest and newest first. */
export interface AlarmsDocument {
  readonly alarms: readonly AlarmDocument[];
}

/** A file for a draft. sha256: instead of the octets, of a file that the draft which is changed has already. */
export interface AttachmentGiven {
  readonly media_type: string;
  readonly octets: string;
  readonly sha256: string;
}

/** A form as it stands. obligations: verdicts on it, as ``ObligationsDocument``, and limits that it stays below. */
export interface CheckDocument {
  readonly is_sendable: boolean;
  readonly faults: readonly FaultDocument[];
  readonly warnings: readonly FaultDocument[];
  readonly type: string;
  readonly needed: number;
  readonly texts: Readonly<Record<string, string>>;
  readonly obligations: readonly Readonly<Record<string, unknown>>[];
  readonly geojson: Readonly<Record<string, unknown>> | null;
}

/** The bytes of a body (0) or an attachment (from 1 on), with the media type that its author stated. */
export interface ContentDocument {
  readonly media_type: string;
  readonly octets: string;
}

/** A draft that waits. by: who wrote it; is_machine: a watch did. given: names of officers who released it so far. */
export interface DraftDocument {
  readonly submission: string;
  readonly line: string;
  readonly type: string;
  readonly kind: string;
  readonly title: string;
  readonly drafted_ms: number;
  readonly by: string;
  readonly is_machine: boolean;
  readonly state: "draft" | "gone" | "releasing" | "unfinished";
  readonly needed: number;
  readonly given: readonly string[];
  readonly answer_by_ms: number | null;
  readonly in_reply_to: string | null;
  readonly notice: Readonly<Record<string, unknown>> | null;
  readonly texts: Readonly<Record<string, string>>;
  readonly attachments: readonly Readonly<Record<string, unknown>>[];
  readonly faults: readonly FaultDocument[];
  readonly revision: number;
}

/** Every draft that waits, oldest first. */
export interface DraftsDocument {
  readonly drafts: readonly DraftDocument[];
}

/** A fault of a form at its path, in plain words. */
export interface FaultDocument {
  readonly path: string;
  readonly message: string;
}

/** A kind of notice as a form. schema: its JSON Schema; example: a filled notice; names: by language. */
export interface FormDocument {
  readonly kind: string;
  readonly type: string;
  readonly names: Readonly<Record<string, string>>;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly example: Readonly<Record<string, unknown>>;
}

/** Every kind; terms: language -> code or field title -> the word that people read. */
export interface FormsDocument {
  readonly forms: readonly FormDocument[];
  readonly definitions: Readonly<Record<string, unknown>>;
  readonly terms: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly author: Readonly<Record<string, unknown>>;
}

/** What an officer's authenticator is asked to sign. keys: public keys that may, as the officers' list has them. */
export interface ReleaseRequest {
  readonly submission: string;
  readonly challenge: string;
  readonly site: string;
  readonly keys: readonly string[];
  readonly needed: number;
  readonly given: readonly string[];
}

/** What became of a release. state: "waits" for more officers, or "sent": held, as the entry ``ref`` of its line. */
export interface ReleaseState {
  readonly state: "sent" | "waits";
  readonly needed: number;
  readonly given: readonly string[];
  readonly line: string;
  readonly ref: string;
}

/** A named document of the desk, such as its overlays; b"" when there is none. */
export interface ShelfDocument {
  readonly octets: string;
}

/** One act in the trail. number: from 0 on, without a gap. act: a name such as "signed-in"; detail: short texts. */
export interface ActDocument {
  readonly number: number;
  readonly at_ms: number;
  readonly actor: string;
  readonly actor_name: string;
  readonly act: string;
  readonly detail: Readonly<Record<string, string>>;
  readonly hash: string;
  readonly signed_in: string;
  readonly sentence: string;
}

/** A passkey. credential: its id; key: as officers' lists have it; public_key: COSE; counter: the highest seen. */
export interface CredentialDocument {
  readonly credential: string;
  readonly person: string;
  readonly key: string;
  readonly algorithm: string;
  readonly public_key: string;
  readonly counter: number;
  readonly added_ms: number;
  readonly used_ms: number | null;
}

/** Whose link this is, and until when it is good. */
export interface EnrolmentDocument {
  readonly person: string;
  readonly name: string;
  readonly until_ms: number;
}

/** A one-time link's code, in the clear: told once, to be handed over; only its hash is kept. */
export interface LinkDocument {
  readonly person: string;
  readonly code: string;
  readonly until_ms: number;
}

/** Everybody, and every token. */
export interface PeopleDocument {
  readonly people: readonly PersonDocument[];
  readonly tokens: readonly TokenDocument[];
}

/** A person. outsider: issuer and "sub" under which a site's own sign-in knows it; "" when by passkey only. */
export interface PersonDocument {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly added_ms: number;
  readonly passkeys: readonly CredentialDocument[];
  readonly outsider: string;
  readonly is_waiting: boolean;
  readonly re_enrol_asked_by: string;
}

/** A machine's token: it may post positions, alarms and drafts, nothing else. */
export interface TokenDocument {
  readonly id: string;
  readonly name: string;
  readonly added_ms: number;
  readonly added_by: string;
  readonly until_ms: number | null;
  readonly used_ms: number | null;
}

/** A new token, in the clear: told once. */
export interface TokenMade {
  readonly token: TokenDocument;
  readonly secret: string;
}

/** Acts, newest first; next: give it as ``before`` for older ones, None when there are none. */
export interface TrailDocument {
  readonly acts: readonly ActDocument[];
  readonly next: number | null;
}

/** An announced area: GeoJSON feature, the windows in which it is in force, and the entry that says so. */
export interface AreaDocument {
  readonly line: string;
  readonly ref: string;
  readonly member: string;
  readonly title: string;
  readonly kind: string;
  readonly standing: string;
  readonly windows: readonly (readonly [number, number | null])[];
  readonly feature: Readonly<Record<string, unknown>>;
}

/** Areas in force in the asked time; humanitarian ones are never among them. */
export interface AreasDocument {
  readonly areas: readonly AreaDocument[];
}

/** A page of entries, newest first; next: give it as ``before`` for older ones, "" when there are none. */
export interface EntriesDocument {
  readonly rows: readonly EntryRow[];
  readonly next: string;
}

/** One entry in full. */
export interface EntryDocument {
  readonly row: EntryRow;
  readonly entry: Readonly<Record<string, unknown>>;
  readonly notice: Readonly<Record<string, unknown>> | null;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
  readonly texts: Readonly<Record<string, string>>;
  readonly geojson: Readonly<Record<string, unknown>> | null;
  readonly related: readonly EntryRow[];
}

/** An entry in a list. states: recipient -> held, delivered, read, answered, for own entries. */
export interface EntryRow {
  readonly line: string;
  readonly ref: string;
  readonly member: string;
  readonly is_own: boolean;
  readonly type: string;
  readonly kind: string;
  readonly title: string;
  readonly precedence: string;
  readonly activity: string;
  readonly clock_ms: number;
  readonly received_ms: number | null;
  readonly answer_by_ms: number | null;
  readonly in_reply_to: string | null;
  readonly states: Readonly<Record<string, string>>;
  readonly replies: number;
  readonly standing: string;
  readonly changed_by: readonly string[];
  readonly flags: readonly string[];
}

/** Groups of what belongs together, newest first: each a name and its rows, by member where both sides spoke. */
export interface GroupsDocument {
  readonly groups: readonly Readonly<Record<string, unknown>>[];
}

/** For the next watch: what happened, what is owed, what is open. */
export interface HandoverDocument {
  readonly from_ms: number;
  readonly until_ms: number;
  readonly happened: readonly EntryRow[];
  readonly acts: readonly Readonly<Record<string, unknown>>[];
  readonly owed: readonly Readonly<Record<string, unknown>>[];
  readonly awaited: readonly EntryRow[];
  readonly drafts: readonly DraftDocument[];
  readonly alarms: readonly AlarmDocument[];
  readonly lines: LinesDocument;
}

/** One line. name: as people say it (baltic); run: running, refilling, halted or stopped, with its reason. */
export interface LineDocument {
  readonly line: string;
  readonly name: string;
  readonly is_training: boolean;
  readonly is_humanitarian: boolean;
  readonly run: string;
  readonly reason: string;
  readonly held: number;
  readonly last_test_ms: number | null;
  readonly two_person_release: readonly string[];
  readonly parties: readonly PartyDocument[];
}

/** How the whole node stands. waits, held_s: why lines do not answer, as ``status`` says it. */
export interface LinesDocument {
  readonly member: string;
  readonly version: string;
  readonly now_ms: number;
  readonly ready: boolean;
  readonly waits: string;
  readonly held_s: number;
  readonly lines: readonly LineDocument[];
}

/** number: of the newest change; topics: what changed since the number that was asked about. */
export interface NewsDocument {
  readonly number: number;
  readonly topics: readonly string[];
}

/** Verdicts as ``obligations --json`` gives them; what asks for nothing is left out. */
export interface ObligationsDocument {
  readonly verdicts: readonly Readonly<Record<string, unknown>>[];
}

/** Another party of a line. state: open, degraded, silent, suspended or resumed; the rest as ``line status``. */
export interface PartyDocument {
  readonly member: string;
  readonly is_member: boolean;
  readonly state: string;
  readonly heard_ms: number | null;
  readonly missed: number;
  readonly held: number;
  readonly delivered: number;
  readonly waiting_since_ms: number | null;
  readonly couriers: readonly Readonly<Record<string, unknown>>[];
}

/** What happened and what is announced between two moments. */
export interface TimelineDocument {
  readonly items: readonly TimelineItem[];
}

/** A bar or a dot of the timeline. what: notice, area, outage, answer_due or obligation_due. */
export interface TimelineItem {
  readonly what: string;
  readonly from_ms: number;
  readonly until_ms: number | null;
  readonly title: string;
  readonly member: string;
  readonly line: string;
  readonly ref: string;
}
