/** Who sits here: signed in with a passkey, or through the site's own sign-in. */
import { signal } from "@preact/signals";
import { ask, isSignedOut, Refusal, tell } from "./api";
import type { Me } from "./documents";
import { make, touch, type CreationOptions, type RequestOptions } from "./passkeys";

/** The person and what it may do; null for nobody, undefined before the desk said so. */
export const me = signal<Me | null | undefined>(undefined);

/** May the person do this? Rights are named by the desk. */
export function may(right: string): boolean {
  return right === "" || (me.value?.may.includes(right) ?? false);
}

/** Ask the desk who we are. */
export async function recognise(): Promise<void> {
  try {
    me.value = await ask<Me>("me");
    isSignedOut.value = false;
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    me.value = null;
    if (thrown.status !== 401) throw thrown;
  }
}

function withoutWrapper<T>(answer: T | { options: T }): T {
  const wrapped = (answer as { options?: T | string }).options;
  if (typeof wrapped === "string") return JSON.parse(wrapped) as T;
  return wrapped ?? (answer as T);
}

/** Sign in with a passkey. Raises PasskeyTrouble or Refusal. */
export async function signIn(): Promise<void> {
  const options = withoutWrapper(await tell<RequestOptions | { options: RequestOptions }>("sign-in/begin"));
  me.value = await tell<Me>("sign-in/finish", { credential: await touch(options) });
  isSignedOut.value = false;
}

/** Whose enrolment link this is, and the options of the new passkey. */
export interface Enrolment {
  name: string;
  options: CreationOptions;
}

/** Ask whose link this is. Raises Refusal for a link that is used up or out of date. */
export async function openLink(code: string): Promise<Enrolment> {
  const answer = await tell<{ name: string; options: CreationOptions | string }>("enrol/begin", { code });
  const { options } = answer;
  return { name: answer.name, options: typeof options === "string" ? (JSON.parse(options) as CreationOptions) : options };
}

/** Make the passkey of a link and be signed in with it. Raises PasskeyTrouble or Refusal. */
export async function enrol(code: string, enrolment: Enrolment): Promise<void> {
  me.value = await tell<Me>("enrol/finish", { code, credential: await make(enrolment.options) });
  isSignedOut.value = false;
}

/** Leave; the session ends at the desk. */
export async function signOut(): Promise<void> {
  await tell("sign-out");
  me.value = null;
}
