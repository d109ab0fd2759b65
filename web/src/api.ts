/** Questions to the desk over HTTP. Every answer that is not 2xx becomes a Refusal, which says what to do. */
import { signal } from "@preact/signals";
import { language, say } from "./words";

/** Becomes true when the desk no longer knows who we are; the sign-in screen then takes over. */
export const isSignedOut = signal(false);

export interface Fault {
  path: string;
  message: string;
}

/** The desk said no, or could not be reached (status 0). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    readonly expected: string,
    readonly came: string,
    readonly where: string,
    readonly remedy: string,
    readonly faults: Fault[],
  ) {
    super([expected, came, remedy].filter(Boolean).join(" "));
  }
}

/** What to show a person of anything that was thrown. */
export function sentenceOf(thrown: unknown): string {
  if (thrown instanceof Refusal) return thrown.message || say("The desk answered with status {status}.", { status: thrown.status });
  return thrown instanceof Error ? thrown.message : String(thrown);
}

async function refusal(answer: Response): Promise<Refusal> {
  let told: Partial<Record<string, unknown>> = {};
  try {
    told = ((await answer.json()) as { error?: Record<string, unknown> }).error ?? {};
  } catch {
    // a proxy's page is no document of ours; the status says enough
  }
  const text = (name: string) => (typeof told[name] === "string" ? (told[name] as string) : "");
  const faults = Array.isArray(told["faults"]) ? (told["faults"] as Fault[]) : [];
  return new Refusal(answer.status, text("kind"), text("expected"), text("came"), text("where"), text("remedy"), faults);
}

async function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { "Accept-Language": language.peek() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      signal: signal ?? null,
    });
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") throw thrown;
    throw new Refusal(0, "unreachable", say("The desk does not answer."), "", path, say("Check the network; the page tries again by itself."), []);
  }
  if (answer.ok) return answer;
  if (answer.status === 401 && !path.startsWith("sign-in") && !path.startsWith("enrol")) isSignedOut.value = true;
  throw await refusal(answer);
}

type Query = Record<string, string | number | boolean | null | undefined>;

/** Write a path with its query; empty values are left out. */
export function withQuery(path: string, query: Query = {}): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== "" && value !== null && value !== undefined && value !== false) asked.set(name, String(value));
  }
  const text = asked.toString();
  return text ? `${path}?${text}` : path;
}

/** GET a document; `path` is what comes after /api/v1/. */
export async function ask<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await (await call("GET", withQuery(path, query), undefined, signal)).json()) as T;
}

/** POST, PATCH, PUT or DELETE; returns the answer's document, or null when it has none. */
export async function tell<T>(path: string, body: unknown = {}, method: "POST" | "PATCH" | "PUT" | "DELETE" = "POST"): Promise<T> {
  const answer = await call(method, path, body);
  const text = await answer.text();
  return (text ? JSON.parse(text) : null) as T;
}
