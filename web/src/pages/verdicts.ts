/**
 * What agreements say about plans, as `obligations --json` gives it: read tolerantly, because a newer node may say more.
 *
 * A document is a verdict, a plan with its agreements and verdicts, or a flag.
 */

export interface Pair {
  metric: string;
  op: string;
  limit: number;
  value: number;
}

export interface Verdict {
  agreement: string;
  clause: string;
  title: string;
  paragraph: string;
  duty: string;
  /** owed, norm, beyond, counted, not_owed, undecidable */
  outcome: string;
  reason: string;
  words: string;
  crossed: Pair[];
  below: Pair[];
  missing: string[];
  owedBy: string[];
  to: string[];
  dueFrom_ms: number | null;
  dueUntil_ms: number | null;
  /** met, late, missing, open, undecidable, no_time; "" when nothing was owed */
  told: string;
  toldWords: string;
  toldBy: string;
  source: string;
  /** primary, secondary, unverified */
  verified: string;
  line: string;
  ref: string;
  noticeTitle: string;
}

export interface Flag {
  flag: string;
  words: string;
  refs: string[];
  line: string;
}

type Plain = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const plain = (value: unknown): Plain => (value !== null && typeof value === "object" ? (value as Plain) : {});

function pairs(value: unknown): Pair[] {
  return (Array.isArray(value) ? value : []).map(plain).map((one) => ({
    metric: text(one["metric"]),
    op: text(one["op"]),
    limit: Number(one["limit"] ?? 0),
    value: Number(one["value"] ?? 0),
  }));
}

function time(value: unknown): number | null {
  const found = Date.parse(text(value));
  return Number.isNaN(found) ? null : found;
}

/** Return every verdict in what the desk answered, each with its agreement, its line and its notice. */
export function verdictsIn(documents: readonly Plain[]): Verdict[] {
  return documents.flatMap((one) => {
    const agreements = one["agreements"];
    if (Array.isArray(agreements)) {
      return agreements.map(plain).flatMap((judged) =>
        (Array.isArray(judged["verdicts"]) ? judged["verdicts"] : []).map((verdict) => verdictOf({ ...plain(verdict), agreement: judged["agreement"] }, one)),
      );
    }
    return "clause" in one && !("flag" in one) ? [verdictOf(one, plain(one["notice"]))] : [];
  });
}

/** Return every flag in what the desk answered. */
export function flagsIn(documents: readonly Plain[]): Flag[] {
  return documents
    .filter((one) => "flag" in one)
    .map((one) => ({ flag: text(one["flag"]), words: text(one["words"]), refs: texts(one["notices"]), line: text(one["line"]) }));
}

function verdictOf(one: Plain, notice: Plain): Verdict {
  const due = plain(one["due"]);
  const told = plain(one["told"]);
  return {
    agreement: text(one["agreement"]) || text(plain(one["agreement"])["agreement"]),
    clause: text(one["clause"]),
    title: text(one["title"]),
    paragraph: text(one["paragraph"]),
    duty: text(one["duty"]),
    outcome: text(one["outcome"]),
    reason: text(one["reason"]),
    words: text(one["words"]),
    crossed: pairs(one["crossed"]),
    below: pairs(one["below"]),
    missing: texts(one["missing"]),
    owedBy: texts(one["owed_by"]),
    to: texts(one["to"]),
    dueFrom_ms: time(due["earliest"]),
    dueUntil_ms: time(due["latest"]),
    told: text(told["outcome"]),
    toldWords: text(told["words"]),
    toldBy: text(plain(told["by"])["ref"]),
    source: text(one["source"]),
    verified: text(one["verified"]),
    line: text(one["line"]) || text(notice["line"]),
    ref: text(one["ref"]) || text(notice["ref"]),
    noticeTitle: text(one["notice"]) || text(notice["title"]),
  };
}

const NEAR = 0.9;

/** Return the thresholds under which a plan slips narrowly: at nine tenths of the limit or more. */
export function narrowly(verdict: Verdict): Pair[] {
  if (verdict.outcome !== "not_owed") return [];
  return verdict.below.filter((one) => one.limit > 0 && one.value >= NEAR * one.limit && one.value < one.limit);
}

/** Sort what is owed by when: what nobody told first, then by its time; without a time last. */
export function byTime(verdicts: readonly Verdict[]): Verdict[] {
  return [...verdicts].sort((a, b) => (a.dueUntil_ms ?? Infinity) - (b.dueUntil_ms ?? Infinity) || a.clause.localeCompare(b.clause));
}

/** Tell whether a verdict asks something of somebody that nobody has done yet. */
export function isOpen(verdict: Verdict): boolean {
  return verdict.outcome === "owed" && ["", "open", "missing", "undecidable"].includes(verdict.told);
}
