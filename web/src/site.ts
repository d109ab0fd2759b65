/** What a site settled for all its stations. */
import { computed, signal } from "@preact/signals";
import { ask } from "./api";
import type { OtherFrame } from "./documents";
import { me } from "./session";

/** Whether the site has a sign-in of its own; told before anybody is signed in. */
export const hasOidc = signal(false);

/** Where the site's own detailed map is fetched, "" for none. */
export const ownMap = computed(() => me.value?.map ?? "");

/** The frame in which movers of the other side are drawn. */
export const otherFrame = computed<OtherFrame>(() => me.value?.other_side ?? "neutral");

/** Ask which ways in there are; without an answer only the one that every desk has is offered. */
export async function learnWays(): Promise<void> {
  try {
    hasOidc.value = (await ask<{ passkey: boolean; oidc: boolean }>("sign-in/ways")).oidc;
  } catch {
    hasOidc.value = false;
  }
}
