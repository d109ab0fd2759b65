/** What is open in the frame around the picture. */
import { signal } from "@preact/signals";
import { kept } from "../kept";

export type Tab = "encounters" | "notices" | "line" | "tracks" | "areas";
export const TABS: Tab[] = ["encounters", "notices", "line", "tracks", "areas"];

/** On a narrow screen one pane is shown at a time. */
export type Pane = "map" | "alarms" | "lists" | "timeline";
export const paneShown = signal<Pane>("map");
export const isHelpOpen = signal(false);
export const isMenuOpen = signal(false);
/** Id of the alarm that is being acknowledged, null for none */
export const acknowledging = signal<string | null>(null);
/** Priorities that the list of alarms shows; open ones are always shown */
export const hidesClosed = signal(kept("hides-closed", true));
