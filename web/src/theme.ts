/** Day, dusk and night: night keeps the eyes of a dark bridge. Kept in this browser. */
import { signal } from "@preact/signals";
import { keep, kept } from "./kept";

export type Theme = "day" | "dusk" | "night";
export const THEMES: Theme[] = ["day", "dusk", "night"];

export const theme = signal<Theme>(THEMES.find((one) => one === kept("theme", "dusk")) ?? "dusk");

/** Use a theme from now on. */
export function wear(wanted: Theme): void {
  // the sheet changes first: what is drawn on a canvas asks it for its colours
  document.documentElement.dataset["theme"] = wanted;
  keep("theme", wanted);
  theme.value = wanted;
}

/** The next of the three. */
export function nextTheme(): void {
  wear(THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "day");
}

/** A colour of the theme in use, by its name in the style sheet, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
