/** The window's title: first that nothing is heard, then what is shown and how many alarms nobody acknowledged. */
import { computed, effect, signal } from "@preact/signals";
import { open } from "../alarms";
import { silent_ms } from "../live";
import { say } from "../words";

/** What a page calls itself beyond its name in the menu; null: nothing. */
export const heading = signal<string | null>(null);

const isSilent = computed(() => silent_ms.value !== null);
const count = computed(() => open.value.length);

/** Keep the title true until the returned function is called. page: the name of the page that is shown. */
export function keepTitle(page: string): () => void {
  return effect(() => {
    const alarms = count.value > 0 ? `(${count.value})` : "";
    const shown = heading.value === null ? [alarms, page] : [heading.value, alarms];
    document.title = `${isSilent.value ? `${say("STALE")} – ` : ""}${shown.filter(Boolean).join(" ")} – détente`;
  });
}
