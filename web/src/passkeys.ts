/**
 * Passkeys: the browser's WebAuthn between the desk's JSON options and its JSON credentials.
 *
 * Options are what py_webauthn's options_to_json writes (bytes in base64url); credentials go back the same way.
 */
import { say } from "./words";

function bytes(text: string): ArrayBuffer {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/");
  const raw = atob(padded + "=".repeat((4 - (padded.length % 4)) % 4));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0)).buffer;
}

/** Write bytes as base64url without padding. */
export function base64url(octets: ArrayBuffer): string {
  let raw = "";
  for (const octet of new Uint8Array(octets)) raw += String.fromCharCode(octet);
  return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

interface Named {
  id: string;
  type?: string;
  transports?: string[];
}

function named(list: Named[] | undefined): PublicKeyCredentialDescriptor[] {
  return (list ?? []).map((one) => ({
    id: bytes(one.id),
    type: "public-key",
    ...(one.transports?.length ? { transports: one.transports as AuthenticatorTransport[] } : {}),
  }));
}

/** Options of a request (sign-in, release), as JSON. */
export interface RequestOptions {
  challenge: string;
  timeout?: number;
  rpId?: string;
  allowCredentials?: Named[];
  userVerification?: string;
}

/** Options of an enrolment, as JSON. */
export interface CreationOptions {
  challenge: string;
  timeout?: number;
  rp: { id?: string; name: string };
  user: { id: string; name: string; displayName: string };
  pubKeyCredParams: { type: string; alg: number }[];
  excludeCredentials?: Named[];
  authenticatorSelection?: Record<string, unknown>;
  attestation?: string;
}

/** A passkey could not be used; `message` says why, for a person. */
export class PasskeyTrouble extends Error {}

function trouble(thrown: unknown): PasskeyTrouble {
  const name = thrown instanceof DOMException ? thrown.name : "";
  if (name === "NotAllowedError") return new PasskeyTrouble(say("No passkey was used: it was cancelled, it took too long, or this device has none for this site."));
  if (name === "InvalidStateError") return new PasskeyTrouble(say("This device has a passkey for this person already."));
  if (name === "SecurityError") return new PasskeyTrouble(say("The address of this page is not the one for which passkeys were made. Open the desk under its own name."));
  return new PasskeyTrouble(say("The passkey did not work: {reason}", { reason: thrown instanceof Error ? thrown.message : String(thrown) }));
}

function needed(): CredentialsContainer {
  if (!window.PublicKeyCredential || !navigator.credentials) {
    throw new PasskeyTrouble(say("This browser cannot use passkeys here: the page must be opened over HTTPS, or as localhost."));
  }
  return navigator.credentials;
}

/** Let a person touch a passkey that exists; returns the credential as JSON. Raises PasskeyTrouble. */
export async function touch(options: RequestOptions): Promise<Record<string, unknown>> {
  const container = needed();
  let given: PublicKeyCredential;
  try {
    given = (await container.get({
      publicKey: {
        challenge: bytes(options.challenge),
        allowCredentials: named(options.allowCredentials),
        userVerification: (options.userVerification ?? "required") as UserVerificationRequirement,
        ...(options.timeout ? { timeout: options.timeout } : {}),
        ...(options.rpId ? { rpId: options.rpId } : {}),
      },
    })) as PublicKeyCredential;
  } catch (thrown) {
    throw trouble(thrown);
  }
  const answer = given.response as AuthenticatorAssertionResponse;
  return {
    id: given.id,
    rawId: base64url(given.rawId),
    type: given.type,
    authenticatorAttachment: given.authenticatorAttachment,
    clientExtensionResults: given.getClientExtensionResults(),
    response: {
      authenticatorData: base64url(answer.authenticatorData),
      clientDataJSON: base64url(answer.clientDataJSON),
      signature: base64url(answer.signature),
      userHandle: answer.userHandle ? base64url(answer.userHandle) : null,
    },
  };
}

/** Make a new passkey; returns the credential as JSON. Raises PasskeyTrouble. */
export async function make(options: CreationOptions): Promise<Record<string, unknown>> {
  const container = needed();
  let made: PublicKeyCredential;
  try {
    made = (await container.create({
      publicKey: {
        ...(options as unknown as PublicKeyCredentialCreationOptions),
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: named(options.excludeCredentials),
      },
    })) as PublicKeyCredential;
  } catch (thrown) {
    throw trouble(thrown);
  }
  const answer = made.response as AuthenticatorAttestationResponse;
  return {
    id: made.id,
    rawId: base64url(made.rawId),
    type: made.type,
    authenticatorAttachment: made.authenticatorAttachment,
    clientExtensionResults: made.getClientExtensionResults(),
    response: {
      attestationObject: base64url(answer.attestationObject),
      clientDataJSON: base64url(answer.clientDataJSON),
      transports: answer.getTransports?.() ?? [],
    },
  };
}
